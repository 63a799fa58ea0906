"""Ground truth: SageMaker's label records, and what is wrong with some of them."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tidegauge.errors import InputError
from tidegauge.model.merged import ID, LABEL, LABELLED_AT, ROW, ROWS
from tidegauge.sources import rowgroups
from tidegauge.sources.groundtruth import (
    GroundTruthSource,
    label_groups,
    label_parts,
    label_reader,
)
from tidegauge.sources.source import Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SETTINGS = S3Settings()
HOUR = "2024/03/02/05"


def record(data: object, id_: object = "a", encoding: str = "CSV") -> str:
    """A ground-truth record as the service takes it."""
    truth = {"data": data, "encoding": encoding}
    return json.dumps({"groundTruthData": truth, "eventMetadata": {"eventId": id_}})


def source(folder: Path, **changes: Any) -> GroundTruthSource:  # noqa: ANN401  (any field)
    """Labels of SageMaker's format below a folder."""
    fields = {"numeric": False, "label": "late", **changes}
    format_ = Format(fields.pop("format", "sagemaker"))
    return GroundTruthSource(str(folder / "truth"), format_, str(folder / "rejected"), **fields)


def put(folder: Path, lines: Iterable[str], hour: str = HOUR, name: str = "0.jsonl") -> None:
    """Lines of a label file of one hour."""
    path = folder / "truth" / hour / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def read(wanted: GroundTruthSource) -> tuple[list[dict[str, Any]], list[Any]]:
    """The rows of all labels, and what was counted."""
    groups = label_groups(wanted, SETTINGS)
    reader = label_reader(wanted, groups, SETTINGS)
    chunks = [c for part in label_parts(wanted, groups, SETTINGS) for c in reader(part)]
    rows = [row for chunk in chunks for row in chunk.table.to_pylist()]
    return rows, [chunk.tally for chunk in chunks]


def test_a_label_is_of_the_hour_of_its_folder(tmp_path: Path) -> None:
    """One value a record is the usual case."""
    put(tmp_path, [record("1"), record(" 0\n", "b")])
    put(tmp_path, [record("1", "c")], "2024/03/03/00")
    rows, tallies = read(source(tmp_path))
    early, late = (datetime(2024, 3, day, hour, tzinfo=UTC) for day, hour in ((2, 5), (3, 0)))
    assert [("a", "1", early), ("b", "0", early), ("c", "1", late)] == [
        (row[ID], row[LABEL], row[LABELLED_AT]) for row in rows
    ]
    assert (3, 0) == (sum(t.records for t in tallies), sum(t.rejected for t in tallies))


@pytest.mark.parametrize(
    ("data", "encoding", "labels"),
    [
        ("1\n0\n1", "CSV", ["1", "0", "1"]),
        ('{"late": 0}', "JSON", ["0"]),
        ('{"other": 0.5}', "JSON", ["0.5"]),
        ('{"instances": [{"late": 1}, {"late": 0}]}', "JSON", ["1", "0"]),
        ('[{"late": "yes"}, {"late": "no"}]', "JSON", ["yes", "no"]),
        ("MQowCg==", "BASE64", None),
        ('"a, b"', "CSV", ["a, b"]),
    ],
)
def test_a_record_may_have_several_labels(
    tmp_path: Path, data: str, encoding: str, labels: list[str] | None
) -> None:
    """Each with its place, and how many there are; its neighbours keep their own."""
    put(tmp_path, [record("7", "before"), record(data, "a", encoding), record("8", "after")])
    rows, tallies = read(source(tmp_path))
    found = [row for row in rows if row[ID] == "a"]
    if labels is None:
        assert 1 == tallies[0].rejected
    else:
        expected = [(label, i, len(labels)) for i, label in enumerate(labels)]
        assert expected == [(row[LABEL], row[ROW], row[ROWS]) for row in found]
    assert ["7", "8"] == [row[LABEL] for row in rows if row[ID] != "a"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no json", "not JSON"),
        (record(None), "has no groundTruthData with data and encoding"),
        (record(""), "the label is missing"),
        (record("1", None), "has no eventMetadata.eventId"),
        (record(1), "groundTruthData.data is not a text"),
        (record("1,2"), "a row of it has 2 columns"),
        ('{"eventVersion": "0"}', "has no groundTruthData"),
    ],
)
def test_a_record_without_a_label_is_rejected(tmp_path: Path, line: str, reason: str) -> None:
    """Kept with its file, line and reason; its neighbours are read."""
    put(tmp_path, [record("1"), line, record("0", "b")])
    rows, (counts,) = read(source(tmp_path))
    assert [("a", "1"), ("b", "0")] == [(row[ID], row[LABEL]) for row in rows]
    assert (3, 1) == (counts.records, counts.rejected)
    (file,) = (tmp_path / "rejected").rglob("*.jsonl")
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert (f"{HOUR}/0.jsonl", 2) == (kept["file"], kept["line"])
    assert reason in kept["reason"]


