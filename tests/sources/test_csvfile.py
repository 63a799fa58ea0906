"""CSV files: typed columns, Spark's null, and bad rows that never take a good one with them."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.reading import Everything, everything, kept, part_of

from tidegauge.model.statistics import Kind
from tidegauge.sources import csvrows
from tidegauge.sources.columns import typed
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.csvtext import read_rows
from tidegauge.sources.delimited import is_paired, spans, split_rows
from tidegauge.sources.rejected import Bin
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read(
    folder: Path,
    content: bytes,
    *,
    header: bool = True,
    skip: frozenset[str] = frozenset(),
    kinds: Mapping[str, Kind] | None = None,
    name: str = "data.csv",
) -> Everything:
    """What a reader makes of one file."""
    path = folder / name
    path.write_bytes(content)
    rejected = Bin(str(folder / "rejected"), S3Settings())
    reader = CsvReader(str(folder), header, skip, kinds or {}, rejected, S3Settings())
    return everything(reader(part_of(path)))


def test_types_are_inferred_by_column_and_the_header_names_them(tmp_path: Path) -> None:
    """int64, float64, boolean, text; a column without values has no type."""
    found = read(tmp_path, b"i,f,b,t,e\n1,1.5,true,x,\n2,2,false,5,\n")
    assert [
        {"i": 1, "f": 1.5, "b": True, "t": "x", "e": None},
        {"i": 2, "f": 2.0, "b": False, "t": "5", "e": None},
    ] == found.rows
    assert 2 == found.tally.records


def test_without_a_header_the_columns_have_sparks_names(tmp_path: Path) -> None:
    """_c0, _c1 and so on; the first line is a row."""
    assert [{"_c0": 1, "_c1": "a"}] == read(tmp_path, b"1,a", header=False).rows


def test_only_an_empty_field_without_quotes_is_null(tmp_path: Path) -> None:
    """Spark's rule: an empty text in quotes is a text, and NaN, NA, null are texts."""
    found = read(tmp_path, b'a,b\n,""\nNaN,NA\nnull,N/A\n')
    assert [None, "NaN", "null"] == found.column("a")
    assert ["", "NA", "N/A"] == found.column("b")


def test_quoted_fields_hold_commas_newlines_and_quotes(tmp_path: Path) -> None:
    """RFC 4180, with blank lines, CRLF and characters beyond ASCII around it."""
    found = read(tmp_path, 'a,"b c"\r\n\r\n1,"x,\n""é"""\r\n2,ü\r\n'.encode())
    assert [{"a": 1, "b c": 'x,\n"é"'}, {"a": 2, "b c": "ü"}] == found.rows
    assert 0 == found.tally.rejected


def test_rows_of_the_wrong_width_are_rejected_with_file_line_and_reason(tmp_path: Path) -> None:
    """The line is the file's, whatever blank lines and newlines in fields come before."""
    found = read(tmp_path, b'a,b\n1,"x\ny"\n\n2\n3,z\n4,5,6\n')
    assert [1, 3] == found.column("a")
    assert (4, 2) == (found.tally.records, found.tally.rejected)
    assert [
        {
            "file": "data.csv",
            "line": 5,
            "reason": "the row has 1 columns: expected 2",
            "record": "2",
        },
        {
            "file": "data.csv",
            "line": 7,
            "reason": "the row has 3 columns: expected 2",
            "record": "4,5,6",
        },
    ] == kept(tmp_path / "rejected")
    assert found.tally.reasons[0] == "data.csv:5: the row has 1 columns: expected 2"


@pytest.mark.parametrize("broken", [b'9,"open', b'"open,9', b'9,"a"b', b"\xff,9"])
def test_a_broken_line_takes_no_good_row_with_it(tmp_path: Path, broken: bytes) -> None:
    """A quote that is never closed, or bytes that are not UTF-8, cost one line."""
    found = read(tmp_path, b"a,b\n1,x\n" + broken + b'\n2,"y\nz"\n3,w\n')
    assert [(1, "x"), (2, "y\nz"), (3, "w")] == [(row["a"], row["b"]) for row in found.rows]
    assert [3] == [record["line"] for record in kept(tmp_path / "rejected")]
    assert 4 == found.tally.records


