"""A window's metrics, by the names, namespaces and dimensions that the service's alarms use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.model.outcome import Check, Outcome, Verdict
from tidegauge.model.statistics import (
    FeatureStatistics,
    InferredType,
    NumericStatistics,
    Sketch,
    Statistics,
    StringStatistics,
)
from tidegauge.model.window import parse_time
from tidegauge.rules.constraints import Constraints, FeatureConstraints, MonitoringConfig
from tidegauge.sinks.cloudwatch import Series, metrics_document, namespace
from tidegauge.sinks.layout import MonitorType
from tidegauge.sinks.service_layout import ServiceNames

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT = ServiceNames("late-arrival-schedule", "late-arrival")
SERIES = Series(ENDPOINT, parse_time("2013-06-20T00:00Z"))


def numeric(name: str = "distance", **numbers: float) -> FeatureStatistics:
    """Three finite numbers of four present values; the fifth row has none."""
    values = {"mean": 2.0, "sum": 6.0, "std_dev": 1.0, "min": 1.0, "max": 3.0} | numbers
    sketch = Sketch((np.array([1.0, 2.0, 3.0]),))
    found = NumericStatistics(**values, sketch=sketch)
    return FeatureStatistics(name, InferredType.FRACTIONAL, 4, 1, found)


def text(name: str = "carrier", present: int = 5, missing: int = 0) -> FeatureStatistics:
    """A feature of texts."""
    return FeatureStatistics(
        name, InferredType.STRING, present, missing, text=StringStatistics(2.0, None)
    )


def drift(feature: str, verdict: Verdict, **numbers: float) -> Outcome:
    """What became of a comparison with the baseline."""
    return Outcome(feature, Check.BASELINE_DRIFT, verdict, "", numbers)


def metrics(
    *features: FeatureStatistics,
    outcomes: tuple[Outcome, ...] = (),
    constraints: Constraints | None = None,
    series: Series = SERIES,
) -> dict[str, Mapping[str, Any]]:
    """The document's lines, by the metric's name."""
    statistics = Statistics(5, features)
    document = metrics_document(statistics, outcomes, constraints or Constraints(), series)
    assert document is not None
    lines = [json.loads(line) for line in document.decode().splitlines()]
    named = {line["MetricName"]: line for line in lines}
    assert len(lines) == len(named)
    return named


def test_a_line_is_one_datum_as_the_guide_shows_it() -> None:
    """Name, window start, the two dimensions and a value, in the order of the guide's example."""
    found = metrics(numeric(), outcomes=(drift("distance", Verdict.VIOLATED, distance=0.3),))

    assert (
        '{"MetricName": "feature_baseline_drift_distance", "Timestamp": "2013-06-20T00:00:00Z", '
        '"Dimensions": [{"Name": "Endpoint", "Value": "late-arrival"}, '
        '{"Name": "MonitoringSchedule", "Value": "late-arrival-schedule"}], "Value": 0.3}'
    ) == json.dumps(found["feature_baseline_drift_distance"])


def test_numbers_are_summed_up_as_a_statistic_set() -> None:
    """Average is Sum by SampleCount, which is the mean: the NaN among the values is not counted."""
    assert {
        "SampleCount": 3.0,
        "Sum": 6.0,
        "Minimum": 1.0,
        "Maximum": 3.0,
    } == metrics(numeric())["feature_data_distance"]["StatisticValues"]


def test_the_rows_that_have_a_value_are_counted_for_every_feature() -> None:
    """Sum is how many values there are, Average is the completeness; texts have no data metric."""
    found = metrics(numeric(), text(missing=3), text("empty", present=0, missing=5))

    assert {
        "feature_data_distance",
        "feature_non_null_distance",
        "feature_non_null_carrier",
        "feature_non_null_empty",
    } == set(found)
    assert {
        "SampleCount": 8.0,
        "Sum": 5.0,
        "Minimum": 0.0,
        "Maximum": 1.0,
    } == found["feature_non_null_carrier"]["StatisticValues"]
    assert {
        "SampleCount": 5.0,
        "Sum": 0.0,
        "Minimum": 0.0,
        "Maximum": 0.0,
    } == found["feature_non_null_empty"]["StatisticValues"]


