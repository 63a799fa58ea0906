"""Labels to rows: SageMaker's ground-truth records, and plain columns.

The record's format is that of the developer guide's "Ingest Ground Truth labels and merge them with
predictions": `groundTruthData` (data, encoding) and `eventMetadata.eventId`, which is the capture's
inference id, or its event id where it has none. A label was collected in the hour of its folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.batch import Chunk, Tally
from tidegauge.model.merged import ID, LABEL, LABELLED_AT, ROW, ROWS
from tidegauge.sources.answers import classes, numbers, texts
from tidegauge.sources.bytime import faults
from tidegauge.sources.chunks import gathered
from tidegauge.sources.columns import one_array
from tidegauge.sources.inference import part_of
from tidegauge.sources.kinds import TIMESTAMP
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import relative
from tidegauge.sources.marks import places
from tidegauge.sources.opening import Form, open_records
from tidegauge.sources.payload import Columns, rows_of
from tidegauge.sources.predictions import moments
from tidegauge.sources.reading import Unreadable
from tidegauge.sources.rejected import BadRecord, Bin, Kept, Rejected, readable, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.model.batch import Part, Reader, TableReader
    from tidegauge.sources.layout import Layout
    from tidegauge.sources.lines import Lines
    from tidegauge.sources.opening import Opened
    from tidegauge.storage import S3Settings

_TRUTH, _METADATA = "groundTruthData", "eventMetadata"
_SCHEMA = pa.schema(
    [
        (_TRUTH, pa.struct([("data", pa.string()), ("encoding", pa.string())])),
        (_METADATA, pa.struct([("eventId", pa.string())])),
    ]
)
_WANTED = ((_TRUTH, "data"), (_TRUTH, "encoding"), (_METADATA, "eventId"))
_NO_LABELS = pa.table({})
_NOT_PLAIN = r'["\n\r,]'  # a CSV payload that is more than a single value


@dataclass(frozen=True, slots=True)
class LabelReader:
    """Reads the ground-truth records of a part; those that have no label or no id are rejected.

    `name` is the label's in payloads of JSON objects. With `numeric` labels are numbers.
    """

    root: str
    layout: Layout
    name: str
    numeric: bool
    rejected: Bin
    settings: S3Settings

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's labels; a broken compressed file is the last chunk's fault.

        Raises:
            StorageError: a file cannot be fetched, or the rejected records cannot be written.
        """
        kept = Kept(list)
        yield from gathered(self._chunks(part, kept))
        self.rejected.keep(part, kept)

    def _chunks(self, part: Part, kept: Kept) -> Iterator[Chunk]:
        try:
            for lines in read_lines(part.files, self.settings):
                yield self._block(lines, kept)
        except Unreadable as error:
            yield from faults(str(error), part, None)

    def _block(self, lines: Lines, kept: Kept) -> Chunk:
        opened = open_records(lines, _FORM)
        read = _Read.of(opened, self.name)
        labels = numbers(read.labels) if self.numeric else read.labels
        reasons = dict(opened.broken) | {
            int(opened.records[i]): reason for i, reason in read.bad.items()
        }
        sound = pc.and_(pc.is_valid(labels), pc.is_valid(read.ids)).to_numpy(zero_copy_only=False)
        for i in np.flatnonzero(~sound).tolist():
            reasons.setdefault(int(opened.records[read.record[i]]), self._reason(read, i))
        rejected = [self._rejected(lines, i, reasons[i]) for i in sorted(reasons)]
        kept[""] += rejected
        sound &= ~np.isin(opened.records[read.record], list(reasons))
        record = read.record[sound]
        row, rows = places(record)
        chosen = pa.array(sound)
        table = pa.table(
            {
                ID: read.ids.filter(chosen),
                ROW: row,
                ROWS: rows,
                LABEL: labels.filter(chosen),
                LABELLED_AT: self._collected(lines, opened.records[record]),
            }
        )
        return Chunk(table, tally=tally(len(lines) - len(rejected), rejected))

    def _reason(self, read: _Read, i: int) -> str:
        if not read.ids[i].is_valid:
            return f"the record has no {_METADATA}.eventId"
        text = read.labels[i].as_py()
        return "the label is missing" if text is None else f"the label {text!r} is no number"

    def _collected(self, lines: Lines, records: NDArray[np.int64]) -> pa.Array:
        """The hours of the folders that the records' files are in."""
        found = (self.layout.place(relative(origin.uri, self.root)) for origin in lines.origins)
        hours = pa.array([place.hour if place else None for place in found], TIMESTAMP)
        return hours.take(pa.array(lines.origin_of(records)))

    def _rejected(self, lines: Lines, i: int, reason: str) -> Rejected:
        uri, line = lines.place(i)
        return Rejected(relative(uri, self.root), line, reason, readable(lines.record(i)))


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """One row a label, as text: the record that it is of, and why other records have none."""

    ids: pa.Array
    labels: pa.Array
    record: NDArray[np.int64]
    bad: Mapping[int, str]

    @classmethod
    def of(cls, opened: Opened, name: str) -> _Read:
        data, encoding, ids = (opened.columns[path] for path in _WANTED)
        data = pc.utf8_trim(data, " \t\r\n")
        plain = pc.and_(
            pc.equal(pc.ascii_upper(encoding), "CSV"),
            pc.invert(pc.match_substring_regex(data, _NOT_PLAIN)),
        )
        one_by_one = np.flatnonzero(
            ~pc.fill_null(plain, fill_value=False).to_numpy(zero_copy_only=False)
        )
        record = np.arange(len(data))
        if not len(one_by_one):
            return cls(ids, _filled(data), record, {})
        values: list[str | None] = []
        owners: list[int] = []
        bad: dict[int, str] = {}
        for i in one_by_one.tolist():
            try:
                found = _labels(data[i].as_py(), encoding[i].as_py(), name)
            except BadRecord as error:
                bad[i] = str(error)
                continue
            values += found
            owners += [i] * len(found)
        rest = np.delete(record, one_by_one)
        record = np.concatenate([rest, np.array(owners, np.int64)])
        labels = pa.concat_arrays([data.take(pa.array(rest)), pa.array(values, pa.string())])
        order = np.argsort(record, kind="stable")
        at = pa.array(order)
        return cls(ids.take(pa.array(record[order])), _filled(labels.take(at)), record[order], bad)


