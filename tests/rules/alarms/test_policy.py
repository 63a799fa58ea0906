"""What people ask of alarms: the most particular wish counts, and every budget is spent once."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.rules.alarms.budget import MOST, Budget, Persistence
from tidegauge.rules.alarms.policy import Method, Override, Policy, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.rules.alarms.policy import Test

FEATURES, CHECKS = ("a", "b", "c", "d"), ("drift", "missing", "type")
TESTS = [(feature, check) for feature in FEATURES for check in CHECKS]
BUDGETS = st.builds(
    Budget,
    st.sampled_from([0.01, 0.5, 1.0, 3.0]),
    st.sampled_from([timedelta(days=days) for days in (1, 7, 30)]),
)
OVERRIDES = st.builds(
    Override,
    st.none() | BUDGETS,
    st.none() | st.sampled_from([0.0, 0.1]),
    st.none() | st.sampled_from([0.0, 0.01]),
    st.none() | st.sampled_from([0.5, 0.9]),
    st.none() | st.sampled_from(Method),
)
POLICIES = st.builds(
    Policy,
    BUDGETS,
    checks=st.dictionaries(st.sampled_from(CHECKS), OVERRIDES),
    features=st.dictionaries(st.sampled_from(FEATURES), OVERRIDES),
    feature_checks=st.dictionaries(st.sampled_from(TESTS), OVERRIDES),
)
SPACINGS = st.sampled_from([timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)])


def places(policy: Policy, test: Test) -> list[tuple[str, Override]]:
    """Where a wish for a test may stand, the most particular first."""
    held: list[tuple[str, Mapping[object, Override], object]] = [
        ("both", policy.feature_checks, test),  # type: ignore[list-item]
        ("feature", policy.features, test[0]),  # type: ignore[list-item]
        ("check", policy.checks, test[1]),  # type: ignore[list-item]
    ]
    return [(f"{name} {key}", known[key]) for name, known, key in held if key in known]


@given(POLICIES, st.sampled_from(TESTS))
def test_each_setting_comes_from_the_most_particular_place_that_has_it(
    policy: Policy, test: Test
) -> None:
    """The feature's check, the feature, the check, the default: key by key."""
    for key in fields(Setting):
        wishes = [getattr(override, key.name) for _, override in places(policy, test)]
        expected = next((w for w in wishes if w is not None), getattr(policy.default, key.name))
        assert expected == getattr(policy.of(*test), key.name)


@given(POLICIES, SPACINGS, st.integers(1, 5), st.sets(st.sampled_from(TESTS), min_size=1))
def test_the_levels_of_a_budget_add_up_to_it(
    policy: Policy, spacing: timedelta, variants: int, tests: set[Test]
) -> None:
    """Over all its tests of all windows and variants of its period; never more than the cap."""
    levels = policy.levels(sorted(tests), spacing, variants)
    spenders: dict[tuple[str, Budget], list[Test]] = {}
    for test in tests:
        found = ((at, o.false_alarms) for at, o in places(policy, test) if o.false_alarms)
        spenders.setdefault(next(found, ("default", policy.false_alarms)), []).append(test)
    assert set(levels) == tests
    for (_, budget), those in spenders.items():
        windows = budget.period / spacing
        spent = sum(levels[test] for test in those) * windows * variants
        capped = MOST * len(those) * windows * variants
        assert min(budget.alarms, capped) == pytest.approx(spent)


@given(POLICIES, st.sampled_from([(1, 1), (2, 3), (3, 3)]))
def test_an_incident_of_k_windows_lets_each_spend_k_times_as_much(
    policy: Policy, persistence: tuple[int, int]
) -> None:
    """So that incidents, not windows, stay within the budget."""
    day = timedelta(days=1)
    patient = Policy(
        policy.false_alarms, policy.default, Persistence(*persistence), frozenset(),
        policy.checks, policy.features, policy.feature_checks,
    )  # fmt: skip
    single, several = policy.levels(TESTS, day, 2), patient.levels(TESTS, day, 2)
    for test in TESTS:
        assert min(MOST, persistence[0] * single[test]) == pytest.approx(several[test])


def test_two_places_with_the_same_words_are_two_budgets() -> None:
    """One false alarm a month for each of two features is two, not one shared by both."""
    own = Override(false_alarms=Budget(1.0, timedelta(days=30)))
    policy = Policy(features={"a": own, "b": own})
    levels = policy.levels([("a", "drift"), ("b", "drift"), ("c", "drift")], timedelta(days=1), 1)
    assert [1 / 30] * 3 == pytest.approx(list(levels.values()))