def test_a_label_of_a_regression_is_a_number(tmp_path: Path) -> None:
    """In scientific notation, too; what is none is rejected."""
    put(tmp_path, [record("1e-3"), record("late", "b"), record("7", "c")])
    rows, (counts,) = read(source(tmp_path, numeric=True))
    assert [("a", 0.001), ("c", 7.0)] == [(row[ID], row[LABEL]) for row in rows]
    assert ("2024/03/02/05/0.jsonl:2: the label 'late' is no number",) == counts.reasons


def test_a_broken_file_is_a_fault(tmp_path: Path) -> None:
    """It says which one, and the call will stop at it."""
    path = tmp_path / "truth" / HOUR / "0.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(f"{record('1')}\n".encode())[:-9])
    _, tallies = read(source(tmp_path))
    assert "0.jsonl.gz" in tallies[-1].fault


def test_an_hour_has_another_digest_when_a_file_comes(tmp_path: Path) -> None:
    """So that the hour, and no other one, is read again."""
    put(tmp_path, [record("1")])
    put(tmp_path, [record("1", "b")], "2024/03/02/06")
    put(tmp_path, ["not in a folder of an hour"], "elsewhere")
    before = {g.name: g.digest for g in label_groups(source(tmp_path), SETTINGS)}
    put(tmp_path, [record("0")], name="1.jsonl")
    after = {g.name: g.digest for g in label_groups(source(tmp_path), SETTINGS)}
    assert ["2024-03-02T05Z", "2024-03-02T06Z"] == list(before)
    assert {"2024-03-02T05Z"} == {name for name in after if after[name] != before[name]}


def test_a_place_without_labels_is_named(tmp_path: Path) -> None:
    """A wrong location must not pass for labels that are late."""
    with pytest.raises(InputError, match=r"there is no ground truth at .*: expected files in fold"):
        label_groups(source(tmp_path), SETTINGS)


def test_columns_are_labels_as_they_are(tmp_path: Path) -> None:
    """Numbers become the texts that they are compared as; a row without a label is rejected."""
    (tmp_path / "truth").mkdir()
    table = pa.table({"key": [1, 2, None], "late": [True, None, False], "more": ["x"] * 3})
    parquet.write_table(table, tmp_path / "truth" / "labels.parquet")
    rows, (counts,) = read(source(tmp_path, format="parquet", id="key"))
    assert [("1", "true", None)] == [(row[ID], row[LABEL], row[LABELLED_AT]) for row in rows]
    assert (3, 2) == (counts.records, counts.rejected)


def test_a_wide_row_of_labels_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table's columns would come one after another, those of a label come together."""
    monkeypatch.setattr(rowgroups, "DECODED_BYTES", 1)
    (tmp_path / "truth").mkdir()
    parquet.write_table(
        pa.table({"key": ["a"], "late": [1]}), tmp_path / "truth" / "labels.parquet"
    )
    rows, _ = read(source(tmp_path, format="parquet", id="key"))
    assert [("a", "1")] == [(row[ID], row[LABEL]) for row in rows]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Before anything is joined."""
    (tmp_path / "truth").mkdir()
    parquet.write_table(pa.table({"key": ["a"]}), tmp_path / "truth" / "labels.parquet")
    with pytest.raises(InputError, match=r"has no column 'late': there are key; correct"):
        read(source(tmp_path, format="parquet", id="key"))
