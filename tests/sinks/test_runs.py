"""Runs in the store: the commit, the repetition, the check of the digests."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tidegauge.documents import text, violations
from tidegauge.documents.run import Inputs, RunRecord, RunStatus
from tidegauge.errors import DocumentError, StorageError
from tidegauge.model.outcome import Violation
from tidegauge.model.window import Window
from tidegauge.sinks.layout import MonitorType, RunKey
from tidegauge.sinks.partitions import publish
from tidegauge.sinks.reported import ReportedRun, ReportScope, reported_runs
from tidegauge.sinks.runs import begin, commit, committed, read_document, read_run, verify
from tidegauge.storage import join

if TYPE_CHECKING:
    from tests.storage.conftest import Place

    from tidegauge.sinks.layout import Layout

DAY = RunKey(MonitorType.DATA_QUALITY, "AllTraffic", Window.parse("2013-06-20T00:00Z/P1D"))
NEXT = replace(DAY, window=Window.parse("2013-06-21T00:00Z/P1D"))
SCOPE = ReportScope(MonitorType.DATA_QUALITY)
FOUND = (
    Violation("distance", "baseline_drift_check", "It drifts.", {"observed": 0.5}),
    Violation("a/b", "completeness_check", "It lacks."),
)


def record(key: RunKey, status: RunStatus = RunStatus.COMPLETED) -> RunRecord:
    """A run's record before it is committed."""
    return RunRecord(
        monitor="flights",
        type=key.type,
        variant=key.variant,
        window=key.window.key,
        status=status,
        reason="",
        baseline="ab12",
        counts={"rows": 3},
        inputs=Inputs(1, 2, "00"),
        documents={},
        versions={"tidegauge": "0"},
        conf_digest="00",
    )


def documents(found: tuple[Violation, ...] = ()) -> dict[str, bytes]:
    """The documents of a run that found these violations."""
    written = {"statistics.json": b"{}\n", "profile.parquet": b"\x00\xff"}
    if found:
        written["constraint_violations.json"] = text.dump(violations.encode(found))
    return written


def run(place: Place, layout: Layout, key: RunKey, found: tuple[Violation, ...] = ()) -> RunRecord:
    """One run from beginning to commit."""
    begin(place.storage, layout, key)
    return commit(place.storage, layout.run(key), documents(found), record(key))


def listed(place: Place, uri: str) -> list[str]:
    """The keys below a folder."""
    return [entry.key for entry in place.storage.files(uri)]


def test_a_committed_run_is_read_back(place: Place, layout: Layout) -> None:
    """The record comes back with the digests of the documents beside it."""
    written = run(place, layout, DAY, FOUND)
    assert written == read_run(place.storage, layout.run(DAY))
    expected = {name: sha256(data).hexdigest() for name, data in documents(FOUND).items()}
    assert expected == written.documents
    verify(place.storage, layout.run(DAY), written)


def test_a_folder_without_run_json_is_no_run(place: Place, layout: Layout) -> None:
    """Documents of a run that was killed before its commit did not happen."""
    place.storage.write(join(layout.run(DAY), "statistics.json"), b"{}")
    assert read_run(place.storage, layout.run(DAY)) is None
    assert () == committed(place.storage, layout, MonitorType.DATA_QUALITY)
    assert () == reported_runs(place.storage, layout, SCOPE)


def test_committed_runs_are_listed_by_variant_and_window(place: Place, layout: Layout) -> None:
    """Those of the type; a failed one has a record, so it is listed."""
    bias = replace(DAY, type=MonitorType.MODEL_BIAS)
    everything = replace(DAY, variant="_all")
    for key in (NEXT, bias, everything, DAY):
        run(place, layout, key)
    assert (DAY, NEXT, everything) == committed(place.storage, layout, MonitorType.DATA_QUALITY)


def test_running_again_gives_the_same_bytes(place: Place, layout: Layout) -> None:
    """Every file of the run, run.json included."""
    run(place, layout, DAY, FOUND)
    before = {
        key: place.storage.read(join(layout.run(DAY), key))
        for key in listed(place, layout.run(DAY))
    }
    run(place, layout, DAY, FOUND)
    after = {
        key: place.storage.read(join(layout.run(DAY), key))
        for key in listed(place, layout.run(DAY))
    }
    assert before == after


def test_beginning_again_takes_back_all_that_followed(place: Place, layout: Layout) -> None:
    """Commit, documents, rejected records and partition lines of this run; nothing of others."""
    for key in (DAY, NEXT):
        run(place, layout, key, FOUND)
        place.storage.write(join(layout.rejected(key), "part-0.jsonl"), b"{}\n")
    publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))

    begin(place.storage, layout, DAY)
    assert [] == listed(place, layout.run(DAY))
    assert [] == listed(place, layout.rejected(DAY))
    assert [
        "feature=a%2Fb/date=2013-06-21/2013-06-21T0000Z_P1D_AllTraffic.json",
        "feature=distance/date=2013-06-21/2013-06-21T0000Z_P1D_AllTraffic.json",
    ] == listed(place, layout.violations(MonitorType.DATA_QUALITY))
    assert (NEXT,) == committed(place.storage, layout, MonitorType.DATA_QUALITY)
    assert ["part-0.jsonl"] == listed(place, layout.rejected(NEXT))


