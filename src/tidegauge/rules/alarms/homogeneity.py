"""Homogeneity: do two samples of categories come from one distribution?

Both samples count as random. The likelihood-ratio statistic G is used instead of Pearson's X^2: its
tail stays right far out, where that of X^2, with cells expected 5 times, is up to 80 times too
heavy (at alpha = 1e-7; 13 times at 1e-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegauge.rules.alarms import proportions
from tidegauge.rules.alarms.cells import Cells, statistic
from tidegauge.rules.alarms.chi_squared import Compared, Statistics
from tidegauge.rules.alarms.proportions import Share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.rules.alarms.design_effect import DesignEffect


@dataclass(frozen=True, slots=True)
class Question:
    """Is this table more uneven than by chance, at the level alpha?"""

    table: Cells
    alpha: float
    power: float = 0.8
    effect: DesignEffect | None = None

    @property
    def level(self) -> float:
        """What each of the table's tests may spend."""
        return self.alpha / max(1, self.table.tests)

    @property
    def shares(self) -> tuple[proportions.Question, ...]:
        """What is asked of shares first: of two cells, and of the few of a small pool."""
        exact = _Exact.of(self)
        return (*exact.moved, *exact.shifted)


@dataclass(frozen=True, slots=True)
class Answer:
    """See `p_value`, `cells.statistic`, `critical_statistic` and `smallest_total_variation`.

    `critical` is None where the statistic does not decide, or not alone.
    """

    p_value: float
    statistic: float
    critical: float | None
    smallest: float


def answered(
    questions: Sequence[Question], known: Mapping[proportions.Question, proportions.Answer]
) -> list[Answer]:
    """The answers in the order of the questions; `known` are those to all their `shares`."""
    statistics = [statistic(question.table) for question in questions]
    of_cells = _of_cells(questions, statistics)
    found = []
    for i, question in enumerate(questions):
        table, by_cells, exact = question.table, of_cells.get(i), _Exact.of(question)
        p_values = exact.p_values(known)
        shifts = [*exact.shifts(known), table.unseen_inside]
        critical = None
        if by_cells is not None:
            shifts.append(by_cells.smallest)
            if table.compares_cells:
                p_values.append(by_cells.p_value)
                critical = by_cells.critical if table.tests == 1 else None
        p = min(1.0, len(p_values) * min(p_values)) if p_values else 1.0
        found.append(Answer(p, statistics[i], critical, max(shifts)))
    return found


def p_value(table: Cells, effect: DesignEffect | None = None) -> float:
    """The chance of a table at least as uneven without drift.

    Three cells or more: twice the chi-squared tail of `statistic`. Against the exact conditional
    distribution (3 to 300 cells, alpha 0.1 to 1e-7) the tail itself is up to 1.4 times too light
    with five cells or more, 2.8 times at single atoms of tables of three. Two cells, and the few of
    a small pool against all others: twice the smaller one-sided exact p-value (`proportions`).
    Where both are tested, twice the smaller p-value. With `effect`, blocks add a normal shift in
    one direction, and the p-value is the mean over what they say of its size.
    """
    return _answered(Question(table, 0.5, effect=effect)).p_value


def critical_statistic(
    degrees_of_freedom: int, n: int, m: int, alpha: float, effect: DesignEffect | None = None
) -> float:
    """The `statistic` of three cells or more whose p-value, the only one, is `alpha`."""
    compared = [Compared(degrees_of_freedom, n, m)]
    known = Statistics.of(compared, [effect] if effect else [])
    return float(known.criticals(np.array([alpha]))[0])


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
    return _answered(Question(table, alpha, power, effect)).smallest


def _answered(question: Question) -> Answer:
    return answered([question], proportions.answered(question.shares))[0]


@dataclass(frozen=True, slots=True)
class _Exact:
    """What is asked of shares: for p-values in pairs, of both directions, and for detectable ones.

    Two cells are compared so, and the few of a small pool with all others.
    """

    moved: tuple[proportions.Question, ...]
    shifted: tuple[proportions.Question, ...]

    @classmethod
    def of(cls, question: Question) -> _Exact:
        """The questions about the shares of one table."""
        table, moved, shifted = question.table, [], []
        n, m, pool = table.n, table.m, any(table.few)
        if pool or not table.degrees_of_freedom:
            (x, y) = table.few
            both = [_asked(question, x, n, y, m), _asked(question, n - x, n, m - y, m)]
            shifted += both
            moved += both if pool else []
        if table.degrees_of_freedom == 1:
            cells = list(zip(table.current, table.baseline, strict=True))
            shifted += [_asked(question, x, n, y, m) for x, y in cells]
            if table.compares_cells:
                of_both = sum(table.current), sum(table.baseline)
                moved += [_asked(question, x, of_both[0], y, of_both[1]) for x, y in cells]
        return cls(tuple(moved), tuple(shifted))

    def p_values(self, known: Mapping[proportions.Question, proportions.Answer]) -> list[float]:
        """Two-sided ones."""
        one = [known[question].p_value for question in self.moved]
        pairs = zip(one[::2], one[1::2], strict=True)
        return [min(1.0, 2.0 * min(pair)) for pair in pairs]

    def shifts(self, known: Mapping[proportions.Question, proportions.Answer]) -> list[float]:
        """The smallest changes of a share that are found."""
        return [known[q].smallest - q.baseline.bad / q.baseline.rows for q in self.shifted]


def _asked(question: Question, x: int, n: int, y: int, m: int) -> proportions.Question:
    """A share of a table, in one direction; two-sided, each direction has half of the level."""
    share = Share(y, m, question.effect)
    return proportions.Question(x, n, share, question.level / 2.0, question.power)


@dataclass(frozen=True, slots=True)
class _ByCells:
    """What the statistic of three cells or more says."""

    p_value: float
    critical: float
    smallest: float


def _of_cells(questions: Sequence[Question], statistics: Sequence[float]) -> Mapping[int, _ByCells]:
    """By the number of the question, where its table has three cells or more."""
    found: dict[int, _ByCells] = {}
    for swinging in (False, True):
        several = {
            i: question
            for i, question in enumerate(questions)
            if question.table.degrees_of_freedom > 1 and (question.effect is not None) is swinging
        }
        if not several:
            continue
        tables = [question.table for question in several.values()]
        effects = [question.effect for question in several.values() if question.effect]
        level, power = np.array([(q.level, q.power) for q in several.values()]).T
        cells = [
            Compared(t.degrees_of_freedom, max(1, sum(t.current)), max(1, sum(t.baseline)))
            for t in tables
        ]
        p = Statistics.of(cells, effects).tails(np.array([statistics[i] for i in several]))
        whole = Statistics.of([Compared(t.degrees_of_freedom, t.n, t.m) for t in tables], effects)
        critical = whole.criticals(level)
        smallest = whole.smallest(critical, power)
        listed = zip(p.tolist(), critical.tolist(), smallest.tolist(), strict=True)
        found |= zip(several, (_ByCells(*one) for one in listed), strict=True)
    return found
