"""Design effects: how much more than by chance the blocks of a baseline differ.

Hours and days differ with nothing wrong, so rows of one block are alike and bands for independent
rows are too narrow. What the blocks show is known from a few blocks only; a p-value therefore
averages over how large the effect may be, level by level, as Student's t averages the normal
distribution over what a sample says of its variance.

Sources: design effect and intraclass correlation: Kish, "Survey Sampling" (1965), chapter 5;
averaging over a confidence distribution: Xie and Singh (2013), "Confidence Distribution, the
Frequentist Distribution Estimator of a Parameter", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainc

from tidegauge.rules.alarms.roots import falling_roots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_BLOCKS = 8
LEAST_ROWS = 10
"""A mean block of fewer rows has no shape that could be compared."""

# What is left above each level of confidence, two levels a power of ten; half way in between
# (geometrically) lies the confidence that stands for a step.
_ABOVE = 10.0 ** (-np.arange(25) / 2)
_WEIGHTS = np.append(_ABOVE[:-1] - _ABOVE[1:], _ABOVE[-1])
_STEP_TAILS = np.sqrt(_ABOVE[:-1] * _ABOVE[1:])
_LARGEST = 1e9  # times the estimate: beyond, a bound says nothing any more


@dataclass(frozen=True, slots=True)
class Uncalibrated:
    """Why the blocks of a baseline do not tell how much it swings."""

    reason: str


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """How much one quantity swings between blocks of the baseline; these numbers say it all.

    Each block is compared with all the others by a squared distance, times n m / (n + m).
    `estimate` is the mean of these over `null_mean`, their mean for independent rows: the design
    effect at the blocks' mean size `rows`. `null_spread` is their variance over their squared mean
    for independent rows; `kurtosis` the excess kurtosis that is allowed for the blocks' own
    effects, 0 if they are normal: the larger, the less a few blocks say.
    """

    blocks: int
    rows: float
    estimate: float
    null_mean: float
    null_spread: float
    kurtosis: float = 0.0

    def extrapolates(self, alpha: float) -> bool:
        """Whether `alpha` asks for rarer blocks than were seen: `alpha < 1 / blocks`.

        Then it rests on the effects being about normal. In simulation windows alarmed 3 to 6 times
        too often at alpha = 0.001 where effects were Laplace distributed, up to 10 times with
        Student's t of 3 degrees (as with rare storms); at 1 / blocks up to twice.
        """
        return alpha * self.blocks < 1.0

    def upper(self, confidence: float) -> float:
        """The upper confidence bound of the design effect, at least 1; see `bounds`."""
        return float(bounds([self], np.array([1.0 - confidence]))[0, 0])

    def between(self, n: int, m: int, design_effect: float | None = None) -> float:
        """The variance that blocks add to a distance of `n` from `m` rows, in its square's unit.

        `null_mean * (rho (n - 1) / n + (deff - 1) / m)` with `rho = (deff - 1) / (rows - 1)`: a
        window is one draw however many rows it has; the baseline is the mean of many. `deff` is
        the estimate (at least 1) unless another is given.
        """
        excess = max(self.estimate, 1.0) - 1.0 if design_effect is None else design_effect - 1.0
        return self.null_mean * excess * ((n - 1) / (n * (self.rows - 1.0)) + 1.0 / m)


def bounds(effects: Sequence[DesignEffect], tails: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest deff under which an estimate as low as each has at least the probabilities `tails`.

    A row for each effect, a column for each tail. The mean of B scaled squares is taken as gamma
    distributed with mean deff and shape `(B - 1) deff^2 / (c + 2 c tau + (2 + kurtosis) tau^2)`,
    tau = deff - 1, c = `null_spread`: right in its two moments for effects in one direction,
    Student's t where they are normal and large; conservative for effects in several. An estimate
    below 1 counts as 1: more even than by chance is not to be relied on. At most 1e9 times that.
    """
    known = np.array([(e.blocks - 1.0, e.estimate, e.null_spread, e.kurtosis) for e in effects])
    known = known.repeat(len(tails), axis=0)
    freedom, estimate, spread, kurtosis = known.reshape(-1, 4).T.copy()
    estimate, asked = np.maximum(estimate, 1.0), np.log(np.tile(tails, len(effects)))

    def excess(log_deff: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        deff = np.exp(np.maximum(log_deff, 0.0))
        tau, c = deff - 1.0, spread[which]
        shape = freedom[which] * deff**2
        shape /= c * (1.0 + 2.0 * tau) + (2.0 + kurtosis[which]) * tau**2
        likely = gammainc(shape, shape * estimate[which] / deff)
        # Below 1 it goes on rising, so that a bound of 1 is a root as any other.
        above = np.log(np.maximum(likely, 1e-300)) - asked[which]
        return np.asarray(above - np.minimum(log_deff, 0.0))

    start = np.log(estimate)
    found = falling_roots(excess, start, np.full_like(start, 0.5))
    limited = np.exp(np.clip(found, 0.0, start + np.log(_LARGEST)))
    return np.asarray(limited.reshape(len(effects), len(tails)))


def mixture(
    effect: DesignEffect | None, n: int, m: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights, and the variance between blocks at each: what the blocks say of it, in steps.

    A p-value is the weighted mean of the p-values at these variances. The weights sum to 1; the
    last one, 1e-12, is that of an effect without bounds. Without an effect: all weight at 0.
    """
    if effect is None:
        return np.ones(1), np.zeros(1)
    weights, between = mixtures([effect], np.array([n]), np.array([m]))
    return weights, between[0]


def mixtures(
    effects: Sequence[DesignEffect], n: NDArray[np.int64], m: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of many effects, each for so many rows: the variances are a row for each."""
    places = {effect: i for i, effect in enumerate(dict.fromkeys(effects))}
    found = _step_bounds(tuple(places))[[places[effect] for effect in effects]]
    of_two = np.array([[e.between(a, b, 2.0)] for e, a, b in zip(effects, n, m, strict=True)])
    between = of_two * (found - 1.0)
    return _WEIGHTS, np.hstack((between, np.full((len(effects), 1), np.inf)))


@lru_cache(maxsize=16)
def _step_bounds(effects: tuple[DesignEffect, ...]) -> NDArray[np.float64]:
    """The bounds at the steps, which serve every window that is compared by these effects."""
    found = bounds(effects, _STEP_TAILS)
    found.setflags(write=False)
    return found


def unfit(rows: Sequence[int]) -> Uncalibrated | None:
    """Why blocks of so many rows each cannot calibrate anything, if they cannot."""
    if len(rows) < LEAST_BLOCKS:
        return Uncalibrated(
            f"{len(rows)} blocks with values, and at least {LEAST_BLOCKS} are needed"
        )
    mean_rows = sum(rows) / len(rows)
    if mean_rows < LEAST_ROWS:
        return Uncalibrated(
            f"{mean_rows:.3g} values a block on average, and at least {LEAST_ROWS} are needed"
        )
    return None
