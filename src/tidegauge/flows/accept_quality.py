"""Acceptance of a metric: its constraint gets the margin around what a window has shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.documents.quality import constraints as constraints_document
from tidegauge.documents.quality import statistics as statistics_document
from tidegauge.documents.text import load
from tidegauge.errors import UsageError
from tidegauge.flows.pinned_quality import read_pinned_quality
from tidegauge.monitors.data_quality import STATISTICS
from tidegauge.rules.alarms.edits import Edit
from tidegauge.rules.quality.edits import THRESHOLD, accepting, applied
from tidegauge.sinks.runs import read_document, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tidegauge.flows.job import Job
    from tidegauge.model.quality import QualityStatistics
    from tidegauge.rules.quality.constraints import MetricConstraint
    from tidegauge.sinks.layout import RunKey


def accepted_metric(
    job: Job, keys: Sequence[RunKey], metric: str
) -> tuple[str, dict[str, Any], tuple[Edit, ...]]:
    """The pinned baseline's id, its constraints as they are to be, and the edit of them.

    `keys` are the runs of one window that violated the metric; of several variants the worst one
    is accepted, and with it the others.

    Raises:
        UsageError: the pinned constraints do not have the metric, or accept the window already; or
            there is no baseline.
        StorageError: the runs' statistics cannot be read, or are not those that they committed.
    """
    baseline = read_pinned_quality(job)
    constraints = baseline.against.constraints
    current = next((c for c in constraints.metrics if c.metric == metric), None)
    if current is None:
        raise UsageError(
            f"the pinned constraints of model quality have none on {metric!r}: there is nothing "
            "that could be loosened"
        )
    sign = current.operator.sign
    accepted = max(
        (_accepting(job, key, current) for key in keys), key=lambda one: sign * one.threshold
    )
    if sign * (accepted.threshold - current.threshold) <= 0:
        raise UsageError(
            f"the pinned constraint on {metric} allows what the window has shown already, with the "
            f"threshold {current.threshold:.6g}: run the window again to judge it anew"
        )
    document = constraints_document.encode(applied(constraints, accepted))
    return baseline.id, document, (Edit(metric, THRESHOLD, accepted.threshold),)


def _accepting(job: Job, key: RunKey, constraint: MetricConstraint) -> MetricConstraint:
    statistics = _statistics(job, key)
    estimate = statistics.metrics[constraint.metric]
    return accepting(constraint, estimate, statistics.rows, key.window.key)


def _statistics(job: Job, key: RunKey) -> QualityStatistics:
    folder = job.layout.run(key)
    uri = join(folder, STATISTICS)
    record = read_run(job.storage, folder)
    if record is None:
        raise UsageError(f"the run {folder} was taken back meanwhile: run its window again")
    data = read_document(job.storage, folder, record, STATISTICS)
    return statistics_document.decode(load(data, uri), uri)
