"""The exact distribution of G for tables of any number of cells, given all totals.

Under the null hypothesis the cells of the window are independent binomials, given their sum. The
joint distribution of that sum and of G is a product in Fourier space, so that tails down to 1e-11
are exact to rounding of G to a grid. `python -m tests.rules.alarms.tables` prints how much of
alpha the chi-squared tail of G, with and without Williams' correction, and of Pearson's X^2 use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import xlogy

Floats = NDArray[np.float64]
Statistic = Callable[[Floats, int, float], Floats]
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Totals:
    """Both samples together: `times` cells of each total; the window has the share `window`."""

    cells: tuple[tuple[int, int], ...]  # (total, times)
    window: float

    @property
    def total(self) -> int:
        return sum(total * times for total, times in self.cells)

    @property
    def n(self) -> int:
        return round(self.total * self.window)

    @property
    def freedom(self) -> int:
        return sum(times for _, times in self.cells) - 1

    @property
    def williams(self) -> float:
        """Williams' correction, which depends on totals only."""
        n, total = self.n, self.total
        rows = total / n + total / (total - n) - 1.0
        columns = sum(times * total / count for count, times in self.cells) - 1.0
        return 1.0 + rows * columns / (6.0 * total * self.freedom)


def g(x: Floats, total: int, share: float) -> Floats:
    """A cell's part of G."""
    rest = total - x
    return np.asarray(
        2 * (xlogy(x, x / (total * share)) + xlogy(rest, rest / (total * (1 - share))))
    )


def pearson(x: Floats, total: int, share: float) -> Floats:
    """A cell's part of X^2."""
    return np.asarray((x - total * share) ** 2 / (total * share * (1 - share)))


def tails(totals: Totals, statistic: Statistic, at: Sequence[float]) -> list[float]:
    """`P(statistic >= value)` for each value, exact up to the grid's step of 0.05."""
    share = totals.n / totals.total
    places = 1 << int(np.ceil(np.log2((1.5 * max(at) + 20) / _STEP)))
    variance = totals.total * share * (1 - share)
    sums = 1 << int(np.ceil(np.log2(max(32.0, 20.0 * np.sqrt(variance)))))
    product, centre = np.ones((sums, places // 2 + 1), complex), 0
    for total, times in totals.cells:
        x = np.arange(total + 1.0)
        p = stats.binom.pmf(x, total, share)
        x, p = x[p > 1e-17], p[p > 1e-17]
        place = np.minimum(statistic(x, total, share) / _STEP, places - 1.001)
        low, middle = place.astype(int), round(total * share)
        centre += times * middle
        cell = np.zeros((sums, places))
        # Between two places of the grid by weight, which keeps the mean.
        np.add.at(cell, ((x - middle).astype(int) % sums, low), p * (1 - place + low))
        np.add.at(cell, ((x - middle).astype(int) % sums, low + 1), p * (place - low))
        product *= np.fft.rfft2(cell) ** times
    row = np.fft.irfft2(product, s=(sums, places))[(totals.n - centre) % sums]
    upwards = np.cumsum(row[::-1])[::-1] / row.sum()
    return [float(upwards[int(np.ceil(value / _STEP))]) for value in at]


def main(alphas: Sequence[float] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)) -> None:
    """Realised over nominal, by how often the small cells are expected, and of how many cells."""
    sys.stdout.write(f"realised / nominal at alpha {alphas}\n")
    for expected in (5, 10, 20):
        for baseline in (1, 20, 400):
            for count in (3, 5, 20, 100):
                small = expected * (1 + baseline)
                totals = Totals(((small, count - 1), (small * count, 1)), 1 / (1 + baseline))
                chi = [float(stats.chi2.isf(alpha, totals.freedom)) for alpha in alphas]
                line = f"expected {expected:2}, baseline {baseline:3} x, {count:3} cells"
                for name, statistic, q in (
                    ("G / q", g, totals.williams),
                    ("G", g, 1.0),
                    ("X^2", pearson, 1.0),
                ):
                    found = tails(totals, statistic, [q * value for value in chi])
                    ratios = " ".join(f"{p / a:6.2f}" for p, a in zip(found, alphas, strict=True))
                    sys.stdout.write(f"{line} {name:5} {ratios}\n")


if __name__ == "__main__":
    main()
