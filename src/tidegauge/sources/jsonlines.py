"""JSON Lines files, one object a line, to chunks of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, faults, split, without
from tidegauge.sources.chunks import gathered
from tidegauge.sources.columns import conformed
from tidegauge.sources.jsonrows import table_of
from tidegauge.sources.jsontext import read_each, read_fast
from tidegauge.sources.lines import Lines, lines_of, read_lines
from tidegauge.sources.listing import relative
from tidegauge.sources.nested import flat
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.reading import Streamed
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class JsonLinesReader:
    """Reads the lines of a part; nested objects become columns by their dotted path.

    Types are JSON's own, or those of `kinds`; a text stays text, whatever it looks like.
    """

    root: str
    skip: frozenset[str]
    kinds: Mapping[str, Kind]
    rejected: Bin
    settings: S3Settings
    by_time: ByTime | None = None

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """A broken compressed file is the last chunk's fault; a broken line is rejected.

        Raises:
            StorageError: a file cannot be fetched, or the rejected lines cannot be written.
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
            for lines in read_lines(files, self.settings):
                yield from self._block(lines, part, kept)
        except Unreadable as error:
            yield from faults(str(error), part, self.by_time)

    def _block(self, lines: Lines, part: Part, kept: Kept) -> Iterator[Chunk]:
        found = read_objects(lines)
        table = flat(found.table, decided(self.skip, self.by_time))
        parts = split(table, self.by_time, part)
        broken = dict(found.broken)
        if self.by_time:
            broken |= dict.fromkeys(found.records[parts.lost].tolist(), self.by_time.reason)
        rejected = [self._rejected(lines, i, broken[i]) for i in sorted(broken)]
        features = without(table, self.by_time)
        for piece in parts.pieces:
            columns = conformed(piece.of(features), self.kinds)
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

    def _rejected(self, lines: Lines, i: int, reason: str) -> Rejected:
        uri, line = lines.place(i)
        return Rejected(relative(uri, self.root), line, reason, readable(lines.record(i)))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A table, the record that each row comes from, and why other records gave no row."""

    table: pa.Table
    records: NDArray[np.int64]
    broken: tuple[tuple[int, str], ...] = ()


def read_objects(lines: Lines) -> Found:
    """All records that are JSON objects, in the types that their values have in common."""
    table = _read_natural(lines)
    if table is not None:
        return Found(table, np.arange(len(lines)))
    objects = read_each(lines)
    records = np.array([i for i, _ in objects.found], np.int64)
    if not len(records):
        return Found(pa.table({}), records, objects.broken)
    sound = b"".join(lines.record(i) + b"\n" for i, _ in objects.found)
    table = _read_natural(lines_of(sound, lines.origins))
    if table is None:
        table = table_of([value for _, value in objects.found])
    return Found(table, records, objects.broken)


def _read_natural(lines: Lines) -> pa.Table | None:
    """What pyarrow makes of the records, but for texts that look like times: they stay texts."""
    table = read_fast(lines)
    if table is None:
        return None
    schema = pa.schema([field.with_type(_timeless(field.type)) for field in table.schema])
    return table if schema.equals(table.schema) else read_fast(lines, schema)


def _timeless(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.string()
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(_timeless(field.type)) for field in type_])
    if pa.types.is_list(type_):
        return pa.list_(_timeless(type_.value_type))
    return type_
