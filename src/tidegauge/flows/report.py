"""The report job: violations per feature to Hive partitions, and a summary for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents.text import dump
from tidegauge.sinks.partitions import publish
from tidegauge.sinks.reported import ReportScope, reported_runs
from tidegauge.sinks.summary import summarise, summary_rows
from tidegauge.storage import join

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.sinks.layout import MonitorType
    from tidegauge.sinks.reported import ReportedRun
    from tidegauge.sinks.summary import SummaryRow

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported: the runs, the table's lines, and where the files are."""

    runs: tuple[ReportedRun, ...]
    rows: tuple[SummaryRow, ...]
    partitions: tuple[str, ...]
    summary: str


def make_report(
    job: Job, type_: MonitorType, since: datetime | None, until: datetime | None
) -> Report:
    """Write the partitions and the summary of the runs whose windows start in [since, until).

    Raises:
        StorageError: the store could not be read or written.
    """
    storage, layout = job.storage, job.layout
    scope = ReportScope(type_, since, until)
    runs = reported_runs(storage, layout, scope)
    partitions = publish(storage, layout, scope, runs)
    summary = join(layout.report(type_), SUMMARY)
    storage.write(summary, dump(summarise(job.conf.monitor, type_, runs)))
    return Report(runs, summary_rows(runs), partitions, summary)
