"""What moved most: the share of rows that differs most between a window and the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.model.quality import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.quality import QualityStatistics


def moved_most(current: QualityStatistics, baseline: QualityStatistics) -> Mapping[str, Any] | None:
    """The outcome, or the size of error, whose share of the rows moved most; both shares.

    For classes one cell of the confusion matrix; for numbers the share of errors above a quantile
    of the baseline's errors. None where either side has nothing to compare.
    """
    if current.problem is Problem.REGRESSION:
        return _errors_moved(current, baseline)
    return _cell_moved(current, baseline)


def _cell_moved(
    current: QualityStatistics, baseline: QualityStatistics
) -> Mapping[str, Any] | None:
    now, before = _shares(current), _shares(baseline)
    if not now or not before:
        return None
    cells = sorted(set(now) | set(before))
    actual, predicted = max(cells, key=lambda c: abs(now.get(c, 0.0) - before.get(c, 0.0)))
    return {
        "actual": actual,
        "predicted": predicted,
        "share": now.get((actual, predicted), 0.0),
        "baseline_share": before.get((actual, predicted), 0.0),
    }


def _shares(statistics: QualityStatistics) -> dict[tuple[str, str], float]:
    rows = sum(sum(row.values()) for row in statistics.confusion.values())
    return {
        (actual, predicted): count / rows
        for actual, row in statistics.confusion.items()
        for predicted, count in row.items()
        if rows
    }


def _errors_moved(
    current: QualityStatistics, baseline: QualityStatistics
) -> Mapping[str, Any] | None:
    now, before = (s.detail.get("error_quantiles") or () for s in (current, baseline))
    if not now or not before:
        return None
    values, below = (np.array([q[key] for q in now]) for key in ("value", "quantile"))
    edges, expected = (np.array([q[key] for q in before]) for key in ("value", "quantile"))
    found = np.interp(edges, values, below, left=0.0, right=1.0)
    at = int(np.argmax(np.abs(found - expected)))
    return {
        "errors_above": float(edges[at]),
        "share": 1.0 - float(found[at]),
        "baseline_share": 1.0 - float(expected[at]),
    }
