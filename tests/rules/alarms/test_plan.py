"""The plan: which tests are made, what each may spend, and from where on it speaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.rules.alarms.made import DAY, plan

from tidegauge.model.outcome import Check
from tidegauge.model.statistics import InferredType
from tidegauge.rules.alarms.calibration import Calibration, FeatureCalibration
from tidegauge.rules.alarms.design_effect import Uncalibrated
from tidegauge.rules.alarms.plan import ROWS
from tidegauge.rules.alarms.policy import Method, Override, Setting
from tidegauge.rules.constraints import Constraints, FeatureConstraints, MonitoringConfig

NUMBER = FeatureConstraints("n", InferredType.FRACTIONAL, 1.0, is_non_negative=True)
TEXT = FeatureConstraints("t", InferredType.STRING, 0.9, domains=("a", "b"))
NOTHING = FeatureConstraints("u", InferredType.UNKNOWN)
CONSTRAINTS = Constraints((NUMBER, TEXT, NOTHING))


def test_shares_and_distributions_are_tested_and_facts_are_not() -> None:
    """Missing columns, and whether a text column is one, are seen with certainty."""
    assert {
        ("n", Check.DATA_TYPE),
        ("n", Check.COMPLETENESS),
        ("n", Check.NON_NEGATIVE),
        ("n", Check.BASELINE_DRIFT),
        ("t", Check.COMPLETENESS),
        ("t", Check.CATEGORICAL_VALUES),
        ("t", Check.BASELINE_DRIFT),
        ROWS,
    } == set(plan().trials(CONSTRAINTS))


def test_the_budget_is_divided_by_the_tests_that_are_made() -> None:
    """8 of them a day, in two variants; what is switched off spends nothing."""
    asked = replace(plan(), variants=2)
    found = asked.trials(CONSTRAINTS)
    assert [1 / (30 * 8 * 2)] * 8 == pytest.approx([trial.alpha for trial in found.values()])

    off = replace(CONSTRAINTS, config=MonitoringConfig(perform_comparison=False))
    assert [1 / (30 * 6)] * 6 == pytest.approx([t.alpha for t in plan().trials(off).values()])


def test_windows_that_start_more_often_are_more_tests() -> None:
    """A window every hour, whatever its length."""
    hourly = replace(plan(), spacing=timedelta(hours=1)).trials(CONSTRAINTS)
    daily = replace(plan(), spacing=DAY).trials(CONSTRAINTS)
    for test, trial in daily.items():
        assert trial.alpha == pytest.approx(24 * hourly[test].alpha)


def test_what_sagemaker_decides_spends_nothing() -> None:
    """A check, or a feature, that the budget does not decide."""
    theirs = Override(method=Method.SAGEMAKER)
    asked = plan(checks={Check.BASELINE_DRIFT: theirs}, features={"t": theirs})
    found = asked.trials(CONSTRAINTS)
    of_n = {("n", check) for check in (Check.DATA_TYPE, Check.COMPLETENESS, Check.NON_NEGATIVE)}
    assert of_n | {ROWS} == set(found)
    assert [1 / (30 * 4)] * 4 == pytest.approx([trial.alpha for trial in found.values()])
    assert {} == plan(default=Setting(method=Method.SAGEMAKER)).trials(CONSTRAINTS)


@pytest.mark.parametrize(
    ("config", "overrides", "floor"),
    [
        ({}, {}, 0.02),
        ({"comparison_threshold": 0.1}, {}, 0.02),
        ({"comparison_threshold": 0.3}, {}, 0.3),
        ({"comparison_threshold": 0.3}, {"comparison_threshold": 0.1}, 0.1),
        ({}, {"comparison_threshold": 0.0}, 0.0),
        ({}, {"categorical_comparison_threshold": 0.4}, 0.02),
    ],
)
def test_the_document_outdoes_the_floor_of_the_conf(
    config: dict[str, float], overrides: dict[str, float], floor: float
) -> None:
    """What was accepted for a feature counts, then what is asked of all, then the conf."""
    asked = Constraints((replace(NUMBER, overrides=overrides),), MonitoringConfig(**config))
    trials = plan(default=Setting(min_effect=0.02)).trials(asked)
    assert floor == trials["n", Check.BASELINE_DRIFT].setting.min_effect
    assert 0.02 == trials["n", Check.COMPLETENESS].setting.min_effect


def test_a_trial_knows_what_the_blocks_say_and_the_season() -> None:
    """Of its own feature; of one that is not calibrated it knows nothing."""
    none = Uncalibrated("too few blocks")
    known = FeatureCalibration(none, none)
    asked = replace(plan(), calibration=Calibration(features={"n": known}), season=3)
    found = asked.trials(CONSTRAINTS)
    assert (known, 3) == (
        found["n", Check.BASELINE_DRIFT].calibration,
        found["n", Check.BASELINE_DRIFT].season,
    )
    assert found["t", Check.BASELINE_DRIFT].calibration is None
