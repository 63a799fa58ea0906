"""CSV files to chunks of typed columns, a block of rows at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, faults, split, without, without_time
from tidegauge.sources.chunks import gathered
from tidegauge.sources.columns import typed
from tidegauge.sources.csvtext import Rows, read_rows
from tidegauge.sources.delimited import is_paired, spans, split_rows, whole_rows
from tidegauge.sources.listing import relative
from tidegauge.sources.reading import Unreadable, blamed, is_utf8, refuse_endless, text_blocks
from tidegauge.sources.rejected import Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings

BLOCK_BYTES = 32 << 20


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
        names: tuple[str, ...] = ()
        line = 1
        for data in row_blocks(file, self.settings):
            start = 0
            with blamed(file.uri):
                if not names:
                    names, start = column_names(data, file.uri, header=self.header)
                block = _Block(name, line + data.count(b"\n", 0, start), data[start:])
                skip = decided(self.skip, self.by_time)
                wanted = [column for column in names if column not in skip]
                yield block.read(names, wanted, self.kinds)
            line += data.count(b"\n")

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
    data: bytes

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
        """The bytes with a blank line in place of each that is not UTF-8 or opens a quote only."""
        data, rejected = self.data, []
        if not is_utf8(data):
            lines = data.split(b"\n")
            broken = [(i, lines[i]) for i in range(len(lines)) if not is_utf8(lines[i])]
            for i, record in broken:
                rejected.append(self._rejected(i, "the row is not UTF-8", record))
                lines[i] = b""
            data = b"\n".join(lines)
        if b'"' in data and not is_paired(data):
            pieces = []
            line = 0
            for span in spans(data):
                piece = data[span.start : span.stop]
                if not span.is_row:
                    rejected.append(self._rejected(line, "a quote in the row is not paired", piece))
                    piece = b"\n"
                line += piece.count(b"\n")
                pieces.append(piece)
            data = b"".join(pieces)
        return data, rejected

    def _rejected(self, line: int, reason: str, record: bytes) -> Rejected:
        return Rejected(self.file, self.line + line, reason, readable(record.rstrip(b"\r\n")))


def row_blocks(file: FileSlice | Streamed, settings: S3Settings) -> Iterator[bytes]:
    """The file in blocks that end with a row, as far as quotes tell where rows end.

    Raises:
        Unreadable: a compressed file is broken.
        StorageError: the file cannot be fetched.
    """
    data = b""
    for block in text_blocks(file, settings, BLOCK_BYTES):
        if len(data) >= BLOCK_BYTES:
            stop = whole_rows(data)
            if len(data) - stop > 2 * BLOCK_BYTES:  # a quote was opened and never closed
                stop = data.rfind(b"\n") + 1
            if stop:
                yield data[:stop]
            data = data[stop:]
            refuse_endless(file.uri, len(data) - 2 * BLOCK_BYTES)
        data += block
    if data:
        yield data


def column_names(data: bytes, uri: str, *, header: bool) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and how many bytes the header takes.

    Without a header they are `_c0`, `_c1` ... (Spark's names), as is a column that it leaves blank.

    Raises:
        Unreadable: the header names a column twice, or is no CSV row.
    """
    for span in spans(data):
        if not span.of(data):
            continue
        if not span.is_row:
            raise Unreadable(f"{uri} cannot be read: a quote in the header is not paired")
        fields = split_rows(span.of(data).decode())[0]
        if not header:
            return tuple(f"_c{i}" for i in range(len(fields))), 0
        names = tuple(field or f"_c{i}" for i, field in enumerate(fields))
        for name, times in Counter(names).items():
            if times > 1:
                raise Unreadable(
                    f"{uri} cannot be read: its header names {name!r} {times} times; expected "
                    "each column to have a name of its own"
                )
        return names, span.stop
    return (), 0


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
