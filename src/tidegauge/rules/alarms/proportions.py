"""Two shares compared exactly: missing values, wrong types, values outside a domain.

One-sided, towards more bad rows; the other direction is the same test of the good rows. Questions
are answered many at once, since calls cost more than numbers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv, ndtri

from tidegauge.rules.alarms.expected import Expected
from tidegauge.rules.alarms.roots import falling_roots
from tidegauge.rules.alarms.tails import upper_tails

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.rules.alarms.design_effect import DesignEffect


_AT_ONCE = 2048  # questions, of some 10 kB each


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


@dataclass(frozen=True, slots=True)
class Question:
    """Are `bad` of `n` rows more than the baseline lets expect, at the level alpha?"""

    bad: int
    n: int
    baseline: Share
    alpha: float
    power: float = 0.8


@dataclass(frozen=True, slots=True)
class Answer:
    """See `p_value`, `critical_count` and `smallest_share`."""

    p_value: float
    critical: int
    smallest: float


def answered(questions: Sequence[Question]) -> Mapping[Question, Answer]:
    """The answers; equal questions (most of no bad rows) are one.

    Raises:
        ValueError: the counts of a question are not shares of at least one row.
    """
    different = list(dict.fromkeys(questions))
    # Where the baseline has bad rows only, no window has more.
    found = {q: Answer(1.0, q.n + 1, 1.0) for q in different if q.baseline.bad == q.baseline.rows}
    groups = (different[i : i + _AT_ONCE] for i in range(0, len(different), _AT_ONCE))
    for some, known in chain.from_iterable(map(_alike, groups)):
        bad, alpha = _integers(some, lambda q: q.bad), np.array([q.alpha for q in some])
        p, critical = known.p_values(bad), known.critical_counts(alpha)
        smallest = _smallest(some, critical)
        listed = zip(p.tolist(), critical.tolist(), smallest.tolist(), strict=True)
        found |= zip(some, (Answer(*one) for one in listed), strict=True)
    return found


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
    for some, known in _alike([Question(bad, n, baseline, 1.0)]):
        return float(known.p_values(_integers(some, lambda q: q.bad))[0])
    return 1.0


def critical_count(n: int, baseline: Share, alpha: float) -> int:
    """The least number of bad rows among `n` with a p-value below `alpha`; n + 1: none has one."""
    for _, known in _alike([Question(0, n, baseline, alpha)]):
        return int(known.critical_counts(np.array([alpha]))[0])
    return n + 1


def smallest_share(n: int, baseline: Share, alpha: float, power: float = 0.8) -> float:
    """The true share of bad rows among `n` that is found with probability `power`; 1.0: none is.

    Solves `P(X >= critical_count) = power` for the share, X binomial, or beta-binomial where rows
    are alike, by the estimated variance. Exact, given the baseline's counts.
    """
    question = Question(0, n, baseline, alpha, power)
    return answered([question])[question].smallest


def _alike(questions: Sequence[Question]) -> list[tuple[list[Question], Expected]]:
    """The questions that have an answer to be computed, those together whose rows are as alike."""
    groups: dict[tuple[bool, bool], list[Question]] = defaultdict(list)
    for question in questions:
        bad, n, share = question.bad, question.n, question.baseline
        if not 0 <= bad <= n or not 0 <= share.bad <= share.rows or not n or not share.rows:
            raise ValueError(f"{bad} of {n}, {share.bad} of {share.rows}: not two shares")
        if share.bad < share.rows:
            groups[share.effect is not None, share.alike > 0.0].append(question)
    return [
        (
            some,
            Expected.of(
                _integers(some, lambda q: q.n),
                _integers(some, lambda q: q.baseline.bad),
                _integers(some, lambda q: q.baseline.rows),
                np.array([q.baseline.alike for q in some]),
                [q.baseline.effect for q in some if q.baseline.effect],
            ),
        )
        for some in groups.values()
    ]


def _integers(questions: Sequence[Question], of: Callable[[Question], int]) -> NDArray[np.int64]:
    return np.fromiter(map(of, questions), np.int64, len(questions))


def _smallest(questions: Sequence[Question], critical: NDArray[np.int64]) -> NDArray[np.float64]:
    """See `smallest_share`."""
    n = _integers(questions, lambda q: q.n)
    power = np.array([q.power for q in questions])
    between = np.array([q.baseline.between(q.n) for q in questions])
    found = np.ones(len(questions))
    plain = np.flatnonzero((critical <= n) & (between == 0.0))
    found[plain] = betaincinv(critical[plain], (n - critical + 1)[plain], power[plain])
    swinging = np.flatnonzero((critical <= n) & (between > 0.0))
    found[swinging] = _with_power(
        n[swinging], critical[swinging], between[swinging], power[swinging]
    )
    return found


def _with_power(
    n: NDArray[np.int64],
    critical: NDArray[np.int64],
    between: NDArray[np.float64],
    power: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The shares at which a beta-binomial count reaches the critical one with this power.

    On the scales of log odds and of the normal distribution's quantiles, between which the power
    is about a straight line.
    """

    def excess(log_odds: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        share, worth = 1.0 / (1.0 + np.exp(-log_odds)), 1.0 / between[which]
        a, b = (share * worth)[:, None], ((1.0 - share) * worth)[:, None]
        found = upper_tails(critical[which], n[which], a, b)[:, 0]
        return np.asarray(ndtri(power[which]) - ndtri(np.clip(found, 1e-300, 1.0 - 1e-15)))

    odds = critical / (n - critical + 1.0)
    deviation = np.sqrt((1.0 / n + between) / odds) * (1.0 + odds)
    return np.asarray(1.0 / (1.0 + np.exp(-falling_roots(excess, np.log(odds), deviation))))
