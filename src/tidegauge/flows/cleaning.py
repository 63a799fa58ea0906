"""Cleaning: documents that are older than the conf wants go, those that are still needed stay.

Needed are the pinned baseline and those that remaining runs were compared with, and of each variant
all runs since the first window of an incident that is open or has lasted into the time that is
kept: an incident's id comes from its first window.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.config.alarms import policy_of
from tidegauge.flows.claiming import claiming
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.flows.pinned import read_pins
from tidegauge.monitors.data_quality import CONSTRAINTS, OUTCOMES, PROFILE
from tidegauge.sinks.alerts.ledger import read_ledger, write_ledger
from tidegauge.sinks.cloudwatch import METRICS
from tidegauge.sinks.incidents import incidents
from tidegauge.sinks.layout import MonitorType, parse_run_path, run_path
from tidegauge.sinks.merged_lines import lines_window
from tidegauge.sinks.reported import ReportScope, reported_runs
from tidegauge.sinks.runs import begin
from tidegauge.storage import join
from tidegauge.storage.partition_names import escape_partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sinks.reported import ReportedRun
    from tidegauge.storage import Entry

log = logging.getLogger(__name__)

# Kinds that become as old as another one.
_AS = {"merged_records": "merged"}
# What neither the report nor the next window asks a run for.
_DETAILS = frozenset({CONSTRAINTS, OUTCOMES, PROFILE, METRICS})


# Where each kind lies below the monitor's root.
_FOLDERS = {
    "runs": "runs",
    "details": "runs",
    "profiles": "profiles",
    "merged": "merged",
    "merged_records": "merged_records",
    "rejected": "rejected",
    "baselines": "baseline",
}


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed of one kind, or would be."""

    kind: str
    files: int
    bytes: int


def clean(job: Job, now: datetime, *, dry: bool) -> tuple[Removed, ...]:
    """Remove what is older than `retention` allows, or with `dry` only say so; by kind.

    Merged rows and runs of model quality are left to a run that joins labels, until the next call.

    Raises:
        StorageError: the store could not be read or written.
        DocumentError: a document that says what is needed is not one of ours.
    """
    cleaning = _Cleaning.of(job, now)
    found = cleaning.found()
    if not dry:
        with claiming(job, now) as claimed:
            if any(map(_is_of_labels, _all(found))) and not claimed.take_labels(asked=False):
                log.warning("merged rows and runs of model quality are left to the next call")
                found = {
                    kind: [one for one in entries if not _is_of_labels((kind, one))]
                    for kind, entries in found.items()
                }
            cleaning.remove(found)
    return tuple(
        Removed(kind, len(entries), sum(entry.size for entry in entries))
        for kind, entries in found.items()
    )


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """What there is, and what of it is still needed."""

    job: Job
    now: datetime
    runs: tuple[ReportedRun, ...]
    stories: tuple[Incident, ...]
    pinned: frozenset[str]

    @classmethod
    def of(cls, job: Job, now: datetime) -> _Cleaning:
        runs = tuple(
            run
            for type_ in MonitorType
            for run in reported_runs(job.storage, job.layout, ReportScope(type_))
        )
        pinned = frozenset(read_pins(job.storage, job.layout).values())
        return cls(job, now, runs, _stories(job, runs), pinned)

    def found(self) -> dict[str, list[Entry]]:
        """The documents that have to go, by kind; keys are below the monitor's root."""
        root, storage = self.job.layout.root, self.job.storage
        found: dict[str, list[Entry]] = {}
        for kind, folder in _FOLDERS.items():
            age = self.job.conf.retention.age(_AS.get(kind, kind))
            if age is not None:
                listed = list(storage.files(join(root, folder)))
                found[kind] = list(self._old(kind, listed, self.now - age))
        return found

    def _old(self, kind: str, listed: Sequence[Entry], limit: datetime) -> Iterator[Entry]:
        """Those of a kind's folder that have ended, or were put, before the limit."""
        if kind == "baselines":
            yield from self._old_baselines(listed, limit)
            return
        for entry in listed:
            key = parse_run_path(entry.key)
            if kind == "merged" and key is None:  # which labels were read, of no unit
                continue
            window = lines_window(entry.key) if kind == "merged_records" else key and key.window
            end = window.end if window else entry.modified  # as training's rejected records
            if end > limit:
                continue
            if kind == "runs" and (key is None or self._is_needed(key, limit)):
                continue
            if kind == "details" and entry.key.rpartition("/")[2] not in _DETAILS:
                continue
            yield entry

    def _old_baselines(self, listed: Sequence[Entry], limit: datetime) -> Iterator[Entry]:
        needed = {run.baseline for run in self.runs} | self.pinned
        newest: dict[str, datetime] = {}
        for entry in listed:
            name, slash, _ = entry.key.partition("/")
            if slash and name not in needed:  # current.json lies beside the folders
                newest[name] = max(newest.get(name, entry.modified), entry.modified)
        old = {name for name, put in newest.items() if put <= limit}
        return (entry for entry in listed if entry.key.partition("/")[0] in old)

    def _is_needed(self, key: RunKey, limit: datetime) -> bool:
        """Whether an incident that is kept began in this run, or has gone on in it."""
        return any(
            (key.type, escape_partition(key.variant))
            == (story.type, escape_partition(story.variant))
            and story.since.start <= key.window.start
            for story in self.stories
            if story.closed is None or story.closed.end > limit
        )

    def remove(self, found: Mapping[str, Sequence[Entry]]) -> None:
        """Runs as a repeated run would: first the commit, then what followed from it."""
        storage, root = self.job.storage, self.job.layout.root
        for key in sorted(_keys(found.get("runs", ()))):
            begin(storage, self.job.layout, key)
        for kind in found.keys() - {"runs"}:
            storage.delete(join(root, _FOLDERS[kind], entry.key) for entry in found[kind])
        self._forget(_keys(found.get("runs", ())))

    def _forget(self, gone: set[RunKey]) -> None:
        """The ledger of alerts need not remember runs that are gone, nor incidents that ended."""
        uri = self.job.layout.ledger(DATA_QUALITY)
        ledger = read_ledger(self.job.storage, uri)
        stories = _stories(self.job, [run for run in self.runs if run.key not in gone])
        kept = ledger.without({story.id for story in stories}, {run_path(key) for key in gone})
        if kept != ledger:
            write_ledger(self.job.storage, uri, kept)


def _stories(job: Job, runs: Sequence[ReportedRun]) -> tuple[Incident, ...]:
    persistence = policy_of(job.conf.alarms).persistence
    return tuple(
        story
        for type_ in MonitorType
        for story in incidents([run for run in runs if run.key.type is type_], persistence)
    )


def _all(found: Mapping[str, Sequence[Entry]]) -> Iterator[tuple[str, Entry]]:
    return ((kind, entry) for kind, entries in found.items() for entry in entries)


def _is_of_labels(found: tuple[str, Entry]) -> bool:
    """Whether a run of model quality may be working at it: it lies with runs, or merged rows."""
    kind, entry = found
    key = parse_run_path(entry.key)
    of_runs = kind in ("runs", "details") and key is not None and key.type is MODEL_QUALITY
    return of_runs or kind in ("merged", "merged_records")


def _keys(entries: Iterable[Entry]) -> set[RunKey]:
    return {key for entry in entries if (key := parse_run_path(entry.key)) is not None}
