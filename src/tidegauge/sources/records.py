"""Line after line, each turned to rows by a function: for what cannot be read in bulk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.model.batch import Chunk, Tally
from tidegauge.sources.bytime import faults
from tidegauge.sources.capture import outside_hour
from tidegauge.sources.chunks import batched, gathered
from tidegauge.sources.columns import typed
from tidegauge.sources.envelope import open_envelopes
from tidegauge.sources.lines import Lines, read_lines
from tidegauge.sources.listing import relative
from tidegauge.sources.marks import beside, marks_of_lines
from tidegauge.sources.payload import Row
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import BadRecord, Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegauge.model.batch import FileSlice, Part
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.layout import Layout
    from tidegauge.sources.source import Marks
    from tidegauge.storage import S3Settings

_AT_ONCE = 16_384  # records that make a chunk

# A record's line to its rows; raises BadRecord. It survives the way to a worker process.
Rows = Callable[[str], tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads the files of a part line by line, or by what else finds their `records`.

    The columns are those of `first` that there are, in this order, then the others as they come.
    A record without rows is counted as dropped. With a layout the lines are captures, whose times
    are compared with their folders', and whose rows say with `marks` which record they are of.
    """

    root: str
    rows: Rows
    first: tuple[str, ...]
    skip: frozenset[str]
    kinds: Mapping[str, Kind]
    rejected: Bin
    settings: S3Settings
    layout: Layout | None = None
    records: Callable[[Iterable[FileSlice], S3Settings], Iterator[Lines]] = read_lines
    marks: Marks | None = None

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's records; a broken compressed file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched, or the rejected records cannot be written.
        """
        kept = Kept(list)
        yield from gathered(self._chunks(part, kept))
        self.rejected.keep(part, kept)

    def _chunks(self, part: Part, kept: Kept) -> Iterator[Chunk]:
        try:
            for lines in self.records(part.files, self.settings):
                if len(lines):
                    yield from self._block(lines, part, kept)
        except Unreadable as error:
            yield from faults(str(error), part, None)

    def _block(self, lines: Lines, part: Part, kept: Kept) -> Iterator[Chunk]:
        envelopes = open_envelopes(lines) if self.layout is not None else None
        if self.layout is not None and envelopes is not None:
            outside = outside_hour(envelopes, lines, self.layout, self.root)
            yield Chunk(pa.table({}), part.window, part.variant, tally=Tally(outside_hour=outside))
        for some in batched(range(len(lines)), _AT_ONCE):
            rows, owners, rejected = self._read(lines, some)
            dropped = len(some) - len(rejected) - len(set(owners))
            kept[part.window] += rejected
            counts = tally(len(some) - len(rejected), rejected).merge(Tally(dropped=dropped))
            columns = typed(self._table(rows), self.kinds)
            table = columns.table
            if self.marks is not None and envelopes is not None:
                table = beside(table, marks_of_lines(envelopes, owners, lines, self.marks))
            yield Chunk(
                table,
                part.window,
                part.variant,
                tally=counts,
                mismatched=columns.mismatched,
            )

    def _read(
        self, lines: Lines, some: Sequence[int]
    ) -> tuple[list[Row], list[int], list[Rejected]]:
        """The rows of some records, the record of each row, and the rejected records."""
        rows: list[Row] = []
        owners: list[int] = []
        rejected: list[Rejected] = []
        for i in some:
            record = lines.record(i)
            try:
                found = self.rows(_decoded(record))
            except BadRecord as error:
                uri, line = lines.place(i)
                name = relative(uri, self.root)
                rejected.append(Rejected(name, line, str(error), readable(record)))
                continue
            rows += found
            owners += [i] * len(found)
        return rows, owners, rejected

    def _table(self, rows: Sequence[Row]) -> pa.Table:
        """The rows as texts."""
        found = dict.fromkeys(name for names in dict.fromkeys(map(tuple, rows)) for name in names)
        order = dict.fromkeys(name for name in (*self.first, *found) if name in found)
        wanted = [name for name in order if name not in self.skip]
        texts = [pa.array([row.get(name) for row in rows], pa.string()) for name in wanted]
        return pa.table(texts, wanted)


def _decoded(record: bytes) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError:
        raise BadRecord("the line is not UTF-8") from None