def test_a_window_without_rows_has_a_document_without_metrics() -> None:
    """CloudWatch has a notion of missing data; zeros would be false news."""
    assert {} == metrics(text(present=0))
    assert {} == metrics()


@pytest.mark.parametrize("verdict", [Verdict.NOT_ENOUGH_DATA, Verdict.NOT_EVALUATED])
def test_an_undecided_comparison_has_no_distance(verdict: Verdict) -> None:
    """A small number there would look like a comparison that held."""
    outcomes = (drift("carrier", verdict, distance=0.0),)

    assert {"feature_non_null_carrier"} == set(metrics(text(), outcomes=outcomes))


def test_the_chi_squared_test_has_its_statistic() -> None:
    """The number that the sentence of a violation calls the distance."""
    outcomes = (drift("carrier", Verdict.HELD, statistic=7.5, p_value=0.4),)

    found = metrics(text(), outcomes=outcomes)

    assert 7.5 == found["feature_baseline_drift_carrier"]["Value"]


def test_other_outcomes_are_no_metrics() -> None:
    """The service has metrics of drift alone."""
    outcomes = (Outcome("carrier", Check.COMPLETENESS, Verdict.VIOLATED, "", {"observed": 0.1}),)

    assert {"feature_non_null_carrier"} == set(metrics(text(), outcomes=outcomes))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -(2.0**361)])
def test_what_cloudwatch_refuses_is_left_out(number: float) -> None:
    """One number that is none would cost the whole call."""
    assert {"feature_non_null_distance"} == set(metrics(numeric(sum=number)))


def test_emit_metrics_switches_metrics_off_and_on() -> None:
    """For all, for one feature, and for columns that the constraints do not know."""
    off = MonitoringConfig(emit_metrics=False)
    carrier = FeatureConstraints("carrier", InferredType.STRING)
    spoken = FeatureConstraints("carrier", InferredType.STRING, overrides={"emit_metrics": True})
    silent = FeatureConstraints("carrier", InferredType.STRING, overrides={"emit_metrics": False})

    def names(constraints: Constraints) -> set[str]:
        return set(metrics(text(), text("extra"), constraints=constraints))

    assert {"feature_non_null_extra"} == names(Constraints((silent,)))
    assert {"feature_non_null_carrier"} == names(Constraints((spoken,), off))
    assert metrics_document(Statistics(0), (), Constraints((carrier,), off), SERIES) is None


def test_a_batch_transform_has_no_endpoint() -> None:
    """Another namespace, and one dimension."""
    batch = ServiceNames("nightly")
    found = metrics(text(), series=Series(batch, SERIES.time))

    assert [{"Name": "MonitoringSchedule", "Value": "nightly"}] == found[
        "feature_non_null_carrier"
    ]["Dimensions"]
    assert (
        "aws/sagemaker/Endpoints/data-metrics",
        "aws/sagemaker/ModelMonitoring/data-metrics",
    ) == (namespace(MonitorType.DATA_QUALITY, ENDPOINT), namespace(MonitorType.DATA_QUALITY, batch))


@given(st.lists(st.text(st.characters(), max_size=400), unique=True, max_size=5))
def test_any_names_of_features_give_distinct_names_that_cloudwatch_takes(names: list[str]) -> None:
    """At most 255 characters, no control characters, UTF-8, and no two features under one name."""
    found = metrics(*map(text, names))

    assert len(names) == len(found)
    assert all(len(name) <= 255 and name.isprintable() for name in found)


def test_an_ordinary_name_stays_as_it_is() -> None:
    """Spaces, dots and slashes of a feature's name are CloudWatch's, too."""
    assert {"feature_non_null_Zone 1/größe.x"} == set(metrics(text("Zone 1/größe.x")))
