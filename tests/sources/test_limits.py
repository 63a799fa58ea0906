"""Bombs: what claims, nests or expands to more than a worker can hold is refused, with a reason."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import part_of

from tidegauge.model.batch import Tally
from tidegauge.sources import csvrows, jsonfile, jsontext, lines, reading, rowgroups
from tidegauge.sources import parquet as parquet_source
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.payload import Columns, json_rows
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import BadRecord, Bin
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tidegauge.model.batch import Part

SETTINGS = S3Settings()
SOUND = b'{"a": 1, "b": {"c": "x"}}\n'


def tally_of(part: Part, folder: Path) -> Tally:
    """What a reader of JSON Lines counts in a part."""
    reader = JsonLinesReader(str(folder), frozenset(), {}, Bin("", SETTINGS), SETTINGS)
    found = Tally()
    for chunk in reader(part):
        found = found.merge(chunk.tally)
    return found


@pytest.mark.parametrize("levels", [101, 500, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_record_that_is_nested_too_deeply_is_rejected_alone(
    tmp_path: Path, levels: int, opening: str, closing: str
) -> None:
    """Neither the parser's recursion nor pyarrow's (which would crash) is reached."""
    deep = '{"b":' + opening * levels + "1" + closing * levels + "}\n"
    (tmp_path / "a.jsonl").write_bytes(SOUND * 20 + deep.encode() + SOUND)
    found = tally_of(part_of(tmp_path / "a.jsonl"), tmp_path)
    assert (22, 1) == (found.records, found.rejected)
    assert "nested too deeply, over 100 levels" in found.reasons[0]


def test_a_record_of_many_levels_is_still_read(tmp_path: Path) -> None:
    """Up to the limit, as before."""
    levels = jsontext.DEPTH - 1
    deep = '{"a":' * levels + "1" + "}" * levels + "\n"
    (tmp_path / "a.jsonl").write_bytes(deep.encode() * 3)
    assert (3, 0) == (tally_of(part_of(tmp_path / "a.jsonl"), tmp_path).records, 0)


def test_a_payload_that_is_nested_too_deeply_is_rejected() -> None:
    """Of a capture; one that has many lists side by side is not."""
    with pytest.raises(BadRecord, match="over 100 levels"):
        json_rows('{"a":' * 200 + "1" + "}" * 200, Columns(("a",)))
    assert 300 == len(json_rows(json.dumps([[i, i] for i in range(300)]), Columns(("a", "b"))))


def test_a_number_of_a_million_digits_is_rejected() -> None:
    """Python refuses to turn it into a number; so do we."""
    with pytest.raises(BadRecord, match="is not JSON"):
        jsontext.parse("[" + "9" * 1_000_000 + "]")


def test_a_compressed_file_that_expands_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred times its size, or a gibibyte: here a mebibyte."""
    monkeypatch.setattr(reading, "_EXPANDED_BYTES", 1 << 20)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(SOUND * 500_000))
    found = tally_of(part_of(tmp_path / "a.jsonl.gz"), tmp_path)
    assert "a.jsonl.gz cannot be read: it expands to more than" in found.fault
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(SOUND * 30_000))
    assert 30_000 == tally_of(part_of(tmp_path / "b.jsonl.gz"), tmp_path).records


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a file is never gathered beyond the limit; of a row of CSV neither."""
    monkeypatch.setattr(reading, "RECORD_BYTES", 1 << 20)
    monkeypatch.setattr(lines, "WHOLE_BYTES", 1 << 18)
    monkeypatch.setattr(csvrows, "BLOCK_BYTES", 1 << 18)
    (tmp_path / "a").write_bytes(b"x" * (3 << 20))
    (part,) = part_of(tmp_path / "a").files
    with pytest.raises(Unreadable, match="a record of it is longer than 1 MiB"):
        list(lines.read_lines([part], SETTINGS))
    with pytest.raises(Unreadable, match="a record of it is longer than 1 MiB"):
        list(csvrows.row_blocks(part, SETTINGS))


def test_a_document_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be held as a whole."""
    monkeypatch.setattr(jsonfile, "DOCUMENT_BYTES", 1000)
    (tmp_path / "a.json").write_bytes(b"[" + b" " * 2000 + b"]")
    with pytest.raises(Unreadable, match="expected JSON Lines for that much"):
        list(jsonfile.read_documents(part_of(tmp_path / "a.json").files, SETTINGS))


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [("_MOST_ROWS", "row group 0 has 50 rows: expected at most 10"),
     ("_MOST_COLUMN_BYTES", "column 'n' of row group 0 has")],
)  # fmt: skip
def test_a_row_group_that_claims_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, sentence: str
) -> None:
    """Before a byte of it is decoded."""
    monkeypatch.setattr(rowgroups, limit, 10)
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"n": range(50)}), path)
    reader = parquet_source.ParquetReader(str(tmp_path), frozenset(), Bin("", SETTINGS), SETTINGS)
    (chunk,) = reader(part_of(path))
    assert sentence in chunk.tally.fault
