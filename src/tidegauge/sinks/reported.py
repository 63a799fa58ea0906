"""What the report is made from: the committed runs of some windows, with their violations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from tidegauge.documents import text, violations
from tidegauge.sinks.runs import VIOLATIONS, committed, read_digested_run, read_document
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tidegauge.documents.run import RunStatus
    from tidegauge.model.outcome import Violation
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import Layout, MonitorType, RunKey
    from tidegauge.storage import Storage

T = TypeVar("T")

_READERS = 8  # a small document is all waiting: for the disk, or for S3's answer


@dataclass(frozen=True, slots=True)
class ReportScope:
    """What a report is about: one type, the windows that start in `[since, until)`; None: open."""

    type: MonitorType
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, window: Window) -> bool:
        return (self.since is None or window.start >= self.since) and (
            self.until is None or window.start < self.until
        )


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """A committed run as the report takes it; a failed one has no violations.

    `digest` is that of its record: a run that was made again with the same result is the same.
    """

    key: RunKey
    status: RunStatus
    baseline: str
    violations: tuple[Violation, ...] = ()
    rows: int = 0
    digest: str = ""


def reported_runs(storage: Storage, layout: Layout, scope: ReportScope) -> tuple[ReportedRun, ...]:
    """All committed runs of the scope, whatever their status, by variant and window.

    Raises:
        DocumentError: a document of a run does not have its shape.
        StorageError: a run's violations are not those that it committed.
    """
    return each_run(storage, layout, scope, lambda key: _read(storage, layout, key))


def each_run(
    storage: Storage, layout: Layout, scope: ReportScope, read: Callable[[RunKey], T | None]
) -> tuple[T, ...]:
    """What is read of each committed run of the scope, by variant and window, several at once.

    A run of which there is None is left out.

    Raises:
        StorageError: the runs cannot be listed; and what `read` raises.
    """
    keys = [key for key in committed(storage, layout, scope.type) if scope.covers(key.window)]
    with ThreadPoolExecutor(_READERS) as readers:
        return tuple(found for found in readers.map(read, keys) if found is not None)


def _read(storage: Storage, layout: Layout, key: RunKey) -> ReportedRun | None:
    folder = layout.run(key)
    read = read_digested_run(storage, folder)
    if read is None:
        return None  # taken back since it was listed
    record, digest = read
    found: tuple[Violation, ...] = ()
    if VIOLATIONS in record.documents:
        data = read_document(storage, folder, record, VIOLATIONS)
        where = join(folder, VIOLATIONS)
        found = violations.decode(text.load(data, where), where)
    # The name of a folder may have been cut, the record's variant never is.
    key, rows = replace(key, variant=record.variant), record.counts.get("rows", 0)
    return ReportedRun(key, record.status, record.baseline, found, rows, digest)
