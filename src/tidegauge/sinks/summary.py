"""The report in numbers: violations per feature, day and check, and the runs by status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from tidegauge.sinks.incidents import IncidentStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.layout import MonitorType
    from tidegauge.sinks.reported import ReportedRun


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line of the table: how often one check of one feature was violated on one day.

    `date` is the UTC day on which the windows start; `description` is the first violation's.
    """

    feature: str
    date: str
    check: str
    count: int
    description: str


def summary_rows(runs: Iterable[ReportedRun]) -> tuple[SummaryRow, ...]:
    """The table's lines, ordered by feature, day and check."""
    counts = Counter[tuple[str, str, str]]()
    descriptions: dict[tuple[str, str, str], str] = {}
    for run in sorted(runs, key=lambda run: run.key):
        date = f"{run.key.window.start:%Y-%m-%d}"
        for violation in run.violations:
            cell = (violation.feature_name, date, violation.constraint_check_type)
            counts[cell] += 1
            descriptions.setdefault(cell, violation.description)
    return tuple(SummaryRow(*cell, counts[cell], descriptions[cell]) for cell in sorted(counts))


def summarise(
    monitor: str,
    monitor_type: MonitorType,
    runs: Sequence[ReportedRun],
    stories: Sequence[Incident] = (),
) -> Mapping[str, Any]:
    """The content of `report/<type>/summary.json`.

    Totals, the runs and the incidents by status, and per feature and day the counts by check; the
    same runs give the same bytes, in whatever order they come.
    """
    rows = summary_rows(runs)
    return {
        "monitor": monitor,
        "type": monitor_type.value,
        "runs": dict(sorted(Counter(run.status for run in runs).items())),
        "incidents": {
            status.value: sum(story.status is status for story in stories)
            for status in IncidentStatus
        },
        **_counted(rows),
        "features": [
            _feature(name, tuple(group)) for name, group in groupby(rows, attrgetter("feature"))
        ],
    }


def _feature(name: str, rows: Sequence[SummaryRow]) -> Mapping[str, Any]:
    days = [{"date": date, **_counted(group)} for date, group in groupby(rows, attrgetter("date"))]
    return {"feature_name": name, **_counted(rows), "days": days}


def _counted(rows: Iterable[SummaryRow]) -> Mapping[str, Any]:
    checks = Counter[str]()
    for row in rows:
        checks[row.check] += row.count
    return {"violations": checks.total(), "checks": dict(sorted(checks.items()))}
