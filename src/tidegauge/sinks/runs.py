"""Runs in the store: taken back, committed, read again.

`run.json` is the commit: it is put last and removed first, and lists the digests of the documents
beside it. Whatever lies in a run's folder without it did not happen.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.documents import run as run_document
from tidegauge.documents import text, violations
from tidegauge.errors import DocumentError, StorageError
from tidegauge.sinks.layout import parse_run_path
from tidegauge.storage import NotFound, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.run import RunRecord
    from tidegauge.sinks.layout import Layout, MonitorType, RunKey
    from tidegauge.storage import Storage

RUN = "run.json"
STATISTICS = "statistics.json"
VIOLATIONS = "constraint_violations.json"


def begin(storage: Storage, layout: Layout, key: RunKey, *, rejected: bool = True) -> None:
    """Take back what a former run of this window left: its commit, then what followed from it.

    The lines in the report's partitions go before the violations that name them, so that wherever
    this is killed, calling it again finishes it. Without `rejected` the records that could not be
    read stay, as where they were read by an earlier step.
    """
    folder, kept = layout.run(key), layout.rejected(key)
    present = {entry.key for entry in storage.files(folder)}
    storage.delete(join(folder, name) for name in present & {RUN})
    if VIOLATIONS in present:
        _delete_reported(storage, layout, key, join(folder, VIOLATIONS))
    if rejected:
        storage.delete(join(kept, entry.key) for entry in storage.files(kept))
    storage.delete(join(folder, name) for name in sorted(present - {RUN}))


def _delete_reported(storage: Storage, layout: Layout, key: RunKey, uri: str) -> None:
    try:
        reported = violations.decode(text.load(storage.read(uri), uri), uri)
    except DocumentError:
        return  # someone edited it; the next report removes lines that no run produces
    storage.delete(
        layout.violations_file(key, feature)
        for feature in sorted({violation.feature_name for violation in reported})
    )


def commit(
    storage: Storage, folder: str, documents: Mapping[str, bytes], record: RunRecord
) -> RunRecord:
    """Put the documents, then `run.json` with their digests; returns the record as it was put."""
    written = _listing(documents, record)
    for name, data in sorted(documents.items()):
        storage.write(join(folder, name), data)
    storage.write(join(folder, RUN), text.dump(run_document.encode(written)))
    return written


def commit_once(
    storage: Storage, folder: str, documents: Mapping[str, bytes], record: RunRecord
) -> RunRecord:
    """As `commit`, into a folder that `begin` has emptied: nothing of another run is replaced.

    Raises:
        StorageError: another run has put a document meanwhile; the window is that run's.
    """
    written = _listing(documents, record)
    last = text.dump(run_document.encode(written))
    for name, data in (*sorted(documents.items()), (RUN, last)):
        uri = join(folder, name)
        if not storage.create(uri, data):
            raise StorageError(
                f"another run of this window has written {uri} meanwhile; let it end, then look "
                "whether the window is still to be run"
            )
    return written


def take_back(storage: Storage, folder: str, written: RunRecord) -> None:
    """Remove a commit, unless `run.json` is another's by now."""
    if read_run(storage, folder) == written:
        storage.delete([join(folder, RUN)])


def _listing(documents: Mapping[str, bytes], record: RunRecord) -> RunRecord:
    digests = {name: _digest(data) for name, data in sorted(documents.items())}
    return replace(record, documents=digests)


def committed(storage: Storage, layout: Layout, monitor_type: MonitorType) -> tuple[RunKey, ...]:
    """The runs of this type with a `run.json`, whatever their status, by variant and window."""
    below = f"type={monitor_type}"
    keys = (
        parse_run_path(f"{below}/{entry.key}")
        for entry in storage.files(join(layout.runs, below))
        if entry.key.endswith(f"/{RUN}")
    )
    return tuple(sorted(key for key in keys if key is not None))


def completed(storage: Storage, layout: Layout, monitor_type: MonitorType) -> frozenset[RunKey]:
    """The runs of this type that were completed, with violations or without.

    A failed run has its record alone, so that one listing tells, whatever the number of runs.
    """
    below = f"type={monitor_type}"
    names: dict[RunKey, set[str]] = {}
    for entry in storage.files(join(layout.runs, below)):
        key = parse_run_path(f"{below}/{entry.key}")
        if key is not None:
            names.setdefault(key, set()).add(entry.key.rpartition("/")[2])
    return frozenset(key for key, found in names.items() if {RUN, STATISTICS} <= found)


def read_run(storage: Storage, folder: str) -> RunRecord | None:
    """The record of the run, or of the baseline, in this folder; None: there was none.

    Raises:
        DocumentError: the record is not one of ours.
    """
    found = read_digested_run(storage, folder)
    return found[0] if found else None


def read_digested_run(storage: Storage, folder: str) -> tuple[RunRecord, str] | None:
    """The record and the SHA-256 of its text, which is the same where a run gave the same again.

    Raises:
        DocumentError: the record is not one of ours.
    """
    uri = join(folder, RUN)
    try:
        data = storage.read(uri)
    except NotFound:
        return None
    return run_document.decode(text.load(data, uri), uri), _digest(data)


def read_document(storage: Storage, folder: str, record: RunRecord, name: str) -> bytes:
    """A document of a run, as it was when the run was committed.

    Raises:
        StorageError: it is not there, or not the same: changed by hand, or by a run under way.
    """
    uri = join(folder, name)
    data = storage.read(uri)
    expected, found = record.documents.get(name), _digest(data)
    if found != expected:
        raise StorageError(
            f"{uri} is not the document that {RUN} lists: expected the SHA-256 {expected}, found "
            f"{found}; where no run of this window is under way, run it again"
        )
    return data


def verify(storage: Storage, folder: str, record: RunRecord) -> None:
    """Check every document of a run against its digest.

    Raises:
        StorageError: one is missing or has been changed.
    """
    for name in record.documents:
        read_document(storage, folder, record, name)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
