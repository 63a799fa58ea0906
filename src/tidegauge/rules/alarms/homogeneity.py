"""Homogeneity: do two samples of categories come from one distribution?

Both samples count as random. The likelihood-ratio statistic G is used instead of Pearson's X^2: its
tail stays right far out, where that of X^2, with cells expected 5 times, is up to 80 times too
heavy (at alpha = 1e-7; 13 times at 1e-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, chdtri, chndtrinc, ndtr, ndtri, xlogy

from tidegauge.rules.alarms.design_effect import mixture
from tidegauge.rules.alarms.proportions import Share, smallest_share
from tidegauge.rules.alarms.proportions import p_value as p_value_of_share
from tidegauge.rules.alarms.roots import falling_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect

LEAST_EXPECTED = 10.0
"""Categories expected less often, in the smaller sample, are pooled."""
_TAIL = 2.0  # what is left of G's error in the tail: see `p_value`
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, slots=True)
class Cells:
    """The table that is tested: counts of the current and of the baseline sample, cell by cell.

    `labels` name the cells; one that pools the categories `pooled` comes last under None. A pool
    that is too small for a cell is `few` instead: its counts in the two samples.
    """

    labels: tuple[str | None, ...]
    current: tuple[int, ...]
    baseline: tuple[int, ...]
    few: tuple[int, int] = (0, 0)
    pooled: tuple[str, ...] = ()

    @property
    def degrees_of_freedom(self) -> int:
        return len(self.current) - 1

    @property
    def n(self) -> int:
        return sum(self.current) + self.few[0]

    @property
    def m(self) -> int:
        return sum(self.baseline) + self.few[1]

    @property
    def compares_cells(self) -> bool:
        """Whether the cells can be compared: there are two, and both samples have values there."""
        return len(self.current) > 1 and any(self.current) and any(self.baseline)

    @property
    def tests(self) -> int:
        """How many tests the table takes: of its cells, and of the pool that is not one."""
        return self.compares_cells + any(self.few)

    @property
    def unseen_inside(self) -> float:
        """The share of the baseline in the pool, within which categories may move unnoticed."""
        if len(self.pooled) < 2:
            return 0.0
        return (self.baseline[-1] if None in self.labels else self.few[1]) / self.m

    @property
    def total_variation(self) -> float:
        """`1/2 sum |share - share in the baseline|` over cells and pool, in [0, 1].

        At most that of the categories. Chance alone gives up to about
        `sqrt(cells / (2 pi) (1 / n + 1 / m))`.
        """
        n, m = self.n, self.m
        pairs = zip((*self.current, self.few[0]), (*self.baseline, self.few[1]), strict=True)
        return sum(abs(x / n - y / m) for x, y in pairs) / 2.0


def cells(current: Mapping[str, int], baseline: Mapping[str, int]) -> Cells:
    """The counts by category, unseen ones included, rare ones pooled.

    A category is rare when fewer than 10 are expected in the smaller sample by the shares of both
    samples together: a choice by totals alone, which leaves a test its level.

    Raises:
        ValueError: a side has no values.
    """
    n, m = sum(current.values()), sum(baseline.values())
    if not n or not m:
        raise ValueError("without values there are no shares")
    totals = {v: current.get(v, 0) + baseline.get(v, 0) for v in current.keys() | baseline.keys()}
    ordered = [v for _, v in sorted((-total, v) for v, total in totals.items() if total)]
    least = LEAST_EXPECTED * (n + m) / min(n, m)
    own = ordered[: max(1, sum(total >= least for total in totals.values()))]
    pooled = tuple(ordered[len(own) :])
    x, y = tuple(current.get(v, 0) for v in own), tuple(baseline.get(v, 0) for v in own)
    few = (n - sum(x), m - sum(y))
    if sum(few) < least:
        return Cells(tuple(own), x, y, few, pooled)
    return Cells((*own, None), (*x, few[0]), (*y, few[1]), pooled=pooled)


def statistic(table: Cells) -> float:
    """`G / q`: `2 sum O ln(O / E)` over the cells of both samples, over Williams' correction q.

    `q = 1 + (N / n + N / m - 1) (sum N / c_j - 1) / (6 N (k - 1))`, c_j the total of cell j,
    N = n + m that of all cells (Williams 1976, "Improved likelihood ratio tests for complete
    contingency tables"): it gives G the mean of chi-squared with k - 1 degrees of freedom.
    0 where the cells cannot be compared.
    """
    if not table.compares_cells:
        return 0.0
    x, y = np.array(table.current, float), np.array(table.baseline, float)
    n, m, column = x.sum(), y.sum(), x + y
    total = n + m
    g = 2.0 * (xlogy(x, x * total / (column * n)) + xlogy(y, y * total / (column * m))).sum()
    spread = (total / n + total / m - 1.0) * ((total / column).sum() - 1.0)
    q = 1.0 + spread / (6.0 * total * table.degrees_of_freedom)
    return max(0.0, float(g / q))


def p_value(table: Cells, effect: DesignEffect | None = None) -> float:
    """The chance of a table at least as uneven without drift.

    Three cells or more: twice the chi-squared tail of `statistic`. Against the exact conditional
    distribution (3 to 300 cells, alpha 0.1 to 1e-7) the tail itself is up to 1.4 times too light
    with five cells or more, 2.8 times at single atoms of tables of three. Two cells, and the few of
    a small pool against all others: twice the smaller one-sided exact p-value (`proportions`).
    Where both are tested, twice the smaller p-value. With `effect`, blocks add a normal shift in
    one direction, and the p-value is the mean over what they say of its size.
    """
    if not table.tests:
        return 1.0
    found = []
    if any(table.few):
        others = (sum(table.current), sum(table.baseline))
        found.append(_exact(table.few, others, effect))
    freedom = table.degrees_of_freedom
    if table.compares_cells and freedom == 1:
        one, other = zip(table.current, table.baseline, strict=True)
        found.append(_exact(one, other, effect))
    elif table.compares_cells:
        n, m = sum(table.current), sum(table.baseline)
        found.append(_tail(statistic(table), freedom, *_excess(freedom, n, m, effect)))
    return min(1.0, len(found) * min(found))


def critical_statistic(
    degrees_of_freedom: int, n: int, m: int, alpha: float, effect: DesignEffect | None = None
) -> float:
    """The `statistic` of three cells or more whose p-value, the only one, is `alpha`."""
    independent = float(chdtri(degrees_of_freedom, alpha / _TAIL))
    if effect is None:
        return independent
    levels = _excess(degrees_of_freedom, n, m, effect)

    def excess(value: float) -> float:
        return log(_tail(value, degrees_of_freedom, *levels) / alpha)

    return falling_root(excess, independent, independent)


def smallest_total_variation(
    table: Cells, alpha: float, power: float = 0.8, effect: DesignEffect | None = None
) -> float:
    """The total variation that is found with probability `power`; above 1: none is.

    Three cells or more: `1/2 sqrt(lambda (1 / n + 1 / m))`, lambda the noncentrality at which
    chi-squared exceeds its critical value with this power: by Cauchy and Schwarz a total variation
    d has at least the noncentrality `4 d^2 n m / (n + m)`. Where blocks differ, sqrt(lambda) grows
    by z standard deviations of their shift. Two cells, and a small pool: the larger of both
    directions, exact. Where both are tested it is the larger: a shift that lies in one of the two.
    Never below `unseen_inside`: a column of nothing but rare values is not seen to hold.
    """
    n, m, freedom = table.n, table.m, table.degrees_of_freedom
    level = alpha / max(1, table.tests)
    shares = [table.few[1], m - table.few[1]] if any(table.few) or not freedom else []
    if freedom == 1:
        shares += table.baseline
    shifts = [
        smallest_share(n, Share(more, m, effect), level / 2.0, power) - more / m for more in shares
    ]
    if freedom > 1:
        critical = critical_statistic(freedom, n, m, level, effect)
        root = sqrt(float(chndtrinc(critical, freedom, 1.0 - power)))
        if effect is not None:
            shift = effect.between(n, m) * _unit(freedom, n, m, effect)
            root += float(ndtri(power)) * sqrt(shift)
        shifts.append(root * sqrt(1.0 / n + 1.0 / m) / 2.0)
    return max(*shifts, table.unseen_inside)


def _exact(one: tuple[int, int], other: tuple[int, int], effect: DesignEffect | None) -> float:
    """Two-sided, of two cells: each a count in the current and in the baseline sample."""
    n, m = one[0] + other[0], one[1] + other[1]
    tails = (p_value_of_share(x, n, Share(y, m, effect)) for x, y in (one, other))
    return min(1.0, 2.0 * min(tails))


def _excess(
    freedom: int, n: int, m: int, effect: DesignEffect | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the blocks say they add to the statistic: weights, and the mean excess at each."""
    weights, between = mixture(effect, n, m)
    return weights, between * (_unit(freedom, n, m, effect) if effect else 1.0)


def _unit(freedom: int, n: int, m: int, effect: DesignEffect) -> float:
    """What turns a variance between blocks into the statistic's unit.

    Finer cells than the blocks were compared by may show more of a shift: in proportion, at worst.
    """
    return max(1.0, freedom / effect.null_mean) / (1.0 / n + 1.0 / m)


def _tail(
    value: float, freedom: int, weights: NDArray[np.float64], excess: NDArray[np.float64]
) -> float:
    """`2 P((1 + excess) Z^2 + Y > value)`, weighted; Z normal, Y chi-squared with `freedom - 1`.

    Integrated over `z = sqrt(value / (1 + excess)) sin(angle)`, which leaves a smooth integrand.
    """
    angle = np.pi / 4.0 * (1.0 + _NODES)
    most = np.sqrt(value / (1.0 + excess))[:, None]
    z = most * np.sin(angle)
    density = np.exp(-(z**2) / 2.0) * most * np.cos(angle) / np.sqrt(np.pi / 2.0)
    rest = chdtrc(freedom - 1, value * np.cos(angle) ** 2)
    tails = (density * rest) @ (np.pi / 4.0 * _NODE_WEIGHTS) + 2.0 * ndtr(-most[:, 0])
    return min(1.0, float(weights @ np.minimum(1.0, _TAIL * tails)))
