"""How far a metric may move by chance alone: from the two sample sizes, at a given alpha.

A share (accuracy, recall, an area ...) with the standard deviation s is worth a share of
v (1 - v) / s^2 independent rows, and two shares are compared exactly (`alarms.proportions`).
A positive mean of a skewed quantity (mae, mse, rmse, 1 - r2) is compared on the logarithmic scale,
where its distribution is near normal; a cost, which may be negative, as it is.
Where the baseline's time blocks swing, a window is one draw from their swings: its variance is
added, multiplied by the squared ratio of Student's t to the normal quantile, for it is known from a
few blocks only.
"""

from __future__ import annotations

from enum import Enum
from math import exp, inf, sqrt
from typing import TYPE_CHECKING

from scipy.special import ndtri, stdtrit

from tidegauge.rules.alarms.proportions import Share, critical_count, smallest_share
from tidegauge.rules.quality.constraints import Operator

if TYPE_CHECKING:
    from tidegauge.rules.quality.constraints import Basis, MetricConstraint

POWER = 0.8
_NORMAL_AT_POWER = float(ndtri(POWER))


class Scale(Enum):
    """Where a metric can lie, and so how it is compared."""

    SHARE = "from 0 to 1"
    POSITIVE = "from 0 on"
    BELOW_ONE = "up to 1"
    PLAIN = "any number"


def scale_of(metric: str) -> Scale:
    """The scale of a metric that can be constrained."""
    match metric:
        case "mae" | "mse" | "rmse" | "log_loss":
            return Scale.POSITIVE
        case "r2":
            return Scale.BELOW_ONE
        case "cost_per_thousand" | "cheapest_cost_per_thousand" | "total_cost" | "mean_error":
            return Scale.PLAIN
        case _:
            return Scale.SHARE


def bound(metric: str, operator: Operator, basis: Basis, n: int) -> float | None:
    """The value that a window with `n` rows of the metric passes by chance with at most alpha.

    At least `min_effect` from the baseline's value; None where no value at all would show anything.
    """
    value, sign = basis.value, operator.sign
    floor = value + sign * least_effect(metric, basis)
    match scale_of(metric):
        case Scale.SHARE:
            rows = _worth(basis, n)
            critical = critical_count(rows, _share(operator, basis), basis.alpha)
            if critical > rows:
                return None
            bad = (critical - 0.5) / rows
            reached = bad if operator is Operator.GREATER else 1.0 - bad
        case Scale.POSITIVE:
            reached = value * exp(sign * _deviations(basis, n) / value)
        case Scale.BELOW_ONE:
            rest = 1.0 - value
            reached = 1.0 - rest * exp(-sign * _deviations(basis, n) / rest)
        case Scale.PLAIN:
            reached = value + sign * _deviations(basis, n)
    return max(floor, reached) if sign > 0 else min(floor, reached)


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
    return distance + _NORMAL_AT_POWER * sqrt(_window_variance(basis, n))


def least_effect(metric: str, basis: Basis) -> float:
    """`min_effect` in the metric's unit: absolute up to 1, else a part of the baseline's value."""
    is_absolute = scale_of(metric) in (Scale.SHARE, Scale.BELOW_ONE)
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


def _deviations(basis: Basis, n: int) -> float:
    """The normal quantile at alpha times the standard deviation of window less baseline."""
    of_baseline = basis.standard_deviation**2
    variance = of_baseline + of_baseline * basis.n / max(n, 1) + _swing_variance(basis)
    return -float(ndtri(basis.alpha)) * sqrt(variance)


def _window_variance(basis: Basis, n: int) -> float:
    return basis.standard_deviation**2 * basis.n / max(n, 1) + basis.swing**2


def _swing_variance(basis: Basis) -> float:
    """What blocks add to the variance of window less baseline, with Student's t for few blocks."""
    if not basis.swing:
        return 0.0
    wider = float(stdtrit(basis.blocks - 1, basis.alpha) / ndtri(basis.alpha))
    return (wider * basis.swing) ** 2 * (1.0 + 1.0 / basis.blocks)
