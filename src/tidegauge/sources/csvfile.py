"""CSV files to chunks of typed columns, a block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.batch import Chunk
from tidegauge.sources.bytime import ByTime, decided, faults, split, without, without_time
from tidegauge.sources.chunks import gathered
from tidegauge.sources.columns import typed
from tidegauge.sources.csvblocks import csv_blocks
from tidegauge.sources.listing import relative
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import Bin, Kept, Rejected, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.csvblocks import CsvBlock
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
                for block in csv_blocks(file, self.settings, header=self.header):
                    yield from self._rows(block, part, name, kept)
        except Unreadable as error:
            yield from faults(str(error), part, self.by_time)

    def _rows(self, block: CsvBlock, part: Part, name: str, kept: Kept) -> Iterator[Chunk]:
        skip = decided(self.skip, self.by_time)
        rows, bad = block.read([column for column in block.names if column not in skip], self.kinds)
        rejected = [Rejected(name, block.number(b.line), b.reason, b.record) for b in bad]
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
