"""Distances between two distributions: one function a distance, none of them knows a threshold.

All follow deequ 2.0.2's `analyzers/Distance.scala`, which SageMaker's container is built on, but
for one flaw: there tied values count once, so that a column of 0 and 1 can never drift. Here the
distribution functions are the true weighted ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegauge.model.statistics import Sketch

    Cumulated = tuple[NDArray[np.float64], NDArray[np.float64]]

_CHANCE = 1.8  # sqrt(-ln(alpha / 2) / 2) for alpha = 0.003 (Knuth; deequ's constant)
_LEAST_EXPECTED = 5.0  # Cochran's rule for the chi-squared approximation


def cdf_distance(a: Sketch, b: Sketch) -> float:
    """`max over x of |F_a(x) - F_b(x)|`, the two-sample Kolmogorov-Smirnov statistic.

    `F(x)` is the weight of a sketch's items <= x over its whole weight, equal items all counted.
    In [0, 1], without unit; exact for the two sketches, which themselves know each rank to about
    0.1 % at k = 2048 (Karnin, Lang, Liberty 2016, "Optimal Quantile Approximation in Streams").

    Raises:
        ValueError: a sketch is empty.
    """
    if not a.weight or not b.weight:
        raise ValueError("an empty sketch has no distribution")
    return widest_gap(a.cumulated(), b.cumulated())


def widest_gap(a: Cumulated, b: Cumulated) -> float:
    """`cdf_distance` of two sketches' items, ascending, and the numbers of values up to these."""
    items = np.concatenate((a[0], b[0]))
    order = items.argsort(kind="stable")  # two runs, which are merged
    below_a = np.add.accumulate((order < len(a[0])).astype(np.intp))
    below_b = np.arange(1, len(items) + 1) - below_a
    gaps = _shares_below(a)[below_a]
    gaps -= _shares_below(b)[below_b]
    np.abs(gaps, out=gaps)
    # Both functions only change at items, so the widest gap is right after one of them.
    ordered = items[order]
    after_ties = ordered[1:] != ordered[:-1]
    return float(gaps[:-1].max(where=after_ties, initial=0.0))


def _shares_below(cumulated: Cumulated) -> NDArray[np.float64]:
    """The share of values before the first item, and up to each."""
    _, upto = cumulated
    shares = np.empty(len(upto) + 1)
    shares[0] = 0.0
    np.divide(upto, upto[-1], out=shares[1:])
    return shares


def category_distance(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """`max over categories of |share in a - share in b|` (L-infinity), in [0, 1]; exact.

    Takes shares by category; one that a side lacks has the share 0 there.

    Raises:
        ValueError: neither side has a category.
    """
    return max(abs(a.get(value, 0.0) - b.get(value, 0.0)) for value in a.keys() | b.keys())


def robust(distance: float, n: int, m: int) -> float:
    """`max(0, distance - 1.8 * sqrt((n + m) / (n * m)))`: what chance does not explain.

    `n` and `m` are the numbers of values (sketch weights) behind the distance. Two samples of one
    continuous distribution come out above 0 about 3 times in 1,000.
    """
    return max(0.0, distance - _CHANCE * sqrt((n + m) / (n * m)))


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """Pearson's test: the p-value is the chance of at least this statistic without drift."""

    statistic: float
    degrees_of_freedom: int
    p_value: float

    def critical_value(self, p_value: float) -> float:
        """The statistic that has this p-value (0 < p-value <= 1)."""
        from scipy.special import chdtri

        return float(chdtri(self.degrees_of_freedom, p_value))


def chi_squared(observed: Mapping[str, int], baseline: Mapping[str, int]) -> ChiSquared | None:
    """`sum of (O - E)^2 / E` over categories, with `E = n * share in the baseline`.

    Categories with E < 5, new ones (E = 0) among them, are pooled into one; where the pool is
    still below 5 it takes in the smallest of the others. None when fewer than two groups remain:
    the test then says nothing. The p-value is the chi-squared approximation's (Cochran 1954 for
    the limit of 5). The baseline's shares are taken as exact.

    Raises:
        ValueError: a side has no values.
    """
    from scipy.special import chdtrc  # loads for a fifth of a second: only where it is used

    n, m = sum(observed.values()), sum(baseline.values())
    if not n or not m:
        raise ValueError("without values there are no shares")
    pairs = sorted(
        (n * baseline.get(value, 0) / m, observed.get(value, 0))
        for value in observed.keys() | baseline.keys()
    )
    small = sum(expected < _LEAST_EXPECTED for expected, _ in pairs)
    while 0 < small < len(pairs) and sum(e for e, _ in pairs[:small]) < _LEAST_EXPECTED:
        small += 1
    pool = [(sum(e for e, _ in pairs[:small]), sum(o for _, o in pairs[:small]))] if small else []
    groups = pool + pairs[small:]
    if len(groups) < 2:
        return None
    statistic = sum((o - e) ** 2 / e for e, o in groups)
    freedom = len(groups) - 1
    return ChiSquared(statistic, freedom, float(chdtrc(freedom, statistic)))
