"""The bad rows that a baseline lets expect in windows: beta-binomial, over what blocks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtr, xlogy

from tidegauge.rules.alarms.design_effect import mixtures
from tidegauge.rules.alarms.roots import falling_roots
from tidegauge.rules.alarms.tails import SINGLE, tails_from, upper_tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect

_ERROR = 1e-4  # of a tail, relative
_LEAST = 0.51  # of a parameter where tails are only about right
_RIGHT = np.pi / 2.0 - 1e-6
_STRAIGHT = 8  # so many steps along straight lines find a critical count, or halving does


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The bad rows to expect among `n`, a row for each window.

    Columns are the variances between blocks, ascending, with the weights that the blocks give them;
    `a` and `b` are the parameters there, and all have the mean `n * share`.
    """

    n: NDArray[np.int64]
    share: NDArray[np.float64]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        n: NDArray[np.int64],
        bad: NDArray[np.int64],
        rows: NDArray[np.int64],
        alike: NDArray[np.float64],
        effects: Sequence[DesignEffect],
    ) -> Self:
        """Of `n` rows, by `bad` ones of the baseline's `rows`; all have an effect, or none has."""
        if effects:
            weights, between = mixtures(effects, n, rows)
        else:
            weights, between = np.ones(1), np.zeros((len(n), 1))
        worth = 1.0 / (1.0 + rows[:, None] * (between + alike[:, None]))
        if effects or alike.any():  # no tail is smaller than that of independent rows
            weights, worth = np.append(0.0, weights), np.hstack((np.ones((len(n), 1)), worth))
        good = (rows - bad)[:, None]
        worth = np.maximum(worth, 1.0 / good)  # a baseline is never worth less than one good row
        share = (bad + 1) / (rows + 1)
        return cls(n, share, worth * (bad + 1)[:, None], worth * good, weights)

    def p_values(self, bad: NDArray[np.int64]) -> NDArray[np.float64]:
        """The chance of at least so many bad rows."""
        found = np.ones(len(bad))
        some = np.flatnonzero(bad)
        found[some] = self._at(some, bad[some])
        return found

    def _at(self, some: NDArray[np.intp], bad: NDArray[np.int64]) -> NDArray[np.float64]:
        tails = upper_tails(bad, self.n[some], self.a[some], self.b[some])
        return self._mean(tails[..., None])[:, 0]

    def _from(
        self, some: NDArray[np.intp], first: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The p-values of `first` and of 31 counts more, and how many of these were asked for.

        Only the first one's where that is not above the mean.
        """
        n, most = self.n[some], np.minimum(SINGLE, self.n[some] - first + 1)
        above = first > n * self.share[some] + 1.0
        p = np.empty((len(some), SINGLE))
        chosen = some[above]
        p[above] = self._mean(tails_from(first[above], n[above], self.a[chosen], self.b[chosen]))
        p[~above] = self._at(some[~above], first[~above])[:, None]
        return p, np.where(above, most, 1)

    def _mean(self, tails: NDArray[np.float64]) -> NDArray[np.float64]:
        # A larger variance never makes a tail smaller.
        rising = np.maximum.accumulate(tails, axis=1)
        return np.asarray(np.minimum(1.0, np.einsum("qlc,l->qc", rising, self.weights)))

    def critical_counts(self, alpha: NDArray[np.float64]) -> NDArray[np.int64]:
        """The least numbers of bad rows with p-values below alpha; n + 1: none has one."""
        low, high = np.zeros_like(self.n), self.n + 1  # p >= alpha, p < alpha
        first, tries = self._likely_critical(alpha), 0
        while len(some := np.flatnonzero(high - low > 1)):
            at = np.clip(first[some], low[some] + 1, high[some] - 1)
            p, asked = self._from(some, at)
            self._settle_ties(p, asked, alpha, some, at)
            known = np.arange(SINGLE) < asked[:, None]
            above = np.count_nonzero(known & (p >= alpha[some, None]), axis=1)
            low[some] = np.where(above > 0, at + above - 1, low[some])
            high[some] = np.where(above < asked, at + above, high[some])
            tries += 1
            first[some] = (low[some] + high[some]) // 2
            if tries < _STRAIGHT:
                first[some] = _straight(p, asked, alpha[some], at, first[some])
        return high

    def _settle_ties(
        self,
        p: NDArray[np.float64],
        asked: NDArray[np.int64],
        alpha: NDArray[np.float64],
        some: NDArray[np.intp],
        at: NDArray[np.int64],
    ) -> None:
        """Have p-values next to alpha as they are told: the errors of the others differ."""
        next_to = np.abs(p - alpha[some, None]) < _ERROR * alpha[some, None]
        row, column = np.nonzero(next_to & (np.arange(SINGLE) < asked[:, None]))
        p[row, column] = self._at(some[row], at[row] + column)

    def _likely_critical(self, alpha: NDArray[np.float64]) -> NDArray[np.int64]:
        """Where to begin, above the mean: as if shares were beta distributed."""
        variance = 1.0 / self.n[:, None] + 1.0 / (self.a + self.b)  # over share (1 - share)
        size, share = 1.0 / variance - 1.0, self.share[:, None]
        a, b = np.maximum(_LEAST, size * share), np.maximum(_LEAST, size * (1.0 - share))
        angle = np.arcsin(np.sqrt(self.share))
        step = np.sqrt(variance[:, len(self.weights) // 4]) / 2.0

        def excess(at: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
            share = np.sin(np.minimum(at, _RIGHT))[:, None] ** 2
            tails = np.einsum("ql,l->q", _beta_tails(share, a[which], b[which]), self.weights)
            return np.asarray(np.log(np.maximum(tails, 1e-300) / alpha[which]))

        at = np.minimum(falling_roots(excess, angle + 3.0 * step, step), _RIGHT)
        count = np.rint(self.n * np.sin(at) ** 2).astype(np.int64)
        least = (self.n * self.share).astype(np.int64) + 2
        return np.asarray(np.maximum(least, count - SINGLE // 2))


def _beta_tails(
    x: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`P(X >= x)` for X ~ Beta(a, b), about; a and b above a half.

    Source: Peizer and Pratt (1968), "A Normal Approximation for Binomial, F, Beta, and Other
    Common, Related Tail Probabilities, I", section 2.
    """
    n = a + b - 1.0
    beyond = a - 0.5 - n * x
    deviance = xlogy(a - 0.5, (a - 0.5) / (n * x))
    deviance += xlogy(b - 0.5, (b - 0.5) / (n * (1.0 - x)))
    size = np.sqrt(np.maximum(0.0, 2.0 * deviance / (1.0 + 1.0 / (6.0 * n))))
    corrected = a - 1.0 / 3.0 - (n + 1.0 / 3.0) * x
    return np.asarray(ndtr(corrected / np.maximum(np.abs(beyond), 1e-12) * size))


def _straight(
    p: NDArray[np.float64],
    asked: NDArray[np.int64],
    alpha: NDArray[np.float64],
    at: NDArray[np.int64],
    halved: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Where a straight line through log p, which is about one, has alpha; or where it is halved."""
    least = p[np.arange(len(p)), asked - 1]
    with np.errstate(all="ignore"):
        fall = np.log(p[:, 0] / least)
        steps = np.rint((asked - 1) * np.log(p[:, 0] / alpha) / fall)
    known = (least > 0.0) & (fall > 0.0)
    return np.where(known, at + np.where(known, steps, 0.0).astype(np.int64) - SINGLE // 2, halved)
