"""The ledger of deliveries: what each sink has been told, so that it is told once.

It lies in the store, and is written after each delivery: one that is killed between the two is
made again. Receivers that must not see a change twice look at its `id`. It is only ever put in
place of the one that was read, so that a process that slept cannot undo what another has noted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, text, version_one
from tidegauge.documents.text import dump, load
from tidegauge.errors import StorageError
from tidegauge.sinks.alerts.changes import Change, decode_change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tidegauge.storage import Storage


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was delivered.

    `incidents` has each sink's last change by incident, `windows` the digest of the record by the
    run's path, for the sinks that are told of every window; `tag` is the storage's for what lies
    there, "" for nothing.
    """

    incidents: Mapping[str, Mapping[str, Change]]
    windows: Mapping[str, Mapping[str, str]]
    tag: str = ""

    def told(self, sink: str) -> Mapping[str, Change]:
        """The last change by incident that a sink was told of."""
        return self.incidents.get(sink, {})

    def recorded(self, sink: str) -> Mapping[str, str]:
        """The digest of the record by the run's path that a sink was told of."""
        return self.windows.get(sink, {})

    def with_changes(self, sink: str, changes: Iterable[Change]) -> Ledger:
        """The ledger once these were delivered."""
        told = {**self.told(sink), **{change.incident: change for change in changes}}
        return replace(self, incidents={**self.incidents, sink: told})

    def with_window(self, sink: str, path: str, digest: str) -> Ledger:
        """The ledger once this run was delivered."""
        return replace(self, windows={**self.windows, sink: {**self.recorded(sink), path: digest}})

    def without(self, present: Collection[str], gone: Collection[str]) -> Ledger:
        """The ledger but for incidents that have ended and are not present, and runs gone."""
        return Ledger(
            {
                sink: {
                    incident: change
                    for incident, change in told.items()
                    if incident in present or not change.is_end
                }
                for sink, told in self.incidents.items()
            },
            {
                sink: {path: digest for path, digest in told.items() if path not in gone}
                for sink, told in self.windows.items()
            },
            self.tag,
        )


def read_ledger(storage: Storage, uri: str) -> Ledger:
    """The ledger as it lies there; empty where there is none.

    Raises:
        DocumentError: it is not one of ours.
    """
    data, tag = storage.tagged(uri)
    if not tag:
        return Ledger({}, {})
    reader = Reader(load(data, uri), uri)
    reader.get("version", version_one)
    incidents, windows = reader.section("incidents"), reader.section("windows")
    return Ledger(
        {sink: _changes(incidents.section(sink)) for sink in incidents.fields},
        {sink: windows.values(sink, text) for sink in windows.fields},
        tag,
    )


def write_ledger(storage: Storage, uri: str, ledger: Ledger) -> Ledger:
    """Put the ledger in place of the one that it was made from; returns it with its new tag.

    Raises:
        StorageError: there is another one by now.
    """
    document: dict[str, Any] = {
        "version": 1,
        "incidents": {
            sink: {incident: change.to_json() for incident, change in sorted(told.items())}
            for sink, told in sorted(ledger.incidents.items())
        },
        "windows": {
            sink: dict(sorted(told.items())) for sink, told in sorted(ledger.windows.items())
        },
    }
    tag = storage.replace(uri, dump(document), ledger.tag)
    if not tag:
        raise StorageError(f"{uri} was written by another process meanwhile; try again")
    return replace(ledger, tag=tag)


def _changes(reader: Reader) -> Mapping[str, Change]:
    return {incident: decode_change(reader.section(incident)) for incident in reader.fields}
