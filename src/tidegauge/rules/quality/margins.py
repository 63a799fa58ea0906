"""How far a metric may move by chance alone: from the two sample sizes, at a given alpha.

A share (accuracy, recall, an area ...) with the standard deviation s is worth as much as
v (1 - v) / s^2 independent rows, and two shares are compared exactly (`alarms.proportions`).
The mean of an error or a cost has the variance of both samples and, as few rows swing upwards where
large errors are rare, the skewness of their difference: its tail is that of a shifted gamma
distribution (Pearson's type III) with these three moments. Rarer errors than the baseline shows
would still alarm, so a window must also stand out by Student's t with the deviation of its own.
Where the baseline's time blocks swing, a window is one draw from their swings: its variance is
added, multiplied by the squared ratio of Student's t to the normal quantile, for it is known from a
few blocks only.
"""

from __future__ import annotations

from enum import Enum
from math import inf, sqrt
from typing import TYPE_CHECKING

from scipy.special import gammainccinv, gammaincinv, ndtri, stdtrit

from tidegauge.rules.alarms.proportions import Share, critical_count, smallest_share
from tidegauge.rules.quality.constraints import Operator

if TYPE_CHECKING:
    from tidegauge.model.quality import Estimate
    from tidegauge.rules.quality.constraints import Basis, MetricConstraint

POWER = 0.8
_NORMAL_AT_POWER = float(ndtri(POWER))
_LEAST_SKEWNESS = 1e-3  # below, the gamma distribution is the normal one to six digits


class Scale(Enum):
    """What a metric is to its rows, and so how it is compared."""

    SHARE = "from 0 to 1"
    MEAN = "a mean over the rows"
    ROOT = "the root of a mean"
    RATIO = "one less a mean in units of another"


def scale_of(metric: str) -> Scale:
    """The scale of a metric that can be constrained."""
    match metric:
        case "mae" | "mse" | "log_loss" | "brier_score" | "mean_error" | "cost_per_thousand":
            return Scale.MEAN
        case "rmse":
            return Scale.ROOT
        case "r2":
            return Scale.RATIO
        case _:
            return Scale.SHARE


def bound(
    metric: str, operator: Operator, basis: Basis, n: int, window: Estimate | None = None
) -> float | None:
    """The value that a window with `n` rows of the metric passes by chance with at most alpha.

    At least `min_effect` from the baseline's value; None where no value at all would show anything.
    `window` is the window's own metric, once there is one: a mean that few large errors have raised
    has a large standard deviation.
    """
    value, sign = basis.value, operator.sign
    match scale_of(metric):
        case Scale.SHARE:
            rows = _worth(basis, n)
            critical = critical_count(rows, _share(operator, basis), basis.alpha)
            if critical > rows:
                return None
            bad = (critical - 0.5) / rows
            reached = bad if operator is Operator.GREATER else 1.0 - bad
        case Scale.MEAN | Scale.RATIO:
            reached = value + sign * _tail(basis, basis.standard_deviation, n)
        case Scale.ROOT:  # compared as the mean square that it is the root of
            deviation = 2.0 * value * basis.standard_deviation
            reached = sqrt(value * value + _tail(basis, deviation, n))
    floors = [value + sign * least_effect(metric, basis)]
    if window is not None:
        floors.append(_own_bound(metric, operator, basis, window))
    return max(reached, *floors) if sign > 0 else min(reached, *floors)


def detectable(metric: str, operator: Operator, basis: Basis, n: int) -> float:
    """The true worsening that `n` rows show with 80 % power; infinity: none.

    In the metric's own unit: the distance to the bound and 0.84 standard deviations beyond it; for
    a share exact.
    """
    limit = bound(metric, operator, basis, n)
    if limit is None:
        return inf
    distance = abs(limit - basis.value)
    if scale_of(metric) is Scale.SHARE:
        share = _share(operator, basis)
        found = smallest_share(_worth(basis, n), share, basis.alpha, POWER)
        bad = basis.value if operator is Operator.GREATER else 1.0 - basis.value
        return max(distance, found - bad)
    of_window = basis.standard_deviation**2 * basis.n / max(n, 1) + basis.swing**2
    return distance + _NORMAL_AT_POWER * sqrt(of_window)


