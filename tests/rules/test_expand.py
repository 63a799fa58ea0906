"""Expansion: which checks a document of constraints stands for, settings applied."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegauge.model.outcome import Check
from tidegauge.model.statistics import InferredType
from tidegauge.rules.constraints import (
    CategoricalDrift,
    CategoricalMethod,
    ComparisonMethod,
    Completeness,
    Constraint,
    Constraints,
    DataType,
    Disabled,
    Domain,
    FeatureConstraints,
    MissingColumn,
    MonitoringConfig,
    NonNegative,
    NumericDrift,
    expand,
)

NUMBER = FeatureConstraints("n", InferredType.INTEGRAL, 0.9, is_non_negative=True)
TEXT = FeatureConstraints("s", InferredType.STRING, domains=("a", "b"))
ROBUST, L_INFINITY = ComparisonMethod.ROBUST, CategoricalMethod.L_INFINITY


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (
            NUMBER,
            (
                MissingColumn("n"),
                DataType("n", InferredType.INTEGRAL, 1.0),
                Completeness("n", 0.9),
                NonNegative("n"),
                NumericDrift("n", 0.1, ROBUST),
            ),
        ),
        (
            TEXT,
            (
                MissingColumn("s"),
                DataType("s", InferredType.STRING, 1.0),
                Domain("s", ("a", "b"), 1.0),
                CategoricalDrift("s", 0.1, ROBUST, L_INFINITY),
            ),
        ),
        (
            FeatureConstraints("u", InferredType.UNKNOWN, is_non_negative=False),
            (MissingColumn("u"), DataType("u", InferredType.UNKNOWN, 1.0)),
        ),
    ],
    ids=["number", "text", "unknown"],
)
def test_a_feature_is_expanded_by_its_type(
    feature: FeatureConstraints, expected: tuple[Constraint, ...]
) -> None:
    """What is not required is not checked; the real container's defaults are the thresholds."""
    assert expected == expand(Constraints((feature,)))


@pytest.mark.parametrize(
    ("own", "threshold"),
    [
        ({}, 0.2),
        ({"comparison_threshold": 0.4}, 0.4),
        ({"categorical_comparison_threshold": 0.3}, 0.3),
        ({"categorical_comparison_threshold": 0.3, "comparison_threshold": 0.4}, 0.3),
    ],
)
def test_a_features_threshold_is_for_its_categories_too(
    own: dict[str, float], threshold: float
) -> None:
    """Unless it has one for categories: the service's default, which holds at both levels."""
    config = MonitoringConfig(categorical_comparison_threshold=0.2)
    found = expand(Constraints((replace(TEXT, overrides=own),), config))

    assert CategoricalDrift("s", threshold, ROBUST, L_INFINITY) in found


def test_every_setting_can_be_overridden_for_one_feature() -> None:
    """The document's settings for one, its own for the other."""
    config = MonitoringConfig(comparison_threshold=0.2, datatype_check_threshold=0.9)
    own = {
        "comparison_threshold": 0.3,
        "comparison_method": ComparisonMethod.SIMPLE,
        "datatype_check_threshold": 0.5,
    }
    features = (NUMBER, replace(NUMBER, name="m", overrides=own))
    found = expand(Constraints(features, config))
    drifts = [c for c in found if isinstance(c, NumericDrift)]
    types = [c.threshold for c in found if isinstance(c, DataType)]
    assert drifts == [
        NumericDrift("n", 0.2, ROBUST),
        NumericDrift("m", 0.3, ComparisonMethod.SIMPLE),
    ]
    assert types == [0.9, 0.5]


def test_what_is_switched_off_is_still_there_by_name() -> None:
    """A disabled check becomes an outcome that says so, never nothing."""
    off = replace(NUMBER, overrides={"evaluate_constraints": False})
    undrifted = replace(TEXT, overrides={"perform_comparison": False})
    found = expand(Constraints((off, undrifted)))
    assert [c.check for c in found] == [
        *(Check.MISSING_COLUMN, Check.DATA_TYPE, Check.COMPLETENESS, Check.NON_NEGATIVE),
        Check.BASELINE_DRIFT,
        *(Check.MISSING_COLUMN, Check.DATA_TYPE, Check.CATEGORICAL_VALUES, Check.BASELINE_DRIFT),
    ]
    assert [c for c in found if isinstance(c, Disabled)] == [
        *(Disabled("n", c.check, "evaluate_constraints") for c in found[:5]),
        Disabled("s", Check.BASELINE_DRIFT, "perform_comparison"),
    ]