class Killed(Exception):
    """Stands for SIGKILL: what follows in the process does not happen."""


class Mortal:
    """A storage whose process is killed at its nth change."""

    def __init__(self, place: Place, changes: int) -> None:
        self.storage = place.storage
        self.changes = changes

    def __getattr__(self, name: str) -> object:
        return getattr(self.storage, name)

    def live(self) -> None:
        """Count a change; the last one is not made any more."""
        self.changes -= 1
        if self.changes < 0:
            raise Killed

    def write(self, uri: str, data: bytes) -> None:
        """Write, or be killed."""
        self.live()
        self.storage.write(uri, data)

    def delete(self, uris: object) -> None:
        """Delete one by one, or be killed between."""
        for uri in uris:  # type: ignore[attr-defined]
            self.live()
            self.storage.delete([uri])


def test_a_run_killed_anywhere_is_mended_by_the_next(place: Place, layout: Layout) -> None:
    """At every change: readers see a whole run or none, and the next run ends as if undisturbed."""
    run(place, layout, DAY)
    publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))
    undisturbed = everything(place)
    for changes in range(100):
        run(place, layout, DAY, FOUND)
        publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))
        mortal = Mortal(place, changes)
        try:
            begin(mortal, layout, DAY)  # type: ignore[arg-type]
            commit(mortal, layout.run(DAY), documents(), record(DAY))  # type: ignore[arg-type]
        except Killed:
            pass
        else:
            break
        if seen := read_run(place.storage, layout.run(DAY)):
            verify(place.storage, layout.run(DAY), seen)
        run(place, layout, DAY)
        publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))
        assert undisturbed == everything(place)
    assert 9 == changes  # run.json, 2 lines, 3 documents; then 2 documents and run.json


def everything(place: Place) -> dict[str, bytes]:
    """The whole store."""
    return {
        entry.key: place.storage.read(join(place.uri, entry.key))
        for entry in place.storage.files(place.uri)
    }


def test_edited_violations_do_not_stop_a_run(place: Place, layout: Layout) -> None:
    """What cannot be read back is removed; its lines go with the next report."""
    run(place, layout, DAY, FOUND)
    publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))
    place.storage.write(join(layout.run(DAY), "constraint_violations.json"), b"{not json")
    run(place, layout, DAY)
    publish(place.storage, layout, SCOPE, reported_runs(place.storage, layout, SCOPE))
    assert [] == listed(place, layout.violations(MonitorType.DATA_QUALITY))


def test_a_changed_document_is_noticed(place: Place, layout: Layout) -> None:
    """Both by the check of all documents and by the reader of one."""
    written = run(place, layout, DAY, FOUND)
    uri = join(layout.run(DAY), "constraint_violations.json")
    place.storage.write(uri, b'{"violations": []}')
    with pytest.raises(StorageError, match=r"is not the document that run\.json lists"):
        verify(place.storage, layout.run(DAY), written)
    with pytest.raises(StorageError, match="expected the SHA-256"):
        reported_runs(place.storage, layout, SCOPE)
    assert b"{}\n" == read_document(place.storage, layout.run(DAY), written, "statistics.json")


def test_a_record_of_another_shape_is_named(place: Place, layout: Layout) -> None:
    """The sentence has the location."""
    place.storage.write(join(layout.run(DAY), "run.json"), b"[]")
    with pytest.raises(DocumentError, match=r"run\.json: expected a JSON object"):
        read_run(place.storage, layout.run(DAY))


def test_reported_runs_are_those_of_the_scope(place: Place, layout: Layout) -> None:
    """By the start of their window; the violations come with them."""
    run(place, layout, DAY, FOUND)
    run(place, layout, NEXT)
    digests = [
        sha256(place.storage.read(join(layout.run(key), "run.json"))).hexdigest()
        for key in (DAY, NEXT)
    ]
    first = ReportedRun(DAY, RunStatus.COMPLETED, "ab12", FOUND, rows=3, digest=digests[0])
    second = ReportedRun(NEXT, RunStatus.COMPLETED, "ab12", rows=3, digest=digests[1])
    since, until = replace(SCOPE, since=NEXT.window.start), replace(SCOPE, until=NEXT.window.start)
    assert (first, second) == reported_runs(place.storage, layout, SCOPE)
    assert (second,) == reported_runs(place.storage, layout, since)
    assert (first,) == reported_runs(place.storage, layout, until)


def test_a_variant_with_a_long_name_is_reported_by_that_name(place: Place, layout: Layout) -> None:
    """The folder's name is cut, the record's is not."""
    key = replace(DAY, variant="v" * 300)
    run(place, layout, key)
    (reported,) = reported_runs(place.storage, layout, SCOPE)
    assert key == reported.key
