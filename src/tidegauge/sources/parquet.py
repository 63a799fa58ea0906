"""Parquet files to chunks of columns: some row groups, and no more columns than memory holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, faults, split, without, without_time
from tidegauge.sources.chunks import gathered
from tidegauge.sources.listing import relative
from tidegauge.sources.openfiles import opened, runs, tables
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import Bin, Kept, tally
from tidegauge.sources.rowgroups import Column, columns_of, instants, is_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from pyarrow import parquet

    from tidegauge.model.batch import Part, Stripe
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads the row groups of a part; the columns in `skip` are never decoded.

    With `by_time` the rows go to their windows, and row groups that have none are passed over.
    With `whole_rows` no chunk has some columns of a row only.
    """

    root: str
    skip: frozenset[str]
    rejected: Bin
    settings: S3Settings
    by_time: ByTime | None = None
    whole_rows: bool = False

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """A wide table comes a group of columns at a time; a broken file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched.
        """
        lost = Kept(list)
        yield from gathered(self._chunks(part, lost))
        self.rejected.keep(part, lost)

    def _chunks(self, part: Part, lost: Kept) -> Iterator[Chunk]:
        choose = partial(self._columns, stripe=part.stripe)
        rows = opened(part.files, self.settings, choose, self._in_time)
        # Rows without a time are rejected, and told by their file.
        together = runs(rows) if self.by_time is None else ([some] for some in rows)
        try:
            for run in together:
                found = tables(run, whole_rows=self.whole_rows)
                yield from self._split(found, part, relative(run[0].uri, self.root), lost)
        except Unreadable as error:
            yield from faults(str(error), part, self.by_time)

    def _columns(self, schema: pa.Schema, stripe: Stripe | None) -> tuple[Column, ...]:
        """The columns that are wanted, the one with the time first."""
        skip = decided(self.skip, self.by_time)
        found = [column for column in columns_of(schema) if is_wanted(column, skip)]
        times = [column for column in found if self._is_time(column)]
        others = [column for column in found if not self._is_time(column)]
        own = others[stripe.start : stripe.stop] if stripe else others
        return (*times, *own)

    def _is_time(self, column: Column) -> bool:
        return self.by_time is not None and column.name == self.by_time.column

    def _in_time(self, footer: parquet.FileMetaData, group: int, columns: Sequence[Column]) -> bool:
        """False if the row group's statistics say that it has no row of a wanted window."""
        if self.by_time is None or not columns or not self._is_time(columns[0]):
            return True
        bounds = instants(footer, group, columns[0].leaves.start)
        return bounds is None or self.by_time.touches(*bounds)

    def _split(
        self, found: Iterator[pa.Table], part: Part, file: str, lost: Kept
    ) -> Iterator[Chunk]:
        """The tables' columns for each window; the first table, which has the time, decides."""
        first = next(found)
        parts = split(first, self.by_time, part)
        counts_rows = part.stripe is None or part.stripe.start == 0
        rejected = without_time(first, parts.lost, file, self.by_time) if counts_rows else []
        for table in chain((first,), found):
            features = without(table, self.by_time)
            for piece in parts.pieces:
                rows = piece.of(features)
                if table is first and counts_rows:
                    counts = tally(len(rows), rejected)
                    lost[piece.window] += rejected
                    rejected = []
                    yield Chunk(rows, piece.window, part.variant, tally=counts)
                else:
                    yield Chunk(rows, piece.window, part.variant, new_rows=False)
