"""Which record a row is of: the columns that predictions are joined with their labels by.

As long as a table has the columns of a capture, too, the marks' names begin with `tidegauge.`.
"""

from __future__ import annotations

from dataclasses import dataclass
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

_PREFIX = "tidegauge."


@dataclass(frozen=True, slots=True)
class Marks:
    """What a reader is to say of each row; with `records` a record's first row has it as text."""

    records: bool = False

    def of(self, envelopes: Envelopes, record: NDArray[np.int64], lines: Lines) -> pa.Table:
        """The marks of rows: `record` is the envelope of each, whose rows come together."""
        row, rows = places(record)
        owner = pa.array(record)
        marks = {
            ID: envelopes.ids.take(owner),
            ROW: row,
            ROWS: rows,
            PREDICTED_AT: times(envelopes.times.take(owner)),
        }
        if self.records:
            texts = [
                None if place else readable(lines.record(int(envelopes.records[i])))
                for i, place in zip(record.tolist(), row.tolist(), strict=True)
            ]
            marks[RECORD] = pa.array(texts, pa.string())
        return pa.table({_PREFIX + name: column for name, column in marks.items()})

    def of_lines(self, envelopes: Envelopes, owners: Sequence[int], lines: Lines) -> pa.Table:
        """The same of rows whose records are told by their lines; one that is none has no id."""
        line = np.array(owners, np.int64)
        place = np.searchsorted(envelopes.records, line)
        known = np.isin(line, envelopes.records)
        found = (
            self.of(envelopes, np.where(known, place, 0), lines) if len(envelopes.records) else None
        )
        row, rows = places(line)
        marks = {_PREFIX + ROW: row, _PREFIX + ROWS: rows}
        for name in (ID, PREDICTED_AT, *((RECORD,) if self.records else ())):
            column = _PREFIX + name
            type_ = TIMESTAMP if name == PREDICTED_AT else pa.string()
            marks[column] = (
                pa.nulls(len(line), type_)
                if found is None
                else pc.if_else(pa.array(known), found.column(column), pa.scalar(None, type_))
            )
        return pa.table(marks)


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
