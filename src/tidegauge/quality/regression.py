"""Metrics of a regression; the error e of a row is prediction - label.

Source: the SageMaker developer guide, "Model quality metrics"; standard deviations are the delta
method's on the rows' empirical distribution, which is what a bootstrap of the rows comes to.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.quality.classification import NO_ROWS
from tidegauge.quality.intervals import Z, below_one, mean, positive, undefined
from tidegauge.states.quantiles import K

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegauge.model.quality import Estimate
    from tidegauge.states.moments import Moments
    from tidegauge.states.quantiles import Quantiles
    from tidegauge.states.residuals import Residuals

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
TOO_LARGE = "the errors' sum is beyond the range of float64"
_RANK_ERROR = 0.001  # of a sketch that has lost values: docs/states.md


def mae(residuals: Residuals) -> Estimate:
    """The mean of |e|, from 0 on, in the label's unit; undefined without rows."""
    return _mean(residuals.absolute, positive)


def mse(residuals: Residuals) -> Estimate:
    """The mean of e^2, from 0 on, in the label's unit squared; undefined without rows."""
    return _mean(residuals.squared, positive)


def rmse(residuals: Residuals) -> Estimate:
    """The root of the mean of e^2, from 0 on, in the label's unit; undefined without rows."""
    square = mse(residuals)
    if square.value is None:
        return square
    value = sqrt(square.value)
    sd = square.standard_deviation
    found = positive(value, sd / (2.0 * value) if sd and value else sd, square.n)
    return replace(found, skewness=square.skewness)


def mean_error(residuals: Residuals) -> Estimate:
    """The mean of e, in the label's unit: above 0 where answers are too high on average."""
    return _mean(residuals.signed, mean)


def r2(residuals: Residuals) -> Estimate:
    """1 - sum of e^2 / sum of (label - mean label)^2, at most 1, below 0 where the mean is better.

    Undefined where all labels are equal. The variance is the delta method's for a ratio of means.
    """
    labels, squared, n = residuals.labels, residuals.squared, residuals.n
    if not n:
        return undefined(NO_ROWS)
    if not labels.m2:
        return undefined("all labels are equal")
    spread, lost = labels.m2 / n, squared.mean
    ratio = lost / spread
    # Variances and covariance of a row's e^2 and (label - mean)^2, both over n.
    of_lost = squared.m2 / n
    of_spread = labels.m4 / n - spread * spread
    both = residuals.cross2 / n
    variance = (of_lost - 2 * ratio * both + ratio * ratio * of_spread) / (spread * spread * n)
    if not isfinite(variance):
        return undefined(TOO_LARGE)
    found = below_one(1.0 - ratio, sqrt(max(0.0, variance)), n)
    return replace(found, skewness=squared.skewness or 0.0)


def error_quantiles(residuals: Residuals) -> list[dict[str, float]]:
    """Quantiles of e, with an interval of 95 % each that needs no distribution.

    The interval runs between the order statistics n q -+ 1.96 sqrt(n q (1 - q)), further out by the
    sketch's own rank error where it has one. Empty without rows.
    """
    return quantile_table(residuals.errors)


def absolute_error_quantiles(residuals: Residuals) -> list[dict[str, float]]:
    """Quantiles of |e|, in the shape of `error_quantiles`, from the same sketch."""
    return quantile_table(residuals.errors, absolute=True)


def quantile_table(sketch: Quantiles, *, absolute: bool = False) -> list[dict[str, float]]:
    """The listed quantiles of what a sketch stands for, or of its magnitudes; empty without any."""
    n = sketch.weight
    if not n:
        return []
    items = np.concatenate(sketch.levels)
    if not np.isfinite(items).all():  # the difference of two numbers at the ends of float64
        return []
    items = np.abs(items) if absolute else items
    order = np.argsort(items, kind="stable")
    weights = np.repeat(
        [1 << h for h in range(len(sketch.levels))], [len(level) for level in sketch.levels]
    )
    items, ranks = items[order], np.cumsum(weights[order])
    lost = 0.0 if n <= K else _RANK_ERROR * (2.0 if absolute else 1.0)

    def at(share: float) -> float:
        rank = min(max(1.0, np.ceil(share * n)), float(n))
        return float(items[np.searchsorted(ranks, rank)])

    table = []
    for q in QUANTILES:
        off = Z * sqrt(q * (1.0 - q) / n) + lost
        table.append({"quantile": q, "value": at(q), "low": at(q - off), "high": at(q + off)})
    return table


def _mean(moments: Moments, estimate: Callable[[float, float | None, int], Estimate]) -> Estimate:
    if (average := moments.average) is None:
        return undefined(NO_ROWS if not moments.n else TOO_LARGE)
    deviation = moments.std_dev(ddof=1)
    sd = None if deviation is None else deviation / sqrt(moments.n)
    return replace(estimate(average, sd, moments.n), skewness=moments.skewness or 0.0)
