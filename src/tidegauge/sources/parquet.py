"""Parquet files to chunks of columns: some row groups, and no more columns than memory holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, faults, split, without, without_time
from tidegauge.sources.chunks import gathered, in_one_piece
from tidegauge.sources.listing import relative
from tidegauge.sources.nested import flatten, is_named
from tidegauge.sources.reading import Unreadable, blamed
from tidegauge.sources.rejected import Bin, Kept, tally
from tidegauge.sources.rowgroups import (
    Column,
    absurdity,
    column_batches,
    columns_of,
    instants,
    is_coded,
    row_batches,
)
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads the row groups of a part; the columns in `skip` are never decoded.

    With `by_time` the rows go to their windows, and row groups that have none are passed over.
    """

    root: str
    skip: frozenset[str]
    rejected: Bin
    settings: S3Settings
    by_time: ByTime | None = None

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """A wide table comes a group of columns at a time; a broken file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched.
        """
        lost = Kept(list)
        yield from gathered(self._chunks(part, lost))
        self.rejected.keep(part, lost)

    def _chunks(self, part: Part, lost: Kept) -> Iterator[Chunk]:
        try:
            for slice_ in part.files:
                for tables in self._tables(slice_):
                    yield from self._split(tables, part, relative(slice_.uri, self.root), lost)
        except Unreadable as error:
            yield from faults(str(error), part, self.by_time)

    def _tables(self, slice_: FileSlice) -> Iterator[Iterator[pa.Table]]:
        """Some rows after others; of each, one table after another with different columns."""
        files, path = filesystem(slice_.uri, self.settings)
        with blamed(slice_.uri):
            stream = files.open_input_file(path)
        with stream:
            with blamed(slice_.uri):
                plain = parquet.ParquetFile(stream)
                footer = plain.metadata
                columns = self._columns(plain.schema_arrow)
                stop = footer.num_row_groups if slice_.stop is None else slice_.stop
                groups = [g for g in range(slice_.start, stop) if self._in_time(footer, g, columns)]
                if absurd := absurdity(footer, groups, columns):
                    raise Unreadable(f"{slice_.uri} cannot be read: {absurd}; write smaller ones")
                coded = [c.selector for c in columns if c.is_text and is_coded(footer, groups, c)]
                file = parquet.ParquetFile(
                    stream, metadata=footer, read_dictionary=coded, pre_buffer=True
                )
            for rows in row_batches(footer, groups):
                beside = column_batches(footer, rows, columns)
                yield (_read(slice_.uri, file, rows, some) for some in beside)

    def _columns(self, schema: pa.Schema) -> tuple[Column, ...]:
        """The columns that are wanted, the one with the time first."""
        skip = decided(self.skip, self.by_time)
        found = (c for c in columns_of(schema) if not is_named(c.path, c.name, skip))
        return tuple(sorted(found, key=lambda column: not self._is_time(column)))

    def _is_time(self, column: Column) -> bool:
        return self.by_time is not None and column.name == self.by_time.column

    def _in_time(self, footer: parquet.FileMetaData, group: int, columns: Sequence[Column]) -> bool:
        """False if the row group's statistics say that it has no row of a wanted window."""
        if self.by_time is None or not columns or not self._is_time(columns[0]):
            return True
        bounds = instants(footer, group, columns[0].leaves.start)
        return bounds is None or self.by_time.touches(*bounds)

    def _split(
        self, tables: Iterator[pa.Table], part: Part, file: str, lost: Kept
    ) -> Iterator[Chunk]:
        """The tables' columns for each window; the first table, which has the time, decides."""
        first = next(tables)
        parts = split(first, self.by_time, part)
        rejected = without_time(first, parts.lost, file, self.by_time)
        for table in chain((first,), tables):
            features = without(table, self.by_time)
            for piece in parts.pieces:
                rows = piece.of(features)
                if table is first:
                    counts = tally(len(rows), rejected)
                    lost[piece.window] += rejected
                    rejected = []
                    yield Chunk(rows, piece.window, part.variant, tally=counts)
                else:
                    yield Chunk(rows, piece.window, part.variant, new_rows=False)


def _read(
    uri: str, file: parquet.ParquetFile, groups: Sequence[int], columns: Sequence[Column]
) -> pa.Table:
    with blamed(uri):
        selectors = [column.selector for column in columns]
        table = file.read_row_groups(groups, columns=selectors, use_threads=False)
    return in_one_piece(flatten(table, {column.path: column.name for column in columns}))