def least_effect(metric: str, basis: Basis) -> float:
    """`min_effect` in the metric's unit: absolute up to 1, else a part of the baseline's value."""
    is_absolute = scale_of(metric) in (Scale.SHARE, Scale.RATIO)
    return basis.min_effect * (1.0 if is_absolute else abs(basis.value))


def holds_as_it_stands(constraint: MetricConstraint) -> bool:
    """Whether the threshold alone decides: it came from elsewhere, or was edited."""
    return constraint.basis is None or constraint.basis.threshold != constraint.threshold


def _worth(basis: Basis, n: int) -> int:
    """The number of independent rows of a share that `n` rows of the metric are worth."""
    return max(1, round(n * _baseline_worth(basis) / basis.n))


def _baseline_worth(basis: Basis) -> float:
    spread = basis.value * (1.0 - basis.value)
    if not spread or not basis.standard_deviation:
        return float(basis.n)
    return spread / basis.standard_deviation**2


def _share(operator: Operator, basis: Basis) -> Share:
    rows = max(1, round(_baseline_worth(basis)))
    bad = basis.value if operator is Operator.GREATER else 1.0 - basis.value
    spread = basis.value * (1.0 - basis.value)
    alike = min(1.0, _swing_variance(basis) / spread) if spread else 0.0
    return Share(min(rows, max(0, round(bad * rows))), rows, None, alike)


def _tail(basis: Basis, deviation: float, n: int) -> float:
    """How far the mean of `n` rows lies above the baseline's by chance, with probability alpha.

    `deviation` is that of the baseline's mean. A window's mean of n skewed rows has the third
    cumulant skewness * s^3 / n^2, that of the baseline is subtracted.
    """
    n = max(n, 1)
    row_variance = deviation**2 * basis.n
    scale = (deviation / basis.standard_deviation) ** 2 if basis.standard_deviation else 0.0
    variance = row_variance * (1.0 / n + 1.0 / basis.n) + scale * _swing_variance(basis)
    third = basis.skewness * row_variance**1.5 * (1.0 / n**2 - 1.0 / basis.n**2)
    return sqrt(variance) * _gamma_quantile(basis.alpha, third / variance**1.5)


def _own_bound(metric: str, operator: Operator, basis: Basis, window: Estimate) -> float:
    """The same by Student's t, with the window's own deviation; a share needs none."""
    own, before, n = window.standard_deviation, basis.standard_deviation, window.n
    if own is None or window.value is None or n < 2 or scale_of(metric) is Scale.SHARE:
        return basis.value
    quantile, swing = -float(stdtrit(n - 1, basis.alpha)), _swing_variance(basis)
    if scale_of(metric) is Scale.ROOT:
        squares = (2.0 * window.value * own) ** 2, (2.0 * basis.value) ** 2 * (before**2 + swing)
        return sqrt(basis.value**2 + quantile * sqrt(sum(squares)))
    return basis.value + operator.sign * quantile * sqrt(own**2 + before**2 + swing)


def _gamma_quantile(alpha: float, skewness: float) -> float:
    """What a variable of mean 0, variance 1 and this skewness exceeds with probability alpha."""
    if abs(skewness) < _LEAST_SKEWNESS:
        return -float(ndtri(alpha))
    shape = 4.0 / skewness**2
    if skewness > 0.0:
        return float((gammainccinv(shape, alpha) - shape) / sqrt(shape))
    return float((shape - gammaincinv(shape, alpha)) / sqrt(shape))


def _swing_variance(basis: Basis) -> float:
    """What blocks add to the variance of window less baseline, with Student's t for few blocks."""
    if not basis.swing:
        return 0.0
    wider = float(stdtrit(basis.blocks - 1, basis.alpha) / ndtri(basis.alpha))
    return (wider * basis.swing) ** 2 * (1.0 + 1.0 / basis.blocks)
