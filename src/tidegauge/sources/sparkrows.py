"""Rows that Spark has read, with the types that it gives their columns, to chunks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, split, without, without_time
from tidegauge.sources.chunks import regrouped
from tidegauge.sources.columns import one_array
from tidegauge.sources.nested import flat
from tidegauge.sources.rejected import Bin, Kept, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.batch import Part
    from tidegauge.sources.bypath import ByPath


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of a table, or of Parquet files.

    With `by_path` the last column is Spark's name of the file that a row is from, and no feature.
    `name` is what a rejected row is said to be from.
    """

    name: str
    variant: str
    skip: frozenset[str]
    rejected: Bin
    by_time: ByTime | None = None
    by_path: ByPath | None = None

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's rows.

        Raises:
            StorageError: the rejected rows cannot be written.
        """
        part = replace(part, variant=self.variant)
        lost = Kept(list)
        yield from regrouped(self._chunks(part, tables, lost))
        self.rejected.keep(part, lost)

    def _chunks(self, part: Part, tables: Iterator[pa.Table], lost: Kept) -> Iterator[Chunk]:
        for table in tables:
            if self.by_path is None:
                yield from self._split(table, part, lost)
            else:
                yield from self._by_folder(table, self.by_path)

    def _split(self, table: pa.Table, part: Part, lost: Kept) -> Iterator[Chunk]:
        rows = flat(table, decided(self.skip, self.by_time))
        parts = split(rows, self.by_time, part)
        rejected = without_time(rows, parts.lost, self.name, self.by_time)
        features = without(rows, self.by_time)
        for piece in parts.pieces:
            some = piece.of(features)
            lost[piece.window] += rejected
            yield Chunk(some, piece.window, part.variant, tally=tally(len(some), rejected))
            rejected = []

    def _by_folder(self, table: pa.Table, by_path: ByPath) -> Iterator[Chunk]:
        last = table.num_columns - 1
        files = one_array(table.column(last)).dictionary_encode()
        owners = [by_path.owner(path) for path in files.dictionary.to_pylist()]
        file_of_row = files.indices.to_numpy()
        features = flat(table.remove_column(last), self.skip)
        for owner in dict.fromkeys(owners):
            if owner is not None:
                own = np.isin(file_of_row, [i for i, one in enumerate(owners) if one == owner])
                rows = features if own.all() else features.filter(pa.array(own))
                yield Chunk(rows, *owner, tally=tally(len(rows), ()))
