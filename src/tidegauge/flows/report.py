"""The report job: violations to Hive partitions, a summary for people, and quality over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.alarms import policy_of
from tidegauge.documents.text import dump
from tidegauge.errors import InputError
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.pinned_quality import pinned_statistics
from tidegauge.sinks.incidents import incidents, incidents_document
from tidegauge.sinks.partitions import publish
from tidegauge.sinks.reported import ReportScope, reported_runs
from tidegauge.sinks.series import read_series, series_document
from tidegauge.sinks.summary import summarise, summary_rows
from tidegauge.storage import join

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.layout import MonitorType
    from tidegauge.sinks.reported import ReportedRun
    from tidegauge.sinks.series import Series
    from tidegauge.sinks.summary import SummaryRow

SUMMARY = "summary.json"
INCIDENTS = "incidents.json"
SERIES = "series.json"


@dataclass(frozen=True, slots=True)
class Known:
    """All committed runs of one type, whatever a report is about, and their incidents."""

    runs: tuple[ReportedRun, ...]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported: the runs, the table's lines, where the files are, and what is known."""

    type: MonitorType
    runs: tuple[ReportedRun, ...]
    rows: tuple[SummaryRow, ...]
    partitions: tuple[str, ...]
    summary: str
    known: Known
    series: tuple[Series, ...] = ()


def known_of(job: Job, type_: MonitorType) -> Known:
    """What the store has of one type of monitor.

    Raises:
        DocumentError: a document of a run does not have its shape.
        StorageError: the store could not be read.
    """
    runs = reported_runs(job.storage, job.layout, ReportScope(type_))
    return Known(runs, incidents(runs, policy_of(job.conf.alarms).persistence))


def make_report(
    job: Job, type_: MonitorType, since: datetime | None, until: datetime | None
) -> Report:
    """Write the partitions and the summary of the runs whose windows start in [since, until).

    The incidents are those of all runs, whatever the scope: a story needs its beginning.

    Raises:
        InputError: the store has nothing of this monitor: neither a run nor a baseline.
        StorageError: the store could not be read or written.
    """
    storage, layout = job.storage, job.layout
    scope = ReportScope(type_, since, until)
    known = known_of(job, type_)
    folders = {"baseline", "runs"} & set(storage.folders(layout.root))
    if not known.runs and not folders:  # a wrong place must not pass for a quiet one
        raise InputError(
            f"there is nothing to report at {layout.root}: neither a run nor a baseline; correct "
            "`store` or `monitor`, or run `tidegauge baseline CONF` first"
        )
    stories = known.incidents
    runs = tuple(run for run in known.runs if scope.covers(run.key.window))
    partitions = publish(storage, layout, scope, runs, stories)
    told = incidents_document(job.conf.monitor, type_, stories)
    storage.write(join(layout.report(type_), INCIDENTS), dump(told))
    summary = join(layout.report(type_), SUMMARY)
    storage.write(summary, dump(summarise(job.conf.monitor, type_, runs, stories)))
    series = _series(job, scope) if type_ is MODEL_QUALITY else ()
    return Report(type_, runs, summary_rows(runs), partitions, summary, known, series)


def _series(job: Job, scope: ReportScope) -> tuple[Series, ...]:
    """Model quality over time, put beside the summary."""
    baseline = pinned_statistics(job.storage, job.layout)
    found = read_series(job.storage, job.layout, scope, baseline)
    uri = join(job.layout.report(scope.type), SERIES)
    job.storage.write(uri, dump(series_document(job.conf.monitor, found)))
    return found
