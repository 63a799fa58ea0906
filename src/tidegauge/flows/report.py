"""The report job: violations per feature to Hive partitions, and a summary for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.alarms import policy_of
from tidegauge.documents.text import dump
from tidegauge.errors import InputError
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.sinks.incidents import incidents, incidents_document
from tidegauge.sinks.partitions import publish
from tidegauge.sinks.reported import ReportScope, reported_runs
from tidegauge.sinks.summary import summarise, summary_rows
from tidegauge.storage import join

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.reported import ReportedRun
    from tidegauge.sinks.summary import SummaryRow

SUMMARY = "summary.json"
INCIDENTS = "incidents.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported: the runs, their incidents, the table's lines, and where the files are."""

    runs: tuple[ReportedRun, ...]
    rows: tuple[SummaryRow, ...]
    partitions: tuple[str, ...]
    summary: str
    incidents: tuple[Incident, ...] = ()


def make_report(job: Job, since: datetime | None, until: datetime | None) -> Report:
    """Write the partitions and the summary of the runs whose windows start in [since, until).

    The incidents are those of all runs, whatever the scope: a story needs its beginning.

    Raises:
        InputError: the store has nothing of this monitor: neither a run nor a baseline.
        StorageError: the store could not be read or written.
    """
    storage, layout = job.storage, job.layout
    scope = ReportScope(DATA_QUALITY, since, until)
    every = reported_runs(storage, layout, ReportScope(DATA_QUALITY))
    if not every and not storage.exists(layout.pin):  # a wrong place must not pass for a quiet one
        raise InputError(
            f"there is nothing to report at {layout.root}: neither a run nor a baseline; correct "
            "`store` or `monitor`, or run `tidegauge baseline CONF` first"
        )
    stories = incidents(every, policy_of(job.conf.alarms).persistence)
    runs = tuple(run for run in every if scope.covers(run.key.window))
    partitions = publish(storage, layout, scope, runs, stories)
    told = incidents_document(job.conf.monitor, DATA_QUALITY, stories)
    storage.write(join(layout.report(DATA_QUALITY), INCIDENTS), dump(told))
    summary = join(layout.report(DATA_QUALITY), SUMMARY)
    storage.write(summary, dump(summarise(job.conf.monitor, DATA_QUALITY, runs, stories)))
    return Report(runs, summary_rows(runs), partitions, summary, stories)
