"""CSV files and slices of them, a block of rows at a time.

All who read a CSV read it by these, so that they agree on which rows it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tidegauge.model.batch import FileSlice
from tidegauge.sources.csvhead import column_names, head_of
from tidegauge.sources.csvrows import RowBlock, row_blocks, rows_between, slice_start
from tidegauge.sources.csvtext import Rows, read_rows
from tidegauge.sources.delimited import spans
from tidegauge.sources.ranges import LinesBefore, opened
from tidegauge.sources.reading import blamed, is_utf8
from tidegauge.sources.rejected import readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tidegauge.model.statistics import Kind
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings


class Bad(NamedTuple):
    """A record that is no row; `line` counts from 0, in its block."""

    line: int
    reason: str
    record: str


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Some rows of a file whose columns have these names.

    `line` is the number of the first line; in a slice the lines `before` it come on top.
    """

    uri: str
    names: tuple[str, ...]
    line: int
    rows: RowBlock
    before: LinesBefore | None = None

    def read(
        self, wanted: Sequence[str], kinds: Mapping[str, Kind]
    ) -> tuple[Rows, tuple[Bad, ...]]:
        """The rows, and the records that are none; a bad row never takes a good one with it.

        Raises:
            Unreadable: the text is not CSV.
        """
        data, bad = self._readable()
        with blamed(self.uri):
            rows = read_rows(data, self.names, wanted, kinds)
        lines = _lines_of(data, [row.index for row in rows.bad])
        for line, row in zip(lines, rows.bad, strict=True):
            reason = f"the row has {row.found_columns} columns: expected {len(self.names)}"
            bad.append(Bad(line, reason, row.text))
        return rows, tuple(sorted(bad, key=lambda record: record.line))

    def number(self, line: int) -> int:
        """The number, in the file and from 1, of a line of the block.

        Raises:
            StorageError: the lines before a slice cannot be counted.
        """
        return self.line + line + (self.before.count if self.before else 0)

    def _readable(self) -> tuple[bytes, list[Bad]]:
        """The bytes with blank lines in place of each row that is not UTF-8, or no row."""
        data = self.rows.data
        if self.rows.spans is None and is_utf8(data):
            return data, []
        bad: list[Bad] = []
        pieces: list[bytes] = []
        line = 0
        for span in self.rows.spans or spans(data):
            piece = data[span.start : span.stop]
            lines = piece.count(b"\n")
            if reason := _why_not(piece, is_row=span.is_row):
                bad.append(Bad(line, reason, readable(piece.rstrip(b"\r\n"))))
                piece = b"\n" * lines
            line += lines
            pieces.append(piece)
        return b"".join(pieces), bad


def csv_blocks(
    file: FileSlice | Streamed, settings: S3Settings, *, header: bool
) -> Iterator[CsvBlock]:
    """All rows of a file, or those of a slice, whose columns are named where the file begins.

    Raises:
        Unreadable: the file is broken.
        StorageError: it cannot be fetched.
    """
    if isinstance(file, FileSlice) and file.is_cut:
        yield from _of_slice(file, settings, header=header)
        return
    names: tuple[str, ...] = ()
    line = 1
    for block in row_blocks(file, settings):
        start = 0
        if not names:
            with blamed(file.uri):
                names, start = column_names(block.data, file.uri, header=header)
        first = line + block.data.count(b"\n", 0, start)
        yield CsvBlock(file.uri, names, first, block.after(start))
        line += block.data.count(b"\n")


def _of_slice(file: FileSlice, settings: S3Settings, *, header: bool) -> Iterator[CsvBlock]:
    with opened(file.uri, settings) as text:
        with blamed(file.uri):
            head = head_of(text, header=header)
        start, ahead = slice_start(text, file, head.stop)
        before = LinesBefore(file.uri, start, settings)
        line = 1
        stop = text.line_start(file.stop or 0)
        for block in chain((RowBlock(b""),), rows_between(text, start, stop, ahead)):
            yield CsvBlock(file.uri, head.names, line, block, before)
            line += block.data.count(b"\n")


def _why_not(piece: bytes, *, is_row: bool) -> str:
    """Why a piece of text is no row, "" if it is one."""
    if not is_utf8(piece):
        return "the row is not UTF-8"
    return "" if is_row else "a quote in the row is not paired"


def _lines_of(data: bytes, rows: Collection[int]) -> list[int]:
    """The line that each of the rows begins on, both counted from 0."""
    if not rows:
        return []
    found = {}
    line = index = 0
    for span in spans(data):
        if span.of(data):
            found[index] = line
            index += 1
        line += data.count(b"\n", span.start, span.stop)
    return [found.get(row, line) for row in rows]
