"""Kolmogorov's test of two samples: is the gap between two distribution functions chance?

Conservative at every alpha and every size, ties included, and never by much: the bound is the
asymptotic formula's leading term.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import e, pi
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtr, ndtri

from tidegauge.rules.alarms.design_effect import mixtures
from tidegauge.rules.alarms.roots import falling_roots

if TYPE_CHECKING:
    from collections.abc import Sequence

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


@dataclass(frozen=True, slots=True)
class Question:
    """Is this gap between samples of `n` and `m` values more than chance, at the level alpha?

    `gap` is the distance less the sketches' rank errors.
    """

    gap: float
    n: int
    m: int
    alpha: float
    power: float = 0.8
    effect: DesignEffect | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """See `p_value`, `critical_gap` and `smallest_gap`."""

    p_value: float
    critical: float
    smallest: float


def answered(questions: Sequence[Question]) -> list[Answer]:
    """The answers in the order of the questions."""
    found: dict[Question, Answer] = {}
    for swinging in (False, True):
        some = [q for q in questions if (q.effect is not None) is swinging]
        if not some:
            continue
        gap, alpha, power = np.array([(q.gap, q.alpha, q.power) for q in some]).T
        known = _Samples.of(some)
        critical = known.critical_gaps(alpha)
        answers = known.p_values(gap), critical, critical + ndtri(power) * known.deviations
        listed = zip(*(numbers.tolist() for numbers in answers), strict=True)
        found |= zip(some, (Answer(*numbers) for numbers in listed), strict=True)
    return [found[question] for question in questions]


def p_value(gap: float, n: int, m: int, effect: DesignEffect | None = None) -> float:
    """The chance of at least this gap between samples of `n` and `m` values without drift.

    Without `effect`: `C exp(-2 gap^2 n m / (n + m))`, at most 1: an upper bound with C = 2 but for
    n = m < 458 and n, m <= 3, where C = e (Wei and Dudley 2012, "Two-sample
    Dvoretzky-Kiefer-Wolfowitz inequalities", theorem 1 and section 3; proved for n = m, for
    others found by computing and conjectured). Too large by under 5 % of the gap from 20 values on.
    With it: the mean of `_Samples._exceeding` over what the blocks say of the effect.
    `gap` is the distance less the sketches' rank errors.
    """
    return answered([Question(gap, n, m, 0.5, effect=effect)])[0].p_value


def critical_gap(n: int, m: int, alpha: float, effect: DesignEffect | None = None) -> float:
    """The gap whose p-value is `alpha`: a larger one is drift. Above 1: none can be.

    Without `effect`: `sqrt(ln(C / alpha) / 2 * (1 / n + 1 / m))`.
    """
    return answered([Question(0.0, n, m, alpha, effect=effect)])[0].critical


def smallest_gap(
    n: int, m: int, alpha: float, power: float = 0.8, effect: DesignEffect | None = None
) -> float:
    """The true gap that is found with probability `power`; above 1: none is.

    `critical + z sqrt((1 / n + 1 / m) / 4 + s_b^2)`, z the normal quantile of `power`: the observed
    gap at the place of the largest true one is about normal, with at most this variance. Sharp
    for a change of one share of a half; a gap in a continuous distribution is found more often,
    since it is noticed elsewhere too.
    """
    return answered([Question(0.0, n, m, alpha, power, effect)])[0].smallest


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Pairs of samples, a row for each; `between` are the variances that blocks add, in columns.

    `noise` is a gap's variance by chance, `deviations` its whole standard deviation as estimated,
    `constant` the C of `p_value`.
    """

    noise: NDArray[np.float64]
    constant: NDArray[np.float64]
    deviations: NDArray[np.float64]
    weights: NDArray[np.float64]
    between: NDArray[np.float64]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> Self:
        """Of questions that all have an effect, or of which none has."""
        n, m = np.array([(q.n, q.m) for q in questions]).T
        noise = (1.0 / n + 1.0 / m) / 4.0
        proved = ((n == m) & (n < 458)) | (np.maximum(n, m) <= 3)
        constant = np.where(proved, e, 2.0)
        effects = [q.effect for q in questions if q.effect]
        if not effects:
            nothing = np.zeros((len(questions), 1))
            return cls(noise, constant, np.sqrt(noise), np.ones(1), nothing)
        weights, between = mixtures(effects, n, m)
        estimated = [q.effect.between(q.n, q.m) for q in questions if q.effect]
        return cls(noise, constant, np.sqrt(noise + estimated), weights, between)

    def p_values(self, gap: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._exceeding(np.maximum(gap, 0.0), np.arange(len(gap)))

    def critical_gaps(self, alpha: NDArray[np.float64]) -> NDArray[np.float64]:
        independent = np.sqrt(2.0 * np.log(self.constant / alpha) * self.noise)
        if not self.between.any():
            return independent

        def excess(log_gap: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
            p = self._exceeding(np.exp(log_gap), which)
            return np.asarray(np.log(np.maximum(p, 1e-300) / alpha[which]))

        start = np.log(independent)
        return np.asarray(np.exp(falling_roots(excess, start, np.full_like(start, 0.5))))

    def _exceeding(self, gap: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        """The chance of at least this gap when blocks add normal shifts of variance `between`.

        With a = (1 / n + 1 / m) / 4 and s^2 = `between`, the mean of `C exp(-(gap - u)^2 / 2 a)`, 2
        for u > gap, over u ~ N(0, s^2): `C sqrt(a / (a + s^2)) exp(-gap^2 / 2 (a + s^2)) Phi(gap
        sqrt(a) / (s sqrt(a + s^2))) + 2 Phi(-gap / s)`. An upper bound: the shift is taken to be as
        large everywhere as where it is largest.
        """
        gap, noise, between = gap[:, None], self.noise[which, None], self.between[which]
        both, s = noise + between, np.sqrt(np.maximum(between, 1e-30))
        of_noise = np.sqrt(noise / both)
        near = of_noise * np.exp(-(gap**2) / (2.0 * both)) * ndtr(gap * of_noise / s)
        tails = np.minimum(1.0, self.constant[which, None] * near + 2.0 * ndtr(-gap / s))
        return np.asarray(np.minimum(1.0, np.einsum("ql,l->q", tails, self.weights)))
