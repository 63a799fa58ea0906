"""Metrics of scores that are probabilities: how far they are from the truth, and how honest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.quality.classification import NO_ROWS
from tidegauge.quality.intervals import positive, rate, undefined

if TYPE_CHECKING:
    from tidegauge.model.quality import Estimate
    from tidegauge.states.losses import Losses
    from tidegauge.states.moments import Moments


def log_loss(losses: Losses) -> Estimate:
    """The mean of -log(probability of the true class), from 0 on, at most 36.04.

    Probabilities are cut off at 2.2e-16 from 0 and 1, as by scikit-learn's `log_loss`. Undefined
    without rows and when a score is no probability.
    """
    return _mean_loss(losses, losses.log_loss)


def brier_score(losses: Losses) -> Estimate:
    """The mean of (probability - truth)^2, from 0 to 1 (Brier, Monthly Weather Review 78, 1950).

    Undefined without rows and when a score is no probability.
    """
    return _mean_loss(losses, losses.squares)


def _mean_loss(losses: Losses, moments: Moments) -> Estimate:
    if losses.beyond:
        return undefined(f"{losses.beyond} scores are no probabilities: below 0 or above 1")
    if (average := moments.average) is None:
        return undefined(NO_ROWS)
    deviation = moments.std_dev(ddof=1)
    sd = None if deviation is None else deviation / moments.n**0.5
    return replace(positive(average, sd, moments.n), skewness=moments.skewness or 0.0)


def calibration(losses: Losses) -> list[dict[str, float | int | None]]:
    """For each bin of probabilities with rows: the mean of them, and the share that came true.

    `low` and `high` bound the true share with 95 % (Wilson). Calibrated answers have the mean
    within them. Empty when a score is no probability.
    """
    if losses.beyond:
        return []
    bins = len(losses.rows)
    table: list[dict[str, float | int | None]] = []
    for i in np.flatnonzero(losses.rows).tolist():
        rows, positives = int(losses.rows[i]), int(losses.positives[i])
        observed = rate(positives, rows, NO_ROWS)
        table.append(
            {
                "from": i / bins,
                "to": (i + 1) / bins,
                "rows": rows,
                "mean_score": float(losses.scores[i]) / rows,
                "share_positive": observed.value,
                "low": observed.low,
                "high": observed.high,
            }
        )
    return table
