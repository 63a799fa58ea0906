"""Which record a row is of: the columns that predictions are joined with their labels by.

As long as a table has the columns of a capture, too, the marks' names begin with `tidegauge.`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.merged import ID, PREDICTED_AT, RECORD, ROW, ROWS
from tidegauge.model.statistics import Kind
from tidegauge.sources.kinds import TIMESTAMP, read_texts
from tidegauge.sources.rejected import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.envelope import Envelopes
    from tidegauge.sources.lines import Lines
    from tidegauge.sources.source import Marks

_PREFIX = "tidegauge."
RECORD_MARK = _PREFIX + RECORD


def marks_of(
    envelopes: Envelopes, record: NDArray[np.int64], lines: Lines, marks: Marks
) -> pa.Table:
    """The marks of rows: `record` is the envelope of each, whose rows come together."""
    row, rows = places(record)
    owner = pa.array(record)
    columns = {
        ID: envelopes.ids.take(owner),
        ROW: row,
        ROWS: rows,
        PREDICTED_AT: times(envelopes.times.take(owner)),
    }
    if marks.records:
        texts = [
            None if place else readable(lines.record(int(envelopes.records[i])))
            for i, place in zip(record.tolist(), row.tolist(), strict=True)
        ]
        columns[RECORD] = pa.array(texts, pa.string())
    return pa.table({_PREFIX + name: column for name, column in columns.items()})


def marks_of_lines(
    envelopes: Envelopes, owners: Sequence[int], lines: Lines, marks: Marks
) -> pa.Table:
    """The same of rows whose records are told by their lines; one that is none has no id."""
    line = np.array(owners, np.int64)
    known = np.isin(line, envelopes.records)
    row, rows = places(line)
    columns = {_PREFIX + ROW: row, _PREFIX + ROWS: rows}
    found = None
    if len(envelopes.records):
        place = np.where(known, np.searchsorted(envelopes.records, line), 0)
        found = marks_of(envelopes, place, lines, marks)
    for name in (ID, PREDICTED_AT, *((RECORD,) if marks.records else ())):
        type_ = TIMESTAMP if name == PREDICTED_AT else pa.string()
        columns[_PREFIX + name] = (
            pa.nulls(len(line), type_)
            if found is None
            else pc.if_else(pa.array(known), found.column(_PREFIX + name), pa.scalar(None, type_))
        )
    return pa.table(columns)


def beside(table: pa.Table, marks: pa.Table) -> pa.Table:
    """The rows with their marks."""
    columns = [*table.columns, *marks.columns]
    return pa.table(columns, [*table.column_names, *marks.column_names])


def mark(table: pa.Table, name: str) -> pa.ChunkedArray | None:
    """A mark of the rows; None: they have none of this name."""
    column = _PREFIX + name
    return table.column(column) if column in table.column_names else None


def places(record: NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
    """The place of each row in its record, and how many rows that has."""
    begins = np.flatnonzero(np.diff(record, prepend=-1) != 0)
    rows = np.diff(begins, append=len(record))
    row = np.arange(len(record)) - np.repeat(begins, rows)
    return pa.array(row, pa.int32()), pa.array(np.repeat(rows, rows), pa.int32())


def times(texts: pa.Array) -> pa.Array:
    """The texts as times; what is none is null."""
    found = read_texts(texts, Kind.TIMESTAMP)[0]
    return found if found.type == TIMESTAMP else pa.nulls(len(texts), TIMESTAMP)
