"""constraints.json: all spellings are read, the modern one is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.documents import constraints as codec
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.statistics import InferredType
from tidegauge.rules.constraints import (
    CategoricalMethod,
    ComparisonMethod,
    Constraints,
    FeatureConstraints,
    MonitoringConfig,
)

shares = st.floats(0, 1)
settings = {
    "evaluate_constraints": st.booleans(),
    "emit_metrics": st.booleans(),
    "datatype_check_threshold": shares,
    "domain_content_threshold": shares,
    "perform_comparison": st.booleans(),
    "comparison_threshold": st.floats(0, 10),
    "comparison_method": st.sampled_from(ComparisonMethod),
    "categorical_comparison_threshold": st.floats(0, 10),
    "categorical_drift_method": st.sampled_from(CategoricalMethod),
}
documents = st.builds(
    Constraints,
    st.lists(
        st.builds(
            FeatureConstraints,
            st.text(),
            st.sampled_from(InferredType),
            st.none() | shares,
            st.none() | st.booleans(),
            st.none() | st.lists(st.text(), max_size=3).map(tuple),
            st.fixed_dictionaries({}, optional=settings),
        ),
        max_size=3,
        unique_by=lambda feature: feature.name,
    ).map(tuple),
    st.builds(MonitoringConfig, **settings),
    st.dictionaries(st.text(), st.integers(), max_size=2),
)


@given(documents)
def test_decode_reads_what_encode_wrote(constraints: Constraints) -> None:
    """The round trip law, overrides of every setting included."""
    data = dump(codec.encode(constraints))
    assert constraints == codec.decode(load(data, "constraints.json"), "constraints.json")


def test_the_modern_shape_is_written() -> None:
    """Keys, order and number types of the service; overrides in the docs' spelling."""
    constraints = Constraints(
        (
            FeatureConstraints("n", InferredType.INTEGRAL, 1, is_non_negative=True),
            FeatureConstraints("s", InferredType.STRING, 0.5, domains=("b", "a")),
            FeatureConstraints(
                "t", InferredType.FRACTIONAL, 1.0, overrides={"perform_comparison": False}
            ),
        )
    )
    expected = """{
  "version": 0.0,
  "features": [
    {
      "name": "n",
      "inferred_type": "Integral",
      "completeness": 1.0,
      "num_constraints": {"is_non_negative": true}
    },
    {
      "name": "s",
      "inferred_type": "String",
      "completeness": 0.5,
      "string_constraints": {
        "domains": ["b", "a"]
      }
    },
    {
      "name": "t",
      "inferred_type": "Fractional",
      "completeness": 1.0,
      "monitoringConfigOverrides": {
        "distribution_constraints": {"perform_comparison": "Disabled"}
      }
    }
  ],
  "monitoring_config": {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
      "perform_comparison": "Enabled",
      "comparison_threshold": 0.1,
      "comparison_method": "Robust",
      "categorical_comparison_threshold": 0.1,
      "categorical_drift_method": "LInfinity"
    }
  }
}
"""
    assert expected == dump(codec.encode(constraints)).decode()


def _config(**distribution: Any) -> MonitoringConfig:  # noqa: ANN401  (any JSON value)
    document = {
        "features": [],
        "monitoring_config": {"distribution_constraints": distribution},
    }
    return codec.decode(document, "constraints.json").config


@pytest.mark.parametrize("key", ["comparison_method", "comparion_method"])
@pytest.mark.parametrize(
    ("word", "method"),
    [
        ("Simple", ComparisonMethod.SIMPLE),
        ("linf_simple", ComparisonMethod.SIMPLE),
        ("Robust", ComparisonMethod.ROBUST),
        ("linf_robust", ComparisonMethod.ROBUST),
    ],
)
def test_each_spelling_of_the_method_is_read(key: str, word: str, method: ComparisonMethod) -> None:
    """The container's words, the docs' words, and the docs' typo."""
    assert method == _config(**{key: word}).comparison_method


