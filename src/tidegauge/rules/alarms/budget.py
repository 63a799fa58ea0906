"""The budget of false alarms: how many people accept, and what each single test may spend.

The expectation of a sum is the sum of the expectations, whatever the dependence between the
tests: tests at the levels alpha_1, alpha_2 ... raise at most their sum of false alarms on average.
So a budget is divided by the number of tests, and needs no further correction. Only the average
is promised: all windows share one baseline, so that false alarms come in clusters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Self

from tidegauge.errors import UsageError
from tidegauge.model.window import parse_duration

MOST = 0.1
"""No test spends more, however large the budget: beyond, an alarm is close to a coin toss."""

_HALVINGS = 60

_BUDGET = re.compile(r"^\s*(\d+(?:\.\d+)?)\s+per\s+(\S+)\s*$")
_PERSISTENCE = re.compile(r"^\s*(\d+)\s+of\s+(\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Budget:
    """So many false alarms in a period, on average, over everything that is monitored."""

    alarms: float
    period: timedelta

    @classmethod
    def parse(cls, text: str) -> Self:
        """A budget from the form of the conf: `1 per 30d`, `0.5 per P7D`.

        Raises:
            UsageError: the text has another shape, or one of its numbers is zero.
        """
        if not (parts := _BUDGET.match(text)) or not float(parts[1]):
            raise UsageError(
                f"{text!r} is not a budget of false alarms: expected a positive number and a "
                "duration, as in '1 per 30d'"
            )
        return cls(float(parts[1]), parse_duration(parts[2]))

    def per_test(self, window: timedelta, tests_a_window: int) -> float:
        """`alpha = alarms / (period / window * tests a window)`, at most `MOST`.

        `tests_a_window` counts variants x features x checks; a window need not divide the period.
        Expected false alarms in the period: at most `alarms`, exactly so where every test has the
        size alpha, less where a test is conservative or `MOST` was reached.

        Raises:
            ValueError: there is no test, or the window has no length.
        """
        if tests_a_window < 1 or window <= timedelta(0):
            raise ValueError("a budget is divided by at least one test of a window with a length")
        return min(MOST, self.alarms / (self.period / window * tests_a_window))


@dataclass(frozen=True, slots=True)
class Persistence:
    """An incident opens with the `k`-th violated window among the last `n`.

    It closes after `n` windows in a row without a violation. So no violated window belongs to two
    incidents, and each incident has at least `k` of its own: the safe bound rests on this.
    """

    k: int = 1
    n: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the form of the conf: `2 of 3`.

        Raises:
            UsageError: the text has another shape, or not `1 <= k <= n`.
        """
        parts = _PERSISTENCE.match(text)
        if not parts or not 1 <= int(parts[1]) <= int(parts[2]):
            raise UsageError(
                f"{text!r} is not a persistence: expected 'k of n' windows with 1 <= k <= n, "
                "as in '2 of 3'"
            )
        return cls(int(parts[1]), int(parts[2]))

    def safe(self, alpha: float) -> float:
        """The level of one window's test that opens at most `alpha` incidents a window: `k alpha`.

        Windows violated by chance have the rate `a`, whatever their dependence; each incident uses
        up `k` of them (see the class), so incidents have at most the rate `a / k`. The bound is
        reached when false violations come in runs of `k`. Never above `MOST`.
        """
        return min(MOST, self.k * alpha)

    def independent(self, alpha: float) -> float:
        """The level that opens `alpha` incidents a window if windows were independent.

        Solves `a P(Bin(n - 1, a) >= k - 1) = alpha`: this window is violated, and k - 1 of the
        n - 1 before it; incidents are at most that many (equal to first order in `a`). For
        `2 of 3` it is about `sqrt(alpha / 2)`. Windows share a baseline and have neighbours alike,
        so this is the best case and no promise: use `safe`. Never above `MOST`.
        """
        from scipy.special import bdtrc  # loads for a fifth of a second: a conf needs it not

        low, high = alpha, MOST
        for _ in range(_HALVINGS):
            a = sqrt(low * high)
            opening = a * float(bdtrc(self.k - 2, self.n - 1, a)) if self.k > 1 else a
            low, high = (a, high) if opening < alpha else (low, a)
        return high
