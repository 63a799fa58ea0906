"""Curves over all thresholds, the areas below them, and the gap between the classes."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.quality.intervals import share, undefined
from tidegauge.quality.resampling import deviation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegauge.model.quality import Estimate
    from tidegauge.quality.ranking import Ranking

    Heights = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_POINTS = 256  # of a curve in a document


def roc_curve(ranking: Ranking) -> dict[str, tuple[float, ...]]:
    """False against true positive rates, from (0, 0) to (1, 1); empty with one class only.

    Every point is exact: it is the point of a threshold at a cell's edge. At most 257 are listed.
    """
    if ranking.lacking():
        return {}
    fpr, tpr = _cumulated(ranking.alarms), _cumulated(ranking.hits)
    shown = _shown(fpr + tpr)
    return {"false_positive_rates": _floats(fpr[shown]), "true_positive_rates": _floats(tpr[shown])}


def precision_recall_curve(ranking: Ranking) -> dict[str, tuple[float, ...]]:
    """Precisions and recalls by falling threshold; empty with no positive label.

    It starts at recall 0 with the first point's precision, as Spark MLlib's
    `BinaryClassificationMetrics.pr` and SageMaker's documents do. At most 258 points.
    """
    if not ranking.positives:
        return {}
    recalls, precisions = _precisions(ranking.hits, ranking.alarms)
    shown = _shown(recalls)
    return {"precisions": _floats(precisions[shown]), "recalls": _floats(recalls[shown])}


def auc(ranking: Ranking) -> Estimate:
    """The area under the ROC curve, from 0 to 1: P(score of a positive > of a negative), ties half.

    The standard deviation is that of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988). Where
    scores are kept in cells, `error` is half the share of pairs of both classes within a cell: the
    most that the lost order can add or take. Undefined with one class only.
    """
    if reason := ranking.lacking():
        return undefined(reason)
    p, n = ranking.positives, ranking.negatives
    hits, alarms = ranking.hits, ranking.alarms
    # The share of the other class that a row of the cell is rightly ranked against.
    of_hit = 1.0 - (np.cumsum(alarms) - alarms / 2.0) / n
    of_alarm = (np.cumsum(hits) - hits / 2.0) / p
    value = min(1.0, float((hits * of_hit).sum()) / p)
    sd = None
    if min(p, n) > 1:
        among_hits = float((hits * (of_hit - value) ** 2).sum()) / (p - 1)
        among_alarms = float((alarms * (of_alarm - value) ** 2).sum()) / (n - 1)
        sd = sqrt(among_hits / p + among_alarms / n)
    tied = 0.0 if ranking.exact else float((hits.astype(np.float64) * alarms).sum())
    return share(value, sd, min(p, n), tied / (2.0 * p * n))


def au_prc(ranking: Ranking) -> Estimate:
    """The area under `precision_recall_curve` by trapezoids, from 0 to 1, as Spark MLlib's.

    The standard deviation is by bootstrap; `error` as for `average_precision`. Undefined with one
    class only.
    """
    return _below_precisions(ranking, _between_points)


def average_precision(ranking: Ranking) -> Estimate:
    """The mean over the positive rows of the precision at their score, from 0 to 1.

    The sum of (R_i - R_{i-1}) P_i (scikit-learn's `average_precision_score`), which does not
    flatter as the trapezoids do. The standard deviation is by bootstrap. Where scores are kept in
    cells, `error` bounds what the lost order can add or take. Undefined with one class only.
    """
    return _below_precisions(ranking, _at_points)


def _below_precisions(ranking: Ranking, heights: Heights) -> Estimate:
    if reason := ranking.lacking():
        return undefined(reason)
    recalls, precisions = _precisions(ranking.hits, ranking.alarms)
    value = float(np.sum(np.diff(recalls) * heights(precisions)))
    recalls, precisions = _precisions(*ranking.resampled)
    sd = deviation(np.sum(np.diff(recalls) * heights(precisions), axis=-1))
    return share(min(1.0, value), sd, ranking.positives, _precision_error(ranking, heights))


def ks(ranking: Ranking) -> Estimate:
    """The largest gap between the classes' score distributions, from 0 to 1 (Kolmogorov-Smirnov).

    `max |TPR - FPR|` over the thresholds. Undefined with one class only.
    """
    if reason := ranking.lacking():
        return undefined(reason)
    tpr, fpr = _cumulated(ranking.hits), _cumulated(ranking.alarms)
    value = float(np.abs(tpr - fpr).max())
    hits, alarms = ranking.resampled
    sd = deviation(np.abs(_cumulated(hits) - _cumulated(alarms)).max(axis=1))
    # Within a cell all of one class might come before the other.
    within = max(float((tpr[1:] - fpr[:-1]).max()), float((fpr[1:] - tpr[:-1]).max()))
    error = 0.0 if ranking.exact else max(0.0, within - value)
    return share(value, sd, min(ranking.positives, ranking.negatives), error)


def _cumulated(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Shares down to each cell, along the last axis, from 0 to 1."""
    sums = np.cumsum(counts, axis=-1, dtype=np.float64)
    start = np.zeros((*sums.shape[:-1], 1))
    return np.asarray(np.concatenate((start, sums), axis=-1) / sums[..., -1:])


def _precisions(
    hits: NDArray[Any], alarms: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Recalls and precisions by falling threshold, with the point at recall 0 before them."""
    found = np.cumsum(hits, axis=-1, dtype=np.float64)
    precisions = found / np.maximum(found + np.cumsum(alarms, axis=-1), np.finfo(float).tiny)
    first = precisions[..., :1]
    return _cumulated(hits), np.concatenate((first, precisions), axis=-1)


def _between_points(precisions: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((precisions[..., 1:] + precisions[..., :-1]) / 2.0)


def _at_points(precisions: NDArray[np.float64]) -> NDArray[np.float64]:
    return precisions[..., 1:]


def _precision_error(ranking: Ranking, heights: Heights) -> float:
    """What the lost order within cells can change of an area under precisions, at most.

    The precision at any row of a cell is at least that after one positive and all the cell's
    negatives, at most that after all its positives and no negative; or it is the one before it.
    """
    if ranking.exact:
        return 0.0
    hits, alarms = ranking.hits, ranking.alarms
    hit1, alarm1 = np.cumsum(hits, dtype=np.float64), np.cumsum(alarms, dtype=np.float64)
    hit0, alarm0 = hit1 - hits, alarm1 - alarms
    _, precisions = _precisions(hits, alarms)
    before, here = precisions[:-1], heights(precisions)
    least = np.minimum(before, (hit0 + 1.0) / (hit0 + 1.0 + alarm1))
    most = np.maximum(before, hit1 / np.maximum(hit1 + alarm0, 1.0))
    least[0], most[0] = 0.0, 1.0  # before the first point there is none
    off = hits * np.maximum(most - here, here - least)
    return min(1.0, float(off.sum()) / ranking.positives)


def _shown(progress: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which points of a curve to list: the first of each 256th of the way, and both ends."""
    steps = np.floor(progress / progress[-1] * _POINTS)
    if len(progress) <= _POINTS:
        return np.arange(len(progress))
    return np.union1d(np.flatnonzero(np.diff(steps, prepend=-1.0)), [len(progress) - 1])


def _floats(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(values.tolist())
