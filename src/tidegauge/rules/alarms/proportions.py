"""Two shares compared exactly: missing values, wrong types, values outside a domain.

One-sided, towards more bad rows; the other direction is the same test of the good rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, betaln

from tidegauge.rules.alarms.design_effect import mixture
from tidegauge.rules.alarms.roots import falling_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect

_SINGLE = 32  # terms at either end of a sum that are added one by one
_PANEL, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(12)


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
    return _mean_tail(bad, n, baseline, *mixture(baseline.effect, n, baseline.rows))


@lru_cache(maxsize=10_000)
def critical_count(n: int, baseline: Share, alpha: float) -> int:
    """The least number of bad rows among `n` with a p-value below `alpha`; n + 1: none has one."""
    levels = mixture(baseline.effect, n, baseline.rows)
    low, high = 0, n + 1
    above, below = -log(alpha), -inf  # log(p / alpha) at either end, falling
    while high - low > 1:
        if below == -inf:  # mostly near the small end: the distance doubles until it is too far
            middle = min((low + high) // 2, 2 * low + 8)
        else:  # log p is smooth: a straight line between the ends, but never far from the middle
            share = min(max(above / (above - below), 0.1), 0.9)
            middle = min(max(low + round(share * (high - low)), low + 1), high - 1)
        p = _mean_tail(middle, n, baseline, *levels)
        ratio = log(p / alpha) if p else -inf
        if p < alpha:
            high, below = middle, ratio
        else:
            low, above = middle, ratio
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


def _mean_tail(
    bad: int,
    n: int,
    baseline: Share,
    weights: NDArray[np.float64],
    between: NDArray[np.float64],
) -> float:
    """The weighted mean of the tails at these variances between blocks."""
    good = baseline.rows - baseline.bad
    if not good:
        return 1.0
    # A baseline is never worth less than one good row.
    worth = np.append(1.0, 1.0 / (1.0 + baseline.rows * (between + baseline.alike)))
    shrunk = np.maximum(worth, 1.0 / good)
    tails = np.maximum.accumulate(upper_tail(bad, n, shrunk * (baseline.bad + 1), shrunk * good))
    return min(1.0, float(weights @ tails[1:]))


def upper_tail(
    count: int, n: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`P(X >= count)` for X ~ BetaBin(n, a, b), one probability for each pair of parameters.

    Always summed away from the mean, where the terms fall (or rise only towards the far end): the
    32 terms at either end one by one, what is between, smooth by then, by Gauss-Legendre
    quadrature on panels that double in length. Relative error below 1e-4.
    """
    inside = count <= n * a / (a + b)
    tails = np.empty_like(a)
    if not inside.all():
        tails[~inside] = _sum_to_n(count, n, a[~inside], b[~inside])
    if inside.any():
        tails[inside] = 1.0 - _sum_to_n(n - count + 1, n, b[inside], a[inside])
    return np.clip(tails, 0.0, 1.0)


def _sum_to_n(
    count: int, n: int, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    x, weights, log_choose = _terms(count, n)
    a, b = a[:, None], b[:, None]
    terms = np.exp(log_choose + betaln(x + a, n - x + b) - betaln(a, b))
    return np.asarray(terms @ weights)


@lru_cache(maxsize=1_000)
def _terms(count: int, n: int) -> tuple[NDArray[np.float64], ...]:
    """The nodes of a sum from `count` to n, their weights, and the log of n over x at each."""
    x, weights = _nodes(count, n)
    return x, weights, -np.log(n + 1.0) - betaln(x + 1.0, n - x + 1.0)


def _nodes(first: int, last: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where to evaluate a smooth function, and with which weights, to sum it over the integers."""
    if last - first < 4 * _SINGLE:
        single = np.arange(first, last + 1, dtype=np.float64)
        return single, np.ones_like(single)
    ends = np.concatenate((first + np.arange(_SINGLE), last - np.arange(_SINGLE)))
    # Half the stretch between the ends in panels, and its mirror image.
    reach = (last - first + 1) / 2.0 - _SINGLE
    doublings = np.arange(np.ceil(np.log2(reach / _SINGLE + 1.0)))
    edges = np.append(_SINGLE * (2.0**doublings - 1.0), reach)
    half = np.diff(edges)[:, None] / 2.0
    near = (first + _SINGLE - 0.5 + edges[:-1, None] + half * (1.0 + _PANEL)).ravel()
    weights = (half * _PANEL_WEIGHTS).ravel()
    return (
        np.concatenate((ends, near, first + last - near)),
        np.concatenate((np.ones_like(ends), weights, weights)),
    )
