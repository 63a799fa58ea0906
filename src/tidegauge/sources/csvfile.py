"""CSV files to chunks of typed columns, a block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from tidegauge.model.batch import Chunk, FileSlice
from tidegauge.sources.bytime import ByTime, decided, faults, split, without, without_time
from tidegauge.sources.chunks import gathered
from tidegauge.sources.columns import typed
from tidegauge.sources.csvhead import column_names, head_of
from tidegauge.sources.csvrows import RowBlock, row_blocks, rows_between, slice_start
from tidegauge.sources.csvtext import Rows, read_rows
from tidegauge.sources.delimited import spans
from tidegauge.sources.listing import relative
from tidegauge.sources.ranges import LinesBefore, opened
from tidegauge.sources.reading import Unreadable, blamed, is_utf8
from tidegauge.sources.rejected import Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tidegauge.model.batch import Part
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads the CSV files of a part; each file has its own header, or none has one.

    Columns in `skip` are not converted, those in `kinds` have that kind, the others are inferred
    from the block. Rows of the wrong width are rejected.
    """

    root: str
    header: bool
    skip: frozenset[str]
    kinds: Mapping[str, Kind]
    rejected: Bin
    settings: S3Settings
    by_time: ByTime | None = None

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """A broken file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched, or the rejected rows cannot be written.
        """
        return self.read(part, part.files)

    def read(self, part: Part, files: Iterable[FileSlice | Streamed]) -> Iterator[Chunk]:
        """The same of these files, whoever brings their bytes."""
        kept = Kept(list)
        yield from gathered(self._chunks(part, files, kept))
        self.rejected.keep(part, kept)

    def _chunks(
        self, part: Part, files: Iterable[FileSlice | Streamed], kept: Kept
    ) -> Iterator[Chunk]:
        try:
            for file in files:
                name = relative(file.uri, self.root)
                for rows, rejected in self._blocks(file, name):
                    yield from self._split(rows, rejected, part, name, kept)
        except Unreadable as error:
            yield from faults(str(error), part, self.by_time)

    def _blocks(
        self, file: FileSlice | Streamed, name: str
    ) -> Iterator[tuple[Rows, list[Rejected]]]:
        """The rows of each block of a file, and those that were rejected."""
        if isinstance(file, FileSlice) and file.is_cut:
            yield from self._slice(file, name)
            return
        names: tuple[str, ...] = ()
        line = 1
        for block in row_blocks(file, self.settings):
            start = 0
            if not names:
                with blamed(file.uri):
                    names, start = column_names(block.data, file.uri, header=self.header)
            first = line + block.data.count(b"\n", 0, start)
            yield self._read(file.uri, _Block(name, first, block.after(start)), names)
            line += block.data.count(b"\n")

    def _slice(self, file: FileSlice, name: str) -> Iterator[tuple[Rows, list[Rejected]]]:
        """The same of a slice, whose columns are named where the file begins."""
        with opened(file.uri, self.settings) as text:
            with blamed(file.uri):
                head = head_of(text, header=self.header)
            start, ahead = slice_start(text, file, head.stop)
            before = LinesBefore(file.uri, start, self.settings)
            line = 1
            stop = text.line_start(file.stop or 0)
            for block in chain((RowBlock(b""),), rows_between(text, start, stop, ahead)):
                rows, rejected = self._read(file.uri, _Block(name, line, block), head.names)
                yield rows, [replace(r, line=(r.line or 0) + before.count) for r in rejected]
                line += block.data.count(b"\n")

    def _read(self, uri: str, block: _Block, names: Sequence[str]) -> tuple[Rows, list[Rejected]]:
        skip = decided(self.skip, self.by_time)
        wanted = [column for column in names if column not in skip]
        with blamed(uri):
            return block.read(names, wanted, self.kinds)

    def _split(
        self, rows: Rows, rejected: list[Rejected], part: Part, name: str, kept: Kept
    ) -> Iterator[Chunk]:
        parts = split(rows.table, self.by_time, part)
        rejected += without_time(rows.table, parts.lost, name, self.by_time)
        features = without(rows.table, self.by_time)
        for piece in parts.pieces:
            columns = typed(piece.of(features), self.kinds)
            counts = tally(columns.table.num_rows, rejected)
            kept[piece.window] += rejected
            rejected = []
            yield Chunk(
                columns.table,
                piece.window,
                part.variant,
                tally=counts,
                mismatched=columns.mismatched,
            )


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a file; `line` is the number of the first line."""

    file: str
    line: int
    rows: RowBlock

    def read(
        self, names: Sequence[str], wanted: Sequence[str], kinds: Mapping[str, Kind]
    ) -> tuple[Rows, list[Rejected]]:
        """The rows, and the records that are none; a bad row never takes a good one with it."""
        data, rejected = self._readable()
        rows = read_rows(data, names, wanted, kinds)
        lines = _lines_of(data, [bad.index for bad in rows.bad])
        for line, bad in zip(lines, rows.bad, strict=True):
            reason = f"the row has {bad.found_columns} columns: expected {len(names)}"
            rejected.append(Rejected(self.file, self.line + line, reason, bad.text))
        return rows, sorted(rejected, key=lambda record: record.line or 0)

    def _readable(self) -> tuple[bytes, list[Rejected]]:
        """The bytes with blank lines in place of each row that is not UTF-8, or no row."""
        data = self.rows.data
        if self.rows.spans is None and is_utf8(data):
            return data, []
        rejected: list[Rejected] = []
        pieces: list[bytes] = []
        line = 0
        for span in self.rows.spans or spans(data):
            piece = data[span.start : span.stop]
            lines = piece.count(b"\n")
            if not is_utf8(piece):
                rejected.append(self._rejected(line, "the row is not UTF-8", piece))
                piece = b"\n" * lines
            elif not span.is_row:
                rejected.append(self._rejected(line, "a quote in the row is not paired", piece))
                piece = b"\n" * lines
            line += lines
            pieces.append(piece)
        return b"".join(pieces), rejected

    def _rejected(self, line: int, reason: str, record: bytes) -> Rejected:
        return Rejected(self.file, self.line + line, reason, readable(record.rstrip(b"\r\n")))


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
