"""The budget of false alarms: what each test may spend, persistence included."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.errors import UsageError
from tidegauge.rules.alarms.budget import MOST, Budget, Persistence

DAY = timedelta(days=1)


def test_a_budget_reads_as_people_say_it() -> None:
    """A number, `per`, a duration in either form."""
    assert Budget(1.0, 30 * DAY) == Budget.parse("1 per 30d")
    assert Budget(0.5, 7 * DAY) == Budget.parse(" 0.5  per P7D ")


@pytest.mark.parametrize("text", ["", "1", "0 per 30d", "-1 per 30d", "one per 30d", "1 per day"])
def test_what_is_no_budget_is_refused_with_an_example(text: str) -> None:
    """The sentence names the text; the cause is the conf, found before the engine starts."""
    with pytest.raises(UsageError, match="expected a"):
        Budget.parse(text)


def test_the_budget_is_shared_by_all_tests_of_the_period() -> None:
    """30 daily windows x 2 variants x 12 features x 4 checks."""
    alpha = Budget.parse("1 per 30d").per_test(DAY, 2 * 12 * 4)
    assert 1 / (30 * 96) == pytest.approx(alpha)


def test_fifty_features_in_hourly_windows() -> None:
    """The example of the documentation: 36,000 tests a month."""
    alpha = Budget.parse("1 per 30d").per_test(timedelta(hours=1), 50)
    assert 1 / 36_000 == pytest.approx(alpha)


def test_no_test_spends_more_than_a_tenth() -> None:
    """One feature in monthly windows may not alarm every month just because it could."""
    assert MOST == Budget.parse("1 per 30d").per_test(30 * DAY, 1)


def test_a_budget_is_divided_by_something() -> None:
    """No test, or a window without length, is a bug of the caller."""
    with pytest.raises(ValueError, match="at least one test"):
        Budget.parse("1 per 30d").per_test(DAY, 0)


@pytest.mark.parametrize("text", ["", "2", "0 of 3", "3 of 2", "two of three"])
def test_what_is_no_persistence_is_refused(text: str) -> None:
    """k of n with 1 <= k <= n."""
    with pytest.raises(UsageError, match="2 of 3"):
        Persistence.parse(text)


def test_one_of_one_spends_what_a_single_test_may() -> None:
    """Without persistence a violated window is an incident."""
    plain = Persistence.parse("1 of 1")
    assert 1e-4 == plain.safe(1e-4) == plain.independent(1e-4)


def test_two_of_three_under_both_assumptions() -> None:
    """Safe: twice alpha. Independent: `a (1 - (1 - a)^2) = alpha`, about `sqrt(alpha / 2)`."""
    rule = Persistence.parse("2 of 3")
    a = rule.independent(1e-4)
    assert 2e-4 == rule.safe(1e-4)
    assert 1e-4 == pytest.approx(a * (1 - (1 - a) ** 2), rel=1e-6)
    assert np.sqrt(0.5e-4) == pytest.approx(a, rel=0.01)


def incidents(violated: np.ndarray, rule: Persistence) -> int:
    """Incidents as the class defines them: opened by k of n, closed by n quiet windows."""
    count, is_open = 0, False
    for t in range(len(violated)):
        last = violated[max(0, t - rule.n + 1) : t + 1]
        if is_open:
            is_open = bool(last.any())
        elif violated[t] and last.sum() >= rule.k:
            count, is_open = count + 1, True
    return count


@settings(deadline=None)
@given(
    st.lists(st.booleans(), max_size=200),
    st.integers(1, 4).flatmap(lambda n: st.builds(Persistence, st.integers(1, n), st.just(n))),
)
def test_each_incident_uses_up_k_windows_of_its_own(
    violated: list[bool], rule: Persistence
) -> None:
    """However the violated windows depend on each other: this is what makes `safe` safe."""
    assert incidents(np.array(violated, bool), rule) * rule.k <= sum(violated)


def test_independent_windows_open_as_many_incidents_as_allowed() -> None:
    """200,000 windows at the level for alpha = 0.002: 400 incidents, less those that overlap."""
    rule = Persistence(2, 3)
    a = rule.independent(0.002)
    opened = incidents(np.random.default_rng(1).random(200_000) < a, rule)
    assert 300 < opened < 440


@pytest.mark.parametrize("text", ["2 of 2", "2 of 3", "3 of 5"])
def test_persistence_never_asks_for_less_than_a_single_window(text: str) -> None:
    """Both levels lie between alpha and the cap, and the independent one is the larger."""
    rule = Persistence.parse(text)
    for alpha in (1e-6, 1e-3, 0.09):
        assert alpha < rule.safe(alpha) <= rule.independent(alpha) <= MOST
