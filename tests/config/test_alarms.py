"""`alarms:` in a conf: the defaults, the policy it amounts to, and every fault with its key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tidegauge.config.alarms import policy_of
from tidegauge.config.loading import conf_from_tree
from tidegauge.errors import UsageError
from tidegauge.rules.alarms.budget import Budget, Persistence
from tidegauge.rules.alarms.policy import Method, Policy, Setting

LEAST = {
    "version": 1,
    "monitor": "flights",
    "store": "build/store",
    "training": {"uri": "data", "format": "parquet"},
}
DRIFT, MISSING = "baseline_drift_check", "completeness_check"


def policy(section: dict[str, Any]) -> Policy:
    """The policy of a conf with this section."""
    return policy_of(conf_from_tree({**LEAST, "alarms": section}, "conf.yaml").alarms)


def test_the_defaults_are_the_documented_ones() -> None:
    """One false alarm a month, in all."""
    expected = Policy(
        Budget(1.0, timedelta(days=30)),
        Setting(0.05, 0.005, 0.8, Method.BUDGET),
        Persistence(1, 1),
    )
    assert expected == policy({}) == policy_of(conf_from_tree(LEAST, "conf.yaml").alarms)


def test_every_key_is_heard() -> None:
    """By default, for a check, for a feature, and for a check of a feature."""
    found = policy(
        {
            "false_alarms": "2 per 1w",
            "min_effect": 0.1,
            "min_share": 0.01,
            "power": 0.9,
            "persistence": "2 of 3",
            "critical": ["distance"],
            "checks": {MISSING: {"min_share": 0.2, "false_alarms": "1 per 1d"}},
            "features": {
                "distance": {"min_effect": 0.3, "checks": {DRIFT: {"method": "sagemaker"}}},
                "dep.delay": {"power": 0.5},
            },
        }
    )
    assert (Budget(2.0, timedelta(days=7)), Persistence(2, 3)) == (
        found.false_alarms,
        found.persistence,
    )
    assert frozenset({"distance"}) == found.critical
    assert Setting(0.3, 0.01, 0.9, Method.SAGEMAKER) == found.of("distance", DRIFT)
    assert Setting(0.3, 0.2, 0.9, Method.BUDGET) == found.of("distance", MISSING)
    assert Setting(0.1, 0.01, 0.5, Method.BUDGET) == found.of("dep.delay", DRIFT)
    levels = found.levels([("a", MISSING), ("a", DRIFT)], timedelta(days=1), 10)
    assert (0.1, 2 / 7 / 10 * 2) == pytest.approx((levels["a", MISSING], levels["a", DRIFT])) or (
        pytest.approx(levels["a", MISSING]) == 2 * 0.1
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"false_alarms": "often"}, "alarms.false_alarms: 'often' is not a budget"),
        ({"false_alarms": "0 per 30d"}, "alarms.false_alarms: '0 per 30d' is not a budget"),
        ({"false_alarms": "1 per month"}, "'month' is not a duration"),
        ({"persistence": "3 of 2"}, "alarms.persistence: '3 of 2' is not a persistence"),
        ({"min_effect": 1.0}, "alarms.min_effect: expected a share from 0 to below 1, found 1.0"),
        ({"min_share": -0.1}, "alarms.min_share: expected a share"),
        ({"power": 1}, "alarms.power: expected a probability between 0 and 1"),
        ({"min_efect": 0.1}, "unknown key 'alarms.min_efect'; did you mean 'min_effect'?"),
        ({"method": "budgt"}, "alarms.method"),
        (
            {"checks": {"completenes_check": {}}},
            "unknown key 'alarms.checks.completenes_check'; did you mean 'completeness_check'?",
        ),
        (
            {"features": {"x": {"checks": {"drift": {}}}}},
            "unknown key 'alarms.features.x.checks.drift'",
        ),
        (
            {"features": {"x": {"checks": {DRIFT: {"false_alarms": "1"}}}}},
            f"alarms.features.x.checks.{DRIFT}.false_alarms: '1' is not a budget",
        ),
        ({"features": {"x": {"power": 2}}}, "alarms.features.x.power: expected"),
        ({"features": {"x": {"powr": 0.5}}}, "did you mean 'power'?"),
        ({"checks": {DRIFT: {"persistence": "1 of 2"}}}, "persistence"),
        ({"critical": "distance"}, "alarms.critical"),
        ({"min_effect": "large"}, "alarms.min_effect"),
    ],
)
def test_a_fault_is_told_with_its_key(section: dict[str, Any], told: str) -> None:
    """What is wrong, and the nearest right word."""
    with pytest.raises(UsageError) as error:
        policy(section)
    assert told in str(error.value)


def test_all_faults_are_told_at_once() -> None:
    """So that nobody mends one after another."""
    with pytest.raises(UsageError) as error:
        policy({"false_alarms": "x", "power": 3, "checks": {"y": {}}})
    for place in ("alarms.false_alarms", "alarms.power", "alarms.checks.y"):
        assert place in str(error.value)
