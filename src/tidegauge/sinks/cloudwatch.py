"""`cloudwatch_metrics.jsonl`: a window's metrics by the names that SageMaker's alarms watch.

Sources: the developer guide's "CloudWatch Metrics" and "CloudWatch Metrics for Bring Your Own
Containers"; where the two disagree about namespaces and dimensions, what working alarms use. Each
line is one datum as CloudWatch's PutMetricData takes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Check, Verdict
from tidegauge.sinks.layout import MonitorType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tidegauge.model.outcome import Outcome
    from tidegauge.model.statistics import FeatureStatistics, Statistics
    from tidegauge.rules.constraints import Constraints
    from tidegauge.sinks.service_layout import ServiceNames

METRICS = "cloudwatch_metrics.jsonl"

_WORDS = {
    MonitorType.DATA_QUALITY: "data-metrics",
    MonitorType.MODEL_QUALITY: "model-metrics",
    MonitorType.MODEL_BIAS: "bias-metrics",
    MonitorType.MODEL_EXPLAINABILITY: "explainability-metrics",
}
_LONGEST_NAME = 255  # characters
_DIGEST_CHARACTERS = 16
GREATEST = 2.0**360  # CloudWatch refuses what is beyond it
_DECIDED = (Verdict.HELD, Verdict.VIOLATED)


@dataclass(frozen=True, slots=True)
class Series:
    """What the metrics of one window have in common; `time` is the window's start."""

    names: ServiceNames
    time: datetime


def namespace(monitor_type: MonitorType, names: ServiceNames) -> str:
    """The CloudWatch namespace of a type of monitor, for an endpoint or a batch transform."""
    owner = "Endpoints" if names.endpoint else "ModelMonitoring"
    return f"aws/sagemaker/{owner}/{_WORDS[monitor_type]}"


def metrics_document(
    statistics: Statistics, outcomes: Iterable[Outcome], constraints: Constraints, series: Series
) -> bytes | None:
    """The metrics of a window, one JSON object a line, feature by feature.

    `feature_data_{f}` sums up the finite numbers, `feature_non_null_{f}` the rows (each counts 1
    when it has a value, so that Sum is how many have and Average the completeness), and
    `feature_baseline_drift_{f}` is the distance to the baseline where it was decided on. What has
    no rows, and what CloudWatch would refuse, has no metric. None: `emit_metrics` is Disabled.
    """
    overrides = {feature.name: feature.overrides for feature in constraints.features}
    emitted = {
        name: replace(constraints.config, **settings).emit_metrics
        for name, settings in overrides.items()
    }
    otherwise = constraints.config.emit_metrics
    if not otherwise and not any(emitted.values()):
        return None
    distances = {
        outcome.feature: distance
        for outcome in outcomes
        if (distance := _distance(outcome)) is not None
    }
    common = {"Timestamp": f"{series.time:%Y-%m-%dT%H:%M:%SZ}", "Dimensions": dimensions(series)}
    lines = (
        json.dumps({"MetricName": name, **common, **value}, ensure_ascii=False, allow_nan=False)
        for feature in statistics.features
        if emitted.get(feature.name, otherwise)
        for name, value in _values(feature, distances.get(feature.name))
        if _is_fit(value)
    )
    return "".join(f"{line}\n" for line in lines).encode()


def dimensions(series: Series) -> list[dict[str, str]]:
    """What tells the metrics of one monitor from those of others."""
    values = {"Endpoint": series.names.endpoint, "MonitoringSchedule": series.names.schedule}
    return [{"Name": name, "Value": value} for name, value in values.items() if value]


def _distance(outcome: Outcome) -> float | None:
    """The distance as the outcome's sentence has it: the statistic, where the test is chi-squared.

    An undecided comparison has none: no news must not look like good news.
    """
    if outcome.check != Check.BASELINE_DRIFT or outcome.verdict not in _DECIDED:
        return None
    numbers = outcome.numbers
    return float(numbers["distance"] if "distance" in numbers else numbers["statistic"])


def _values(
    feature: FeatureStatistics, distance: float | None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The feature's metrics by name, each as `StatisticValues` or as `Value`."""
    if numbers := _numbers(feature):
        yield _name("feature_data_", feature.name), {"StatisticValues": numbers}
    if rows := feature.num_present + feature.num_missing:
        yield (
            _name("feature_non_null_", feature.name),
            {
                "StatisticValues": {
                    "SampleCount": float(rows),
                    "Sum": float(feature.num_present),
                    "Minimum": float(not feature.num_missing),
                    "Maximum": float(feature.num_present > 0),
                }
            },
        )
    if distance is not None:
        yield _name("feature_baseline_drift_", feature.name), {"Value": distance}


def _numbers(feature: FeatureStatistics) -> dict[str, float] | None:
    """Of the finite numbers, whose count is the sketch's weight; a text among them is none."""
    numeric = feature.numeric
    if numeric is None or numeric.sum is None or numeric.min is None or numeric.max is None:
        return None
    count = numeric.sketch.weight if numeric.sketch else feature.num_present
    return {
        "SampleCount": float(count),
        "Sum": float(numeric.sum),
        "Minimum": float(numeric.min),
        "Maximum": float(numeric.max),
    }


def _is_fit(value: Mapping[str, Any]) -> bool:
    numbers = value["StatisticValues"].values() if "StatisticValues" in value else value.values()
    return all(abs(number) <= GREATEST for number in numbers)  # which NaN is not, either


def _name(prefix: str, feature: str) -> str:
    """The metric's name; where CloudWatch would refuse it, cut or mended with a digest at the end.

    Refused are more than 255 characters, control characters, and what has no UTF-8.
    """
    name = "".join(c if c.isprintable() else "?" for c in prefix + feature)
    if name == prefix + feature and len(name) <= _LONGEST_NAME:
        return name
    digest = sha256(feature.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{name[: _LONGEST_NAME - len(digest) - 1]}-{digest}"
