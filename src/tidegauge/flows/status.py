"""How a monitor is: its last runs, open incidents, missed windows, and what its store weighs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.documents.text import load
from tidegauge.errors import TidegaugeError
from tidegauge.flows.due import captures_of, due_windows
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.flows.pinned import read_pinned, read_pins
from tidegauge.flows.report import INCIDENTS
from tidegauge.flows.types import is_monitored
from tidegauge.flows.waiting import unevaluated
from tidegauge.sinks.layout import MonitorType
from tidegauge.sinks.runs import committed, read_run
from tidegauge.storage import NotFound, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.job import Job
    from tidegauge.flows.waiting import Unevaluated
    from tidegauge.model.window import Window


@dataclass(frozen=True, slots=True)
class Missed:
    """The complete windows of one type that should have a run and have none.

    None where that cannot be told, and `obstacle` says why. Those of `waiting` still wait for
    labels.
    """

    type: MonitorType
    windows: tuple[Window, ...] | None
    obstacle: str = ""
    waiting: tuple[Unevaluated, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How a monitor is.

    `pins` are the ids of the pinned baselines by type. `last` has the newest run of each type and
    variant; `incidents` are the open entries of the last reports, None where there was none.
    `missed` has the windows without a run of each type that the conf has sections for. `sizes` are
    files and bytes by the kind of document.
    """

    pins: Mapping[str, str]
    last: tuple[RunRecord, ...]
    incidents: tuple[Mapping[str, Any], ...] | None
    missed: tuple[Missed, ...]
    sizes: Mapping[str, tuple[int, int]]


def status_of(job: Job, now: datetime) -> Status:
    """Look at the store, and at the captures without reading them.

    Raises:
        StorageError: the store could not be reached.
        DocumentError: a document of the store is not one of ours.
    """
    pins = read_pins(job.storage, job.layout)
    return Status(pins, _last(job), _incidents(job), tuple(_missed(job, now)), _sizes(job))


def _last(job: Job) -> tuple[RunRecord, ...]:
    newest = {
        (key.type, key.variant): key
        for type_ in MonitorType
        for key in committed(job.storage, job.layout, type_)
    }
    records = (read_run(job.storage, job.layout.run(key)) for key in newest.values())
    return tuple(record for record in records if record is not None)


def _incidents(job: Job) -> tuple[Mapping[str, Any], ...] | None:
    """Of all types together; None: of none of them there was a report."""
    found: list[Mapping[str, Any]] | None = None
    for type_ in MonitorType:
        uri = join(job.layout.report(type_), INCIDENTS)
        try:
            document = load(job.storage.read(uri), uri)
        except NotFound:
            continue
        found = [*(found or ()), *(s for s in document["incidents"] if s["status"] == "open")]
    return None if found is None else tuple(found)


def _missed(job: Job, now: datetime) -> Iterator[Missed]:
    """What `monitor` would run now, were it not bounded, by type; or why that cannot be told."""
    of_quality = is_monitored(job.conf, MODEL_QUALITY)
    if is_monitored(job.conf, DATA_QUALITY) or not of_quality:
        yield _missed_data(job, now)
    if of_quality:
        yield _missed_answers(job, now)


def _missed_data(job: Job, now: datetime) -> Missed:
    unbounded = replace(job, conf=replace(job.conf, max_catch_up=None))
    try:
        source = captures_of(unbounded, read_pinned(job.storage, job.layout, DATA_QUALITY))
        due = due_windows(unbounded, source, now, None, None)
    except TidegaugeError as error:
        return Missed(DATA_QUALITY, None, str(error))
    return Missed(DATA_QUALITY, tuple(sorted({one.key.window for one in due})))


def _missed_answers(job: Job, now: datetime) -> Missed:
    try:
        found = unevaluated(job, now)
    except TidegaugeError as error:
        return Missed(MODEL_QUALITY, None, str(error))
    truth = job.conf.ground_truth
    coverage = truth.coverage if truth else None
    due = {one.window for one in found if one.is_due(now, coverage)}
    waiting = tuple(one for one in found if not one.is_due(now, coverage))
    return Missed(MODEL_QUALITY, tuple(sorted(due)), waiting=waiting)


def _sizes(job: Job) -> Mapping[str, tuple[int, int]]:
    files, size = Counter[str](), Counter[str]()
    for entry in job.storage.files(job.layout.root):
        kind = entry.key.partition("/")[0]
        files[kind] += 1
        size[kind] += entry.size
    return {kind: (files[kind], size[kind]) for kind in sorted(files)}
