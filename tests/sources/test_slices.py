"""Slices of text files: together they are the file, wherever it is cut."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.sources.reading import everything, kept, part_of
from tests.sources.sameness import exact, inexact

from tidegauge.engines import local
from tidegauge.engines.arrow.fold import fold_part
from tidegauge.model.batch import FileSlice, Part
from tidegauge.model.statistics import Kind
from tidegauge.model.window import HOUR, Window
from tidegauge.profile.feature import disputed
from tidegauge.sources import captures, csvrows, ranges, reading, training
from tidegauge.sources.capture import CaptureReader
from tidegauge.sources.csvfile import CsvReader
from tidegauge.sources.delimited import Within, certain_row, spans, within
from tidegauge.sources.hours import HourReader, hours_of_profiles
from tidegauge.sources.jsonlines import JsonLinesReader
from tidegauge.sources.layout import Layout
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.rejected import Bin
from tidegauge.sources.source import DEFAULT_LAYOUT, CaptureSource, Format, TrainingSource
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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
            b'" "" , \n \r\n \r x 1 \xc3\xa9 \xff 1,"a\nb"\n 2,3\n "x""y""",\r\n ,""\n'.split(b" ")
        ),
        max_size=40,
    ),
)
json_texts = st.builds(
    lambda bom, lines: (BOM if bom else b"") + b"".join(lines),
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from([b'{"a": 1}', '{"b": "é\\n"}'.encode(), b"{", b"", b" ", b"\xff"]),
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
        context.setattr(csvrows, "_HEAD_BYTES", size)
        context.setattr(csvrows, "_LOOKED_BACK", (2 * size, 8 * size))
        context.setattr(ranges, "_PROBE_BYTES", size)
        context.setattr(ranges, "_COUNTED_BYTES", 10 * size)
        context.setattr(ranges, "_READ_BYTES", size)
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
        # A lone carriage return ends a row, but no line: two rejected rows may be on one.
        places = sorted(kept(Path(rejected)), key=lambda r: (r["line"], r["reason"], r["record"]))
        return texts, places, tally.records, tally.rejected, bool(tally.fault)


class Texts(dict[str, Kind]):
    """Every column is text."""

    def get(self, _: str, __: object = None) -> Kind:  # type: ignore[override]
        return Kind.TEXT


def csv_reader(folder: Path, rejected: Bin, *, header: bool = True) -> CsvReader:
    """Of texts below a header."""
    return CsvReader(str(folder), header, frozenset(), Texts(), rejected, S3)


def headless_reader(folder: Path, rejected: Bin) -> CsvReader:
    """Of texts in columns without names."""
    return csv_reader(folder, rejected, header=False)


def json_reader(folder: Path, rejected: Bin) -> JsonLinesReader:
    """Of a line's own types."""
    return JsonLinesReader(str(folder), frozenset(), {}, rejected, S3)


def capture_reader(folder: Path, rejected: Bin) -> CaptureReader:
    """Of captures whose inputs have two columns."""
    layout = Layout.parse(DEFAULT_LAYOUT)
    return CaptureReader(str(folder), layout, ("x", "y"), (), frozenset(), {}, rejected, S3)


@settings(deadline=None, max_examples=300)
@given(csv_texts, places, st.integers(1, 60), st.sampled_from([csv_reader, headless_reader]))
@example(b'a,b\n9,"open\n2,"y\nz"\n3,w\n', [12, 17, 20], 1, csv_reader)
@example(b'a\n"1\n2\n3\n4"\n5\n', [4, 6, 8], 1, csv_reader)
@example(b"a\r\n1\r\n\r\n2\r\n", [4, 5, 6, 7], 1, csv_reader)
@example(b'a,b\n1,","\n2,","\n3,","\n4,","\n', [8, 12, 16], 2, csv_reader)
@example("a\né\néé\n".encode(), [3, 4, 6, 7], 1, csv_reader)
def test_slices_of_a_csv_are_the_file(
    data: bytes, cuts: list[int], size: int, reader: Callable[[Path, Bin], Reader]
) -> None:
    """The same rows, and the same rejected records with their lines: quotes, newlines and all."""
    with TemporaryDirectory() as name:
        path = Path(name) / "data.csv"
        path.write_bytes(data)
        whole = read(reader, part_of(path), Path(name))
        with small_reads(size):
            assert whole == read(reader, part_of(path), Path(name))
            cut = read(reader, slices(path, cuts), Path(name))
        assert whole == cut or (whole[-1] and cut[-1])


@settings(deadline=None, max_examples=500)
@given(csv_texts, csv_texts, st.integers(0, 80))
def test_what_a_line_tells_of_its_beginning_is_true_whatever_stands_before(
    before: bytes, lines: bytes, known: int
) -> None:
    """Where no quoted field can reach to, a row begins."""
    place = len(before) + 1
    begins = {span.start for span in spans(before + b"\n" + lines)} | {place + len(lines)}
    assert place in begins or within(lines, ended=True) is not Within.NO
    assert place in begins or within(lines[:known]) is not Within.NO
    found = certain_row(lines)
    assert found is None or place + found in begins


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


@settings(deadline=None, max_examples=100)
@given(csv_texts.map(lambda x: x.removeprefix(BOM).replace(b"\r", b"")), places, st.integers(1, 30))
def test_a_record_without_end_is_refused_wherever_it_is_cut(
    data: bytes, cuts: list[int], record_bytes: int
) -> None:
    """A quote that is not closed within the limit opens nothing; a longer line is a fault."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as context:
        path = Path(name) / "data.csv"
        path.write_bytes(data)
        context.setattr(reading, "RECORD_BYTES", record_bytes)
        with small_reads(1):
            whole = read(csv_reader, part_of(path), Path(name))
            cut = read(csv_reader, slices(path, cuts), Path(name))
        assert whole == cut or (whole[-1] and cut[-1])


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSONL])
def test_profiles_of_slices_are_the_files(tmp_path: Path, format_: Format) -> None:
    """Exact states are the same bytes, others within their bounds; also of a type that changes."""
    draw = np.random.default_rng(1)
    rows = [
        {"n": int(i), "mixed": i if i < 700 else f"w{i}", "f": float(f), "t": f'"t",\n{i % 30}'}
        for i, f in enumerate(draw.normal(size=1000))
    ]
    path = tmp_path / "a.txt"
    if format_ is Format.CSV:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    source = TrainingSource(str(path), format_, str(tmp_path / "rejected"))
    inputs = list_training(str(path), S3)
    parts = cut(inputs, format_, S3, part_bytes=1500)
    assert len(parts) > 20

    whole = local.profile_parts(cut(inputs, format_, S3), training.reader(source, S3), 1)
    apart = local.profile_parts(parts, training.reader(source, S3), 1)
    assert ["mixed"] == [f.name for f in apart["", ""].features if disputed(f)]
    known = replace(source, kinds={"mixed": Kind.TEXT})  # as the baseline's job reads it then
    apart = local.profile_parts(parts, training.reader(known, S3), 1)
    assert exact(whole) == exact(apart)
    assert [] == inexact(whole["", ""], apart["", ""])


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSONL])
def test_slices_deal_their_rows_to_windows(tmp_path: Path, format_: Format) -> None:
    """Where a column tells the time, a window has the same rows however a file is cut."""
    path = tmp_path / "a.txt"
    times = [f"2024-03-0{1 + i % 3}T0{i % 10}:00:00Z" if i % 20 else "never" for i in range(200)]
    if format_ is Format.CSV:
        path.write_text("".join(["n,at\n", *(f"{i},{time}\n" for i, time in enumerate(times))]))
    else:
        path.write_text("".join(f'{{"n": {i}, "at": "{t}"}}\n' for i, t in enumerate(times)))
    source = CaptureSource(str(path), format_, "", time="at")
    windows = [Window(datetime(2024, 3, day, tzinfo=UTC), timedelta(days=1)) for day in (1, 2)]
    batches = captures.batches(source, windows, S3)
    read = captures.reader(source, S3, windows)
    (whole,) = captures.parts(source, batches, S3)
    found = [
        sorted((chunk.window, row["n"]) for part in parts for chunk in read(part) for row in
               chunk.table.to_pylist())
        for parts in ([whole], cut(batches[0].inputs, format_, S3, part_bytes=300))
    ]  # fmt: skip
    assert found[0] == found[1]
    assert 127 == len(found[0])


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([Format.CSV, Format.JSONL]),
    st.lists(
        st.sampled_from([0, 1, 26, None, '"', '"a\nb', "\udcff", '2024-03-01T00:00Z","\n']),
        max_size=12,
    ),
    places,
    st.integers(1, 60),
)
def test_slices_have_the_hours_of_their_rows(
    format_: Format, cells: list[int | str | None], cuts: list[int], size: int
) -> None:
    """Together those of the file: of the rows that are not rejected, as a reader of them says."""
    march = datetime(2024, 3, 1, tzinfo=UTC)
    texts = [(march + HOUR * c).isoformat() if isinstance(c, int) else c for c in cells]
    if format_ is Format.CSV:
        body = "".join(["n,at\n", *(f"{i},{text or ''}\n" for i, text in enumerate(texts))])
    else:
        body = "".join(f'{{"n": {i}, "at": "{text}"}}\n' for i, text in enumerate(texts))
    with TemporaryDirectory() as name, small_reads(size):
        path = Path(name) / "data"
        path.write_bytes(body.encode(errors="surrogateescape"))
        source = CaptureSource(str(path), format_, "", time="at")
        expected: Counter[datetime] = Counter()
        every_hour = [Window(march + i * HOUR, HOUR) for i in range(48)]
        for chunk in captures.reader(source, S3, every_hour)(part_of(path)):
            expected[Window.parse(chunk.window).start] += chunk.table.num_rows
        read = HourReader(source, "at", S3)
        found = [
            hours_of_profiles(fold_part(part, read)) for part in (part_of(path), slices(path, cuts))
        ]
    assert [+expected, +expected] == found


def test_a_file_that_was_written_anew_is_counted_anew(tmp_path: Path) -> None:
    """The lines of large files are remembered, but not those of another file of that name."""
    path = tmp_path / "a.jsonl"
    with small_reads(1):
        for lines in (5, 9):
            path.write_bytes(b"\n" * lines + b"x" * (100 - lines))
            os.utime(path, ns=(lines, lines))
            assert lines == ranges.LinesBefore(str(path), 100, S3).count


def test_a_slice_begins_without_reading_all_before_it(tmp_path: Path) -> None:
    """Where a cut is in a text of many lines, a row near it tells; the whole file is not read."""
    row = b'%d,"' + b"a line\n" * 30 + b'"\n'
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"".join(row % i for i in range(20_000)))
    cut = 3_000_000
    with ranges.opened(str(path), S3) as text:
        counted = Counted(str(path), text.stream)
        start, _ = csvrows.slice_start(counted, FileSlice(str(path), cut, cut, 2 * cut), 4)
    data = path.read_bytes()
    assert data[:start].count(b'"') % 2 == 0
    assert data.rfind(b'"\n', 0, start) + 2 == start
    assert cut <= start < cut + len(row) + 10
    assert counted.lowest > cut - (1 << 21)


class Counted(ranges.Text):
    """A text that knows the lowest place that was asked for."""

    lowest = 1 << 60

    def blocks(self, start: int, sizes: Iterable[int]) -> Iterator[bytes]:
        """Blocks of these sizes."""
        object.__setattr__(self, "lowest", min(self.lowest, start))
        return super().blocks(start, sizes)
