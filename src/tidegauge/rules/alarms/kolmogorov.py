"""Kolmogorov's test of two samples: is the gap between two distribution functions chance?

Conservative at every alpha and every size, ties included, and never by much: the bound is the
asymptotic formula's leading term.
"""

from __future__ import annotations

from math import e, exp, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from tidegauge.rules.alarms.design_effect import mixture
from tidegauge.rules.alarms.roots import falling_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.model.statistics import Sketch
    from tidegauge.rules.alarms.design_effect import DesignEffect

MEAN_SQUARE = pi**2 / 12
"""Mean of `D^2 n m / (n + m)` for two samples of one continuous distribution, 0.8225."""
SPREAD_OF_SQUARE = 0.4
"""Its variance over its squared mean: `(7 pi^4 / 720) / (pi^2 / 12)^2 - 1`, exactly."""

_RANK_ERROR = 0.002  # of a sketch that has been compacted, at k = 2048 (states/quantiles.py)
_K = 2048.0


def rank_error(sketch: Sketch) -> float:
    """How far a sketch's distribution function may lie from that of its values, as a share.

    0 while the sketch holds every value; else 0.002 at k = 2048, in proportion to 1 / k for others
    (Karnin, Lang, Liberty 2016, theorem 4: the error is O(1 / k)).
    """
    exact = not any(len(level) for level in sketch.levels[1:])
    return 0.0 if exact else _RANK_ERROR * _K / sketch.k


def p_value(gap: float, n: int, m: int, effect: DesignEffect | None = None) -> float:
    """The chance of at least this gap between samples of `n` and `m` values without drift.

    Without `effect`: `C exp(-2 gap^2 n m / (n + m))`, at most 1: an upper bound with C = 2 but for
    n = m < 458 and n, m <= 3, where C = e (Wei and Dudley 2012, "Two-sample
    Dvoretzky-Kiefer-Wolfowitz inequalities", theorem 1 and section 3; proved for n = m, for
    others found by computing and conjectured). Too large by under 5 % of the gap from 20 values on.
    With it: the mean of `_exceeding` over what the blocks say of the effect.
    `gap` is the distance less the sketches' rank errors.
    """
    weights, between = mixture(effect, n, m)
    return min(1.0, float(weights @ _exceeding(max(gap, 0.0), n, m, between)))


def critical_gap(n: int, m: int, alpha: float, effect: DesignEffect | None = None) -> float:
    """The gap whose p-value is `alpha`: a larger one is drift. Above 1: none can be.

    Without `effect`: `sqrt(ln(C / alpha) / 2 * (1 / n + 1 / m))`.
    """
    independent = sqrt(log(_constant(n, m) / alpha) / 2.0 * (1.0 / n + 1.0 / m))
    if effect is None:
        return independent
    weights, between = mixture(effect, n, m)

    def excess(log_gap: float) -> float:
        return log(float(weights @ _exceeding(exp(log_gap), n, m, between)) / alpha)

    return exp(falling_root(excess, log(independent), 1.0))


def smallest_gap(
    n: int, m: int, alpha: float, power: float = 0.8, effect: DesignEffect | None = None
) -> float:
    """The true gap that is found with probability `power`; above 1: none is.

    `critical + z sqrt((1 / n + 1 / m) / 4 + s_b^2)`, z the normal quantile of `power`: the observed
    gap at the place of the largest true one is about normal, with at most this variance. Sharp
    for a change of one share of a half; a gap in a continuous distribution is found more often,
    since it is noticed elsewhere too.
    """
    variance = (1.0 / n + 1.0 / m) / 4.0 + (effect.between(n, m) if effect else 0.0)
    return critical_gap(n, m, alpha, effect) + float(ndtri(power)) * sqrt(variance)


def _constant(n: int, m: int) -> float:
    return e if n == m < 458 or max(n, m) <= 3 else 2.0


def _exceeding(gap: float, n: int, m: int, between: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of at least this gap when blocks add normal shifts of variance `between`.

    With a = (1 / n + 1 / m) / 4 and s^2 = `between`, the mean of `C exp(-(gap - u)^2 / 2 a)`, 2 for
    u > gap, over u ~ N(0, s^2): `C sqrt(a / (a + s^2)) exp(-gap^2 / 2 (a + s^2)) Phi(gap sqrt(a) /
    (s sqrt(a + s^2))) + 2 Phi(-gap / s)`. An upper bound: the shift is taken to be as large
    everywhere as where it is largest.
    """
    noise = (1.0 / n + 1.0 / m) / 4.0
    both = noise + between
    s = np.sqrt(np.maximum(between, 1e-30))
    near = np.sqrt(noise / both) * np.exp(-(gap**2) / (2.0 * both))
    near *= ndtr(gap * np.sqrt(noise / both) / s)
    return np.asarray(np.minimum(1.0, _constant(n, m) * near + 2.0 * ndtr(-gap / s)))
