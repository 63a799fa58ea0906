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
_HALVINGS = 32


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
        return float(self.bounds(np.array([1.0 - confidence]))[0])

    def between(self, n: int, m: int, design_effect: float | None = None) -> float:
        """The variance that blocks add to a distance of `n` from `m` rows, in its square's unit.

        `null_mean * (rho (n - 1) / n + (deff - 1) / m)` with `rho = (deff - 1) / (rows - 1)`: a
        window is one draw however many rows it has; the baseline is the mean of many. `deff` is
        the estimate (at least 1) unless another is given.
        """
        excess = max(self.estimate, 1.0) - 1.0 if design_effect is None else design_effect - 1.0
        return self.null_mean * excess * ((n - 1) / (n * (self.rows - 1.0)) + 1.0 / m)

    def bounds(self, tails: NDArray[np.float64]) -> NDArray[np.float64]:
        """Largest deff under which an estimate as low as ours has at least the probability `tail`.

        The mean of B scaled squares is taken as gamma distributed with mean deff and shape
        `(B - 1) deff^2 / (c + 2 c tau + (2 + kurtosis) tau^2)`, tau = deff - 1, c = `null_spread`:
        right in its two moments for effects in one direction, Student's t where they are normal
        and large; conservative for effects in several. An estimate below 1 counts as 1: more even
        than by chance is not to be relied on.
        """
        estimate = max(self.estimate, 1.0)
        low, high = np.ones_like(tails), np.full_like(tails, 1e9 * estimate)
        for _ in range(_HALVINGS):
            middle = np.sqrt(low * high)
            tau = middle - 1.0
            variance = self.null_spread * (1.0 + 2.0 * tau) + (2.0 + self.kurtosis) * tau**2
            shape = (self.blocks - 1) * middle**2 / variance
            likely = gammainc(shape, shape * estimate / middle) >= tails
            low, high = np.where(likely, middle, low), np.where(likely, high, middle)
        return low


def mixture(
    effect: DesignEffect | None, n: int, m: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights, and the variance between blocks at each: what the blocks say of it, in steps.

    A p-value is the weighted mean of the p-values at these variances. The weights sum to 1; the
    last one, 1e-12, is that of an effect without bounds. Without an effect: all weight at 0.
    """
    if effect is None:
        return np.ones(1), np.zeros(1)
    return _WEIGHTS, np.append(effect.between(n, m, 2.0) * (_step_bounds(effect) - 1.0), np.inf)


@lru_cache(maxsize=10_000)
def _step_bounds(effect: DesignEffect) -> NDArray[np.float64]:
    """The bounds at the steps; one feature's serve its p-value, its threshold, and every window."""
    bounds = effect.bounds(_STEP_TAILS)
    bounds.setflags(write=False)
    return bounds


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
