"""Slices of text files: together they are the file, wherever it is cut."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.sources.reading import everything, kept, part_of

from tidegauge.model.batch import FileSlice, Part
from tidegauge.model.statistics import Kind
from tidegauge.sources import csvrows, ranges
from tidegauge.sources.capture import CaptureReader
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.layout import Layout
from tidegauge.sources.lines import read_lines
from tidegauge.sources.rejected import Bin
from tidegauge.sources.source import DEFAULT_LAYOUT
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tidegauge.model.batch import Reader

S3 = S3Settings()
BOM = b"\xef\xbb\xbf"
Read = tuple[list[dict[str, Any]], list[dict[str, Any]], int, int, bool]

places = st.lists(st.integers(1, 400), max_size=6)
csv_texts = st.builds(
    lambda bom, header, body: (BOM if bom else b"") + header + b"".join(body),
    st.booleans(),
    st.sampled_from([b"a,b\n", b'\n"a\nb",c\r\n', b"a,b,c\r", b""]),
    st.lists(
        st.sampled_from(
            [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"x", b"1", "é".encode(), b"\xff"]
            + [b'1,"a\nb"\n', b"2,3\n", b'"x ""y"" z",\r\n', b',""\n']
        ),
        max_size=40,
    ),
)
json_texts = st.builds(
    lambda bom, lines: (BOM if bom else b"") + b"".join(lines),
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from([b'{"a": 1}', '{"b": "é\\n"}'.encode(), b"{", b"", b" ", b"\xff", b"7"]),
            st.sampled_from([b"\n", b"\r\n", b"\n\n"]),
        ).map(b"".join),
        max_size=12,
    ),
)  # fmt: skip


@contextmanager
def small_reads(size: int) -> Iterator[None]:
    """Reads of so few bytes that every boundary comes about."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(csvrows, "BLOCK_BYTES", 3 * size)
        context.setattr(csvrows, "HEAD_BYTES", size)
        context.setattr(csvrows, "_LOOKED_BACK", (2 * size, 8 * size))
        context.setattr(ranges, "_PROBE_BYTES", size)
        yield


def slices(path: Path, cuts: Sequence[int]) -> Part:
    """A file in pieces, one after another."""
    size = path.stat().st_size
    bounds = sorted({0, size, *(place for place in cuts if place < size)})
    files = tuple(FileSlice(str(path), b - a, a, b) for a, b in pairwise(bounds))
    return Part("part-000000-test", files)


def read(reader: Callable[[Path, Bin], Reader], part: Part, folder: Path) -> Read:
    """All that a reader makes of a part: rows, rejected records, counts, and whether it failed."""
    with TemporaryDirectory() as rejected:
        found = everything(reader(folder, Bin(rejected, S3))(part))
        tally = found.tally
        texts = [{k: v for k, v in row.items() if v is not None} for row in found.rows]
        return texts, kept(Path(rejected)), tally.records, tally.rejected, bool(tally.fault)


class Texts(dict[str, Kind]):
    """Every column is text."""

    def get(self, _: str, __: object = None) -> Kind:  # type: ignore[override]
        return Kind.TEXT


def csv_reader(folder: Path, rejected: Bin, *, header: bool = True) -> CsvReader:
    return CsvReader(str(folder), header, frozenset(), Texts(), rejected, S3)


def headless_reader(folder: Path, rejected: Bin) -> CsvReader:
    return csv_reader(folder, rejected, header=False)


def json_reader(folder: Path, rejected: Bin) -> JsonLinesReader:
    return JsonLinesReader(str(folder), frozenset(), {}, rejected, S3)


def capture_reader(folder: Path, rejected: Bin) -> CaptureReader:
    layout = Layout.parse(DEFAULT_LAYOUT)
    return CaptureReader(str(folder), layout, ("x", "y"), (), frozenset(), {}, rejected, S3)


@settings(deadline=None, max_examples=300)
@given(csv_texts, places, st.integers(1, 60), st.booleans())
@example(b'a,b\n9,"open\n2,"y\nz"\n3,w\n', [12, 17, 20], 1, True)
@example(b'a\n"1\n2\n3\n4"\n5\n', [4, 6, 8], 1, True)
@example(b"a\r\n1\r\n\r\n2\r\n", [4, 5, 6, 7], 1, True)
@example(b'a,b\n1,","\n2,","\n3,","\n4,","\n', [8, 12, 16], 2, True)
def test_slices_of_a_csv_are_the_file(
    data: bytes, cuts: list[int], size: int, header: bool
) -> None:
    """The same rows, and the same rejected records with their lines: quotes, newlines and all."""
    with TemporaryDirectory() as name:
        path = Path(name) / "data.csv"
        path.write_bytes(data)
        reader = csv_reader if header else headless_reader
        whole = read(reader, part_of(path), Path(name))
        with small_reads(size):
            assert whole == read(reader, part_of(path), Path(name))
            cut = read(reader, slices(path, cuts), Path(name))
        assert whole == cut or (whole[-1] and cut[-1])


@settings(deadline=None, max_examples=150)
@given(json_texts, places, st.integers(1, 60))
def test_slices_of_json_lines_are_the_file(data: bytes, cuts: list[int], size: int) -> None:
    """The same rows, and the same rejected records with their lines."""
    with TemporaryDirectory() as name:
        path = Path(name) / "data.jsonl"
        path.write_bytes(data)
        whole = read(json_reader, part_of(path), Path(name))
        with small_reads(size):
            assert whole == read(json_reader, slices(path, cuts), Path(name))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["1,é", "2", "{", "", "3,4\n5,6"]), max_size=8), places)
def test_slices_of_a_capture_file_are_the_file(payloads: list[str], cuts: list[int]) -> None:
    """The same rows, and the same rejected records with their lines."""
    records = (
        {"captureData": {"endpointInput": {"data": text, "encoding": "CSV"}}} for text in payloads
    )
    lines = (json.dumps(record, ensure_ascii=False) + "\r\n{\n\n" for record in records)
    with TemporaryDirectory() as name:
        path = Path(name) / "data.jsonl"
        path.write_bytes("".join(lines).encode())
        whole = read(capture_reader, part_of(path), Path(name))
        with small_reads(7):
            assert whole == read(capture_reader, slices(path, cuts), Path(name))


@settings(deadline=None, max_examples=100)
@given(json_texts, places, st.integers(1, 40))
def test_every_line_of_slices_has_its_number_in_the_file(
    data: bytes, cuts: list[int], block_bytes: int
) -> None:
    """However small the blocks, and with lines before the slice that are blank."""
    with TemporaryDirectory() as name:
        path = Path(name) / "data.jsonl"
        path.write_bytes(data)
        expected = [
            (str(path), number, line.removesuffix(b"\r"))
            for number, line in enumerate(data.removeprefix(BOM).split(b"\n"), 1)
            if line.strip()
        ]
        blocks = list(read_lines(slices(path, cuts).files, S3, block_bytes))
        found = [(*block.place(i), block.record(i)) for block in blocks for i in range(len(block))]
        assert expected == found
