"""`cloudwatch_metrics.jsonl` of model quality: the scalar metrics by the names that alarms watch.

Source: the developer guide's "Monitor Model Quality Metrics with CloudWatch", and listings of what
the service published: each metric's value, and `total_number_of_violations`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tidegauge.sinks.cloudwatch import GREATEST, dimensions

if TYPE_CHECKING:
    from tidegauge.model.quality import QualityStatistics
    from tidegauge.sinks.cloudwatch import Series

_VIOLATIONS = "total_number_of_violations"


def quality_metrics_document(
    statistics: QualityStatistics, violations: int, series: Series
) -> bytes:
    """The metrics of a window, one JSON object a line; an undefined metric has none."""
    values = {name: metric.value for name, metric in statistics.metrics.items()}
    values[_VIOLATIONS] = float(violations)
    common = {"Timestamp": f"{series.time:%Y-%m-%dT%H:%M:%SZ}", "Dimensions": dimensions(series)}
    lines = (
        json.dumps({"MetricName": name, **common, "Value": value}, allow_nan=False)
        for name, value in values.items()
        if value is not None and abs(value) <= GREATEST
    )
    return "".join(f"{line}\n" for line in lines).encode()