def _filled(labels: pa.Array) -> pa.Array:
    """An empty text is no label."""
    return pc.if_else(pc.equal(labels, ""), None, labels)


def _labels(data: str | None, encoding: str | None, name: str) -> Sequence[str | None]:
    """The labels of one payload, a row each; of a row with other names the first value.

    Raises:
        BadRecord: it cannot be read.
    """
    if data is None or encoding is None:
        raise BadRecord(f"the record has no {_TRUTH} with data and encoding")
    rows = rows_of(data, encoding, "", Columns((name,)))
    return [row[name] if name in row else next(iter(row.values()), None) for row in rows]


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    truth, metadata = part_of(record, _TRUTH), part_of(record, _METADATA)
    fields = {_TRUTH: {key: truth.get(key) for key in ("data", "encoding")}}
    fields[_METADATA] = {"eventId": metadata.get("eventId")}
    for section, values in fields.items():
        for key, value in values.items():
            if not isinstance(value, str | None):
                raise BadRecord(f"{section}.{key} is not a text")
    return fields


_FORM = Form(_SCHEMA, _WANTED, varying=(_WANTED[0], _WANTED[2]), row=_row)


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """Labels that are a column of a table, beside the id and, where there is one, the time."""

    id: str
    label: str
    time: str | None
    numeric: bool

    def of(self, chunk: Chunk, part: Part) -> Chunk:
        """The chunk's labels; a row without id or label is counted as rejected."""
        table = chunk.table
        if not table.num_rows:
            return Chunk(_NO_LABELS, tally=chunk.tally)
        ids = texts(one_array(table.column(self.id)))
        column = one_array(table.column(self.label))
        labels = numbers(column) if self.numeric else classes(column)
        sound = pc.and_(pc.is_valid(ids), pc.is_valid(labels))
        rows = pa.table(
            {
                ID: ids,
                ROW: pa.array(np.zeros(len(table), np.int32)),
                ROWS: pa.array(np.ones(len(table), np.int32)),
                LABEL: labels,
                LABELLED_AT: self._collected(table),
            }
        )
        lost = len(table) - int(np.count_nonzero(sound.to_numpy(zero_copy_only=False)))
        if lost:
            rows = rows.filter(sound)
        reason = f"{part.id}: {lost} rows have no {self.id!r} or no {self.label!r}"
        counts = Tally(rejected=lost, reasons=(reason,) if lost else ())
        return Chunk(rows, tally=chunk.tally.merge(counts))

    def _collected(self, table: pa.Table) -> pa.Array:
        if self.time is None:
            return pa.nulls(len(table), TIMESTAMP)
        return moments(one_array(table.column(self.time)))


@dataclass(frozen=True, slots=True)
class ColumnLabels:
    """Reads labels from the columns of files."""

    read: Reader
    columns: LabelColumns

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's labels."""
        return (self.columns.of(chunk, part) for chunk in self.read(part))


@dataclass(frozen=True, slots=True)
class FrameLabels:
    """Reads labels from the columns of what Spark has read."""

    read: TableReader
    columns: LabelColumns

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's labels."""
        return (self.columns.of(chunk, part) for chunk in self.read(part, tables))
