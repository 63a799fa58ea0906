"""SageMaker's captures to chunks: envelopes opened, payloads typed, broken records kept aside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.errors import UsageError
from tidegauge.model.batch import Chunk
from tidegauge.model.window import parse_time
from tidegauge.sources.bulk import Texts, countable, parse
from tidegauge.sources.bytime import faults
from tidegauge.sources.chunks import batched, gathered
from tidegauge.sources.columns import Columns as Typed
from tidegauge.sources.columns import typed
from tidegauge.sources.envelope import INPUT, OUTPUT, Envelopes, open_envelopes
from tidegauge.sources.lines import Lines, read_lines
from tidegauge.sources.listing import relative
from tidegauge.sources.marks import beside, marks_of
from tidegauge.sources.payload import Columns, Row, rows_of
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import BadRecord, Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.model.batch import FileSlice, Part, Tally
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.envelope import Payload
    from tidegauge.sources.layout import Layout
    from tidegauge.sources.reading import Streamed
    from tidegauge.sources.source import Marks
    from tidegauge.storage import S3Settings

_BY_HAND = 16_384  # records read one by one that make a chunk


@dataclass(frozen=True, slots=True)
class CaptureReader:
    """Reads the capture files of a part.

    A payload's columns are `inputs`, then `outputs`, of the baseline's `kinds`; those that it does
    not know are inferred. Of a side without names nothing is read where the other has some. What an
    input payload names beyond them becomes a column too, what an output payload names does not.
    With `marks` each row says in further columns which record it is of (`marks.py`).
    """

    root: str
    layout: Layout
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    skip: frozenset[str]
    kinds: Mapping[str, Kind]
    rejected: Bin
    settings: S3Settings
    marks: Marks | None = None

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's records; a broken compressed file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched, or the rejected records cannot be written.
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
            yield from faults(str(error), part, None)

    def _block(self, lines: Lines, part: Part, kept: Kept) -> Iterator[Chunk]:
        envelopes = open_envelopes(lines)
        outside = outside_hour(envelopes, lines, self.layout, self.root)
        plan = self._plan(envelopes)
        table, record, bad = self._in_bulk(plan)
        reasons = {int(envelopes.records[i]): reason for i, reason in (plan.bad | bad).items()}
        rejected = self._rejected(lines, dict(envelopes.broken) | reasons)
        kept[part.window] += rejected
        if len(plan.records) or rejected or outside:
            counts = tally(len(plan.records) - len(bad), rejected, outside)
            yield self._chunk(self._marked(table, envelopes, record, lines), part, counts)
        for some in batched(plan.by_hand, _BY_HAND):
            rows, record, reasons = self._by_hand(envelopes, some)
            rejected = self._rejected(lines, reasons)
            kept[part.window] += rejected
            counts = tally(len(some) - len(rejected), rejected)
            yield self._chunk(self._marked(rows, envelopes, record, lines), part, counts)

    def _chunk(self, columns: Typed, part: Part, counts: Tally) -> Chunk:
        return Chunk(
            columns.table, part.window, part.variant, tally=counts, mismatched=columns.mismatched
        )

    def _marked(
        self, table: pa.Table, envelopes: Envelopes, record: NDArray[np.int64], lines: Lines
    ) -> Typed:
        """The rows in their columns' types, with their marks if these are wanted."""
        columns = typed(table, self.kinds)
        if self.marks is None:
            return columns
        marks = marks_of(envelopes, record, lines, self.marks)
        return replace(columns, table=beside(columns.table, marks))

    def _plan(self, envelopes: Envelopes) -> _Plan:
        """Which records can be read in bulk, which one by one, and which not at all."""
        sent, answered = self._sides
        outputs = countable(envelopes.outputs, answered) if self.outputs else None
        inputs = countable(envelopes.inputs, sent) if self.inputs or not outputs else outputs
        outputs = outputs or inputs
        counted = (
            (inputs.rows > 0)
            & (outputs.rows > 0)
            & (not (self.inputs and inputs.clashes(self.outputs)))
        )
        unequal = counted & (inputs.rows != outputs.rows)
        bad = {int(i): _unequal(inputs.rows[i], outputs.rows[i]) for i in np.flatnonzero(unequal)}
        records = np.flatnonzero(counted & ~unequal)
        by_hand = tuple(np.flatnonzero(~counted).tolist())
        return _Plan(records, inputs.take(records), outputs.take(records), by_hand, bad)

    def _in_bulk(self, plan: _Plan) -> tuple[pa.Table, NDArray[np.int64], dict[int, str]]:
        """The rows of the planned records, the record of each, and why some records have none."""
        if not len(plan.records):
            return pa.table({}), plan.records, {}
        sent, answered = self._sides
        sides = []
        if self.inputs or not self.outputs:
            sides.append((INPUT, parse(plan.inputs, sent, self.kinds)))
        if self.outputs:
            sides.append((OUTPUT, parse(plan.outputs, answered, self.kinds)))
        bad = {i: f"{name}: {reason}" for name, side in sides for i, reason in side.bad.items()}
        drop = np.array(sorted(bad), np.int64)
        tables = [side.without(drop) for _, side in sides]
        columns = {n: c for t in tables for n, c in zip(t.column_names, t.columns, strict=True)}
        table = pa.table({name: columns[name] for name in self._ordered(columns)})
        record = np.repeat(plan.records, plan.outputs.rows)
        if len(drop):
            record = record[~np.isin(record, plan.records[drop])]
        return table, record, {int(plan.records[i]): bad[i] for i in sorted(bad)}

    @property
    def _sides(self) -> tuple[Columns, Columns]:
        return sent_and_answered(self.inputs, self.outputs, self.skip)

    def _ordered(self, found: Iterable[str]) -> list[str]:
        """The columns that are read, those that the conf or the baseline knows first."""
        there = dict.fromkeys(found)
        known = (name for name in (*self.inputs, *self.outputs) if name in there)
        return [name for name in dict.fromkeys((*known, *there)) if name not in self.skip]

    def _by_hand(
        self, envelopes: Envelopes, some: Sequence[int]
    ) -> tuple[pa.Table, NDArray[np.int64], dict[int, str]]:
        """The rows of these records as texts, the record of each, and why some have none."""
        rows: list[Row] = []
        record: list[int] = []
        reasons: dict[int, str] = {}
        inputs, outputs = envelopes.inputs.listed(some), envelopes.outputs.listed(some)
        for i, payload, answer in zip(some, inputs, outputs, strict=True):
            try:
                found_rows = rows_of_record(payload, answer, *self._sides)
                rows += found_rows
                record += [i] * len(found_rows)
            except BadRecord as error:
                reasons[int(envelopes.records[i])] = str(error)
        found = dict.fromkeys(name for names in dict.fromkeys(map(tuple, rows)) for name in names)
        wanted = self._ordered(found)
        texts = [pa.array([row.get(name) for row in rows], pa.string()) for name in wanted]
        return pa.table(texts, wanted), np.array(record, np.int64), reasons

    def _rejected(self, lines: Lines, reasons: Mapping[int, str]) -> list[Rejected]:
        found = []
        for i in sorted(reasons):
            uri, line = lines.place(i)
            record = readable(lines.record(i))
            found.append(Rejected(relative(uri, self.root), line, reasons[i], record))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Records by their place among the envelopes: in bulk, with their texts; by hand; and bad."""

    records: NDArray[np.int64]
    inputs: Texts
    outputs: Texts
    by_hand: tuple[int, ...]
    bad: dict[int, str]


def outside_hour(envelopes: Envelopes, lines: Lines, layout: Layout, root: str) -> int:
    """How many records say that they were made at another time than their folder does."""
    origins = lines.origin_of(envelopes.records)
    bounds = np.searchsorted(origins, np.arange(len(lines.origins) + 1))
    count = 0
    for origin, start, stop in zip(lines.origins, bounds, bounds[1:], strict=False):
        place = layout.place(relative(origin.uri, root))
        if place is not None:
            times = envelopes.times.slice(int(start), int(stop - start))
            prefix = layout.prefix(place.hour)
            others = times.filter(pc.invert(pc.starts_with(times, prefix)))
            count += sum(not _in_utc(text).startswith(prefix) for text in others.to_pylist())
    return count


def _in_utc(time: str) -> str:
    """The time in UTC as ISO 8601, or the text itself if it is none."""
    try:
        return parse_time(time).isoformat()
    except UsageError:
        return time


def sent_and_answered(
    inputs: tuple[str, ...], outputs: tuple[str, ...], skip: frozenset[str]
) -> tuple[Columns, Columns]:
    """The columns of the two sides of a record: what an answer has beyond them is passed over."""
    return Columns(inputs, skip), Columns(outputs, skip, only=True)


def rows_of_record(
    payload: Payload, answer: Payload, inputs: Columns, outputs: Columns
) -> tuple[Row, ...]:
    """The rows of one record: what was sent, with the outputs of what was answered.

    Raises:
        BadRecord: it cannot be read, with the reason.
    """
    if outputs.names and not inputs.names:
        return _rows_of(OUTPUT, answer, outputs)
    rows = _rows_of(INPUT, payload, inputs)
    if not outputs.names:
        return rows
    answers = _rows_of(OUTPUT, answer, outputs)
    if len(rows) != len(answers):
        raise BadRecord(_unequal(len(rows), len(answers)))
    for row, answered in zip(rows, answers, strict=True):
        row.update(answered)
    return rows


def _rows_of(side: str, payload: Payload, columns: Columns) -> tuple[Row, ...]:
    data, encoding, content_type = payload
    if data is None or encoding is None:
        raise BadRecord(f"the record has no {side} with data and encoding")
    try:
        return rows_of(data, encoding, content_type or "", columns)
    except BadRecord as error:
        raise BadRecord(f"{side}: {error}") from None


def _unequal(inputs: int, outputs: int) -> str:
    return f"{INPUT} has {inputs} rows, {OUTPUT} has {outputs}: expected as many"
