"""Two shares compared exactly: missing values, wrong types, values outside a domain.

One-sided, towards more bad rows; the other direction is the same test of the good rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import asin, exp, log, pi, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, ndtri

from tidegauge.rules.alarms.design_effect import mixture
from tidegauge.rules.alarms.roots import falling_root
from tidegauge.rules.alarms.tails import SINGLE, upper_tail, upper_tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect

_ERROR = 1e-4  # of a tail, relative
_STRAIGHT = 8  # so many steps along straight lines find a critical count, or halving does


@dataclass(frozen=True, slots=True)
class Share:
    """What the baseline tells of a share: `bad` of its `rows`, and what makes rows alike.

    `effect` is the design effect of its blocks. `alike` is the correlation of rows that is there
    without any blocks; it adds to their variance.
    """

    bad: int
    rows: int
    effect: DesignEffect | None = None
    alike: float = 0.0

    @property
    def bound(self) -> float:
        """`(bad + 1) / rows`, at most 1 and never 0: what has not been seen may still be there."""
        return min(1.0, (self.bad + 1) / self.rows)

    def between(self, n: int) -> float:
        """The estimated variance beyond a binomial's, over share (1 - share), for `n` rows."""
        return self.alike + (self.effect.between(n, self.rows) if self.effect else 0.0)


@lru_cache(maxsize=10_000)  # of many features most have no bad rows, and the same numbers
def p_value(bad: int, n: int, baseline: Share) -> float:
    """The chance of at least `bad` bad rows among `n` without a change.

    For independent rows it is Fisher's exact test, one-sided, conservative at every size. It equals
    the beta-binomial tail `P(X >= bad)`, `X ~ BetaBin(n, baseline.bad + 1, rows - baseline.bad)`
    (Altham 1969, "Exact Bayesian Analysis of a 2 x 2 Contingency Table, and Fisher's 'Exact'
    Significance Test", section 3), which tells what to do where rows are alike: the share of a
    window is then known as if from `f rows`, `f = 1 / (1 + rows s_b^2)`, and both parameters shrink
    by `f` (s_b^2 is the variance between blocks, over share (1 - share)). The p-value is the mean
    of these over what the blocks say of s_b^2; a larger one never makes it smaller.
    Relative error of a tail below 1e-4.

    Raises:
        ValueError: the counts are not shares of at least one row.
    """
    if not 0 <= bad <= n or not 0 <= baseline.bad <= baseline.rows or not n or not baseline.rows:
        raise ValueError(f"{bad} of {n}, {baseline.bad} of {baseline.rows}: not two shares")
    expected = _expected(n, baseline) if bad else None
    return expected.p_value(bad) if expected else 1.0


@lru_cache(maxsize=10_000)
def critical_count(n: int, baseline: Share, alpha: float) -> int:
    """The least number of bad rows among `n` with a p-value below `alpha`; n + 1: none has one."""
    expected = _expected(n, baseline)
    if expected is None:
        return n + 1
    low, high = 0, n + 1  # p >= alpha, p < alpha
    first, tries = expected.likely_critical(alpha), 0
    while high - low > 1:
        first = min(max(first, low + 1), high - 1)
        p = expected.p_values(first)
        for i in np.flatnonzero(np.abs(p - alpha) < _ERROR * alpha).tolist():
            p[i] = expected.p_value(first + i)  # as it is told: the others' errors are not its own
        above = int(np.count_nonzero(p >= alpha))
        if above:
            low = first + above - 1
        if above < len(p):
            high = first + above
        tries += 1
        fall = log(p[0] / p[-1]) if p[-1] > 0.0 else 0.0
        if fall and tries < _STRAIGHT:  # along a straight line through log p, which is about one
            steps = (len(p) - 1) * log(p[0] / alpha) / fall
            first += round(steps) - SINGLE // 2
        else:
            first = (low + high) // 2
    return high


@lru_cache(maxsize=10_000)
def smallest_share(n: int, baseline: Share, alpha: float, power: float = 0.8) -> float:
    """The true share of bad rows among `n` that is found with probability `power`; 1.0: none is.

    Solves `P(X >= critical_count) = power` for the share, X binomial, or beta-binomial where rows
    are alike, by the estimated variance. Exact, given the baseline's counts.
    """
    critical, between = critical_count(n, baseline, alpha), baseline.between(n)
    if critical > n:
        return 1.0
    if not between:
        return float(betaincinv(critical, n - critical + 1, power))

    def excess(log_odds: float) -> float:
        share = np.array([1.0 / (1.0 + exp(-log_odds))])
        found = upper_tail(critical, n, share / between, (1.0 - share) / between)
        return power - float(found[0])

    start = log(critical / (n - critical + 1.0))
    return 1.0 / (1.0 + exp(-falling_root(excess, start, 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    """The bad rows to expect among `n`: beta-binomial, a mean over what blocks say of a variance.

    `levels` are the parameters at these variances, ascending, of which each pair of arrays is
    evaluated together; all have the mean `n * share`.
    """

    n: int
    share: float
    levels: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]
    weights: NDArray[np.float64]

    def p_value(self, bad: int) -> float:
        """The chance of at least so many bad rows."""
        return float(self._mean([upper_tail(bad, self.n, a, b) for a, b in self.levels]))

    def p_values(self, first: int) -> NDArray[np.float64]:
        """The same for `first` and, if that is above the mean, up to 31 counts more."""
        if first <= self.n * self.share + 1.0:
            return np.array([self.p_value(first)])
        return self._mean([upper_tails(first, self.n, a, b) for a, b in self.levels])

    def _mean(self, tails: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        # A larger variance never makes a tail smaller.
        rising = np.maximum.accumulate(np.concatenate(tails), axis=0)
        return np.asarray(np.minimum(1.0, self.weights @ rising))

    def likely_critical(self, alpha: float) -> int:
        """Where to begin, above the mean: as if the arcsine of a share's root were normal."""
        worth = np.concatenate([a for a, _ in self.levels]) / self.share
        spread = np.sqrt(1.0 / self.n + 1.0 / worth)
        reach = spread * -ndtri(np.minimum(0.5, alpha / np.maximum(self.weights, alpha)))
        angle = asin(sqrt(self.share)) + float(reach.max()) / 2.0
        middle = round(self.n * sin(min(angle, pi / 2.0)) ** 2)
        return max(int(self.n * self.share) + 2, middle - SINGLE // 2)


@lru_cache(maxsize=10_000)
def _expected(n: int, baseline: Share) -> _Expected | None:
    """None where the baseline has bad rows only: no window has more."""
    good = baseline.rows - baseline.bad
    if not good:
        return None
    weights, between = mixture(baseline.effect, n, baseline.rows)
    worth = 1.0 / (1.0 + baseline.rows * (between + baseline.alike))
    if worth[0] < 1.0:  # no tail is smaller than that of independent rows
        weights, worth = np.append(0.0, weights), np.append(1.0, worth)
    # A baseline is never worth less than one good row.
    several = worth * good > 1.0
    several[0] = True
    found = [worth[several]]
    if not several.all():
        found.append(np.array([1.0 / good]))
        weights = np.append(weights[several], weights[~several].sum())
    return _Expected(
        n,
        (baseline.bad + 1) / (baseline.rows + 1),
        tuple((w * (baseline.bad + 1), w * good) for w in found),
        weights,
    )