def test_expected_kinds_put_strangers_beside_the_column(tmp_path: Path) -> None:
    """A value that is not of the baseline's kind is null in the column and a text beside it."""
    kinds = {"i": Kind.INTEGRAL, "f": Kind.FRACTIONAL, "t": Kind.TEXT}
    found = read(tmp_path, b"i,f,t\n1,1,1\n2.5,NaN,2\n,,\n0x1F,1e3,x\n", kinds=kinds)
    assert [1, None, None, None] == found.column("i")
    assert [1.0, None, None, 1000.0] == found.column("f")
    assert ["1", "2", None, "x"] == found.column("t")
    assert {"i": ["2.5", "0x1F"], "f": ["NaN"]} == found.mismatched


def test_columns_to_skip_are_not_converted(tmp_path: Path) -> None:
    """What is excluded is not there, even if it could not be read as what is expected."""
    found = read(tmp_path, b"a,b\n1,x\n", skip=frozenset("b"), kinds={"b": Kind.INTEGRAL})
    assert [{"a": 1}] == found.rows
    assert {} == found.mismatched


def test_a_header_that_names_a_column_twice_is_a_fault(tmp_path: Path) -> None:
    """Two columns of one name cannot be told apart; a nameless one gets Spark's name."""
    assert "its header names 'a' 2 times" in read(tmp_path, b"a,a\n1,2\n").tally.fault
    assert [{"_c0": 7, "a": 1}] == read(tmp_path, b",a\n7,1\n").rows


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_rows(tmp_path: Path, content: bytes) -> None:
    """Nothing is wrong with a file that has nothing in it."""
    found = read(tmp_path, content)
    assert ([], 0, "") == (found.rows, found.tally.records, found.tally.fault)


def test_a_header_alone_still_names_the_columns(tmp_path: Path) -> None:
    """A file without rows tells the columns that there are."""
    found = read(tmp_path, b"\xef\xbb\xbfa,b\n")
    assert ["a", "b"] == found.chunks[0].table.column_names


def test_compressed_files_are_read_and_a_broken_one_is_a_fault(tmp_path: Path) -> None:
    """`.gz` is undone; a truncated one says which file it is."""
    whole = gzip.compress(b"a\n" + b"1\n" * 1000)
    assert 1000 == len(read(tmp_path, whole, name="x.csv.gz").rows)
    fault = read(tmp_path, whole[:-10], name="y.csv.gz").tally.fault
    assert "y.csv.gz cannot be read: " in fault


def test_large_files_come_in_blocks_that_end_with_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the blocks, rows with newlines in them stay whole and lines are counted on."""
    monkeypatch.setattr(csvrows, "BLOCK_BYTES", 64)
    rows = [[str(i), f"text {i}\nwith a line" if i % 3 else f"{i}"] for i in range(200)]
    content = io.StringIO()
    csv.writer(content).writerows([["a", "b"], *rows])
    found = read(tmp_path, content.getvalue().encode() + b"bad\n", kinds={"b": Kind.TEXT})
    assert [[row["a"], row["b"]] for row in found.rows] == [[int(a), b] for a, b in rows]
    lines = content.getvalue().count("\n")
    assert [lines + 1] == [record["line"] for record in kept(tmp_path / "rejected")]


cells = st.text(alphabet='ab1,"\n é', max_size=6)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
)


@settings(deadline=None)
@given(tables)
def test_what_pythons_csv_module_writes_is_read(rows: list[list[str]]) -> None:
    """Fields, row spans and pyarrow's columns agree on any table with all fields in quotes."""
    content = io.StringIO()
    csv.writer(content, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    data = content.getvalue().encode()
    names = [f"c{i}" for i in range(len(rows[0]))]
    assert rows == split_rows(content.getvalue())
    assert is_paired(data)
    assert len(rows) == len(list(spans(data)))
    kinds = dict.fromkeys(names, Kind.TEXT)
    columns = read_rows(data, names, names, kinds).table
    assert rows == [list(row.values()) for row in columns.to_pylist()]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["1", "2.5", "x", "", "NaN", "0x1F", " 7", "true"]), max_size=30))
def test_the_direct_way_and_the_way_by_texts_agree(values: list[str]) -> None:
    """A column of an expected kind is the same whether pyarrow could convert it or not."""
    for kind in (Kind.INTEGRAL, Kind.FRACTIONAL, Kind.BOOLEAN, Kind.TEXT):
        data = "".join(f"{value},\n" for value in values).encode()
        direct = typed(read_rows(data, ["a", "b"], ["a"], {"a": kind}).table, {"a": kind})
        texts = pa.table({"a": pa.array([value or None for value in values], pa.string())})
        by_texts = typed(texts, {"a": kind})
        assert by_texts.table.to_pylist() == direct.table.to_pylist()
        assert [t.to_pylist() for _, t in by_texts.mismatched] == [
            t.to_pylist() for _, t in direct.mismatched
        ]
