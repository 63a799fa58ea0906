"""Cells: the counts of two samples by category, as they are tested; and how uneven they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_EXPECTED = 10.0
"""Categories expected less often, in the smaller sample, are pooled."""


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
    totals = dict(baseline)
    for value, count in current.items():
        totals[value] = totals.get(value, 0) + count
    ordered = sorted(value for value, total in totals.items() if total)
    ordered.sort(key=totals.__getitem__, reverse=True)  # equal ones stay in order
    least = LEAST_EXPECTED * (n + m) / min(n, m)
    frequent = sum(1 for _ in takewhile(lambda value: totals[value] >= least, ordered))
    own = ordered[: max(1, frequent)]
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