def test_the_keys_of_2019_are_read() -> None:
    """Before the service was released, two settings had other names."""
    config = _config(enable_comparisons=False, min_domain_mass=0.5)
    assert (False, 0.5) == (config.perform_comparison, config.domain_content_threshold)


def test_the_categorical_threshold_defaults_to_the_other() -> None:
    """As the docs say; files from before the categorical options rely on it."""
    assert _config(comparison_threshold=0.3).categorical_comparison_threshold == 0.3
    assert MonitoringConfig() == _config()


@pytest.mark.parametrize("spelling", ["monitoringConfigOverrides", "monitoring_config_overrides"])
@pytest.mark.parametrize("holder", ["feature", "num_constraints", "string_constraints"])
def test_overrides_are_read_wherever_they_stand(spelling: str, holder: str) -> None:
    """Both spellings, at the feature and inside its constraints, nested or flat."""
    overrides = {
        spelling: {
            "evaluate_constraints": "Disabled",
            "comparison_threshold": 0.2,
            "distribution_constraints": {"comparison_method": "Simple"},
        }
    }
    feature = {"name": "x", "inferred_type": "String"}
    feature |= overrides if holder == "feature" else {holder: overrides}
    (found,) = codec.decode({"features": [feature]}, "constraints.json").features
    expected = {
        "evaluate_constraints": False,
        "comparison_threshold": 0.2,
        "comparison_method": ComparisonMethod.SIMPLE,
    }
    assert expected == found.overrides


def test_what_the_sdk_switches_off_in_our_document_is_off() -> None:
    """`Constraints.set_monitoring` writes inside string_constraints; the inner override wins."""
    overrides = {"evaluate_constraints": True}
    ours = Constraints(
        (FeatureConstraints("s", InferredType.STRING, 1.0, None, ("a",), overrides),)
    )
    document = codec.encode(ours)
    # What the SDK does, to the letter.
    strings = document["features"][0]["string_constraints"]
    strings["monitoring_config_overrides"] = {"evaluate_constraints": "Disabled"}
    (feature,) = codec.decode(document, "constraints.json").features
    assert {"evaluate_constraints": False} == feature.overrides


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"completeness": 95}, "features[0].completeness: expected a share, from 0 to 1, found 95"),
        (
            {"completness": 0.9},
            "features[0].completness: unknown key; did you mean 'completeness'?",
        ),
        (
            {"string_constraints": {"domains": ["a", 1]}},
            'features[0].string_constraints.domains: expected a list of texts, found ["a", 1]',
        ),
        (
            {"num_constraints": {"is_non_negative": "yes"}},
            "features[0].num_constraints.is_non_negative: expected 'Enabled' or 'Disabled',",
        ),
        (
            {"monitoringConfigOverrides": {"evaluate_constraints": "Enable"}},
            (
                "features[0].monitoringConfigOverrides.evaluate_constraints: expected 'Enabled' or"
                " 'Disabled', found \"Enable\"; did you mean 'Enabled'?"
            ),
        ),
        (
            {"monitoringConfigOverrides": {"comparison_treshold": 0.2}},
            (
                "features[0].monitoringConfigOverrides.comparison_treshold: unknown key;"
                " did you mean 'comparison_threshold'?"
            ),
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_unfit_value_names_its_path(feature: dict[str, Any], message: str) -> None:
    """What is wrong, where, what was expected and found; a slip never passes in silence."""
    document = {"features": [{"name": "x", "inferred_type": "String"} | feature]}
    with pytest.raises(DocumentError) as caught:
        codec.decode(document, "constraints.json")
    assert str(caught.value).startswith(f"constraints.json: {message}")


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    """An enum's unknown value names the path, what was expected and found, and a near word."""
    message = (
        "constraints.json: monitoring_config.distribution_constraints.comparison_method: expected"
        " one of 'Simple', 'Robust', found \"Robst\"; did you mean 'Robust'?"
    )
    with pytest.raises(DocumentError) as caught:
        _config(comparison_method="Robst")
    assert message == str(caught.value)


def test_unknown_keys_are_tolerated() -> None:
    """What looks like nothing that is known is a newer writer's business."""
    assert MonitoringConfig() == _config(zebra=1)
