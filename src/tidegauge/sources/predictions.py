"""Predictions: captures read for the model's answers alone, each row with what finds its label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tidegauge.model.batch import Chunk
from tidegauge.model.merged import ID, LABEL, LABELLED_AT, PREDICTED_AT, RECORD, ROW, ROWS
from tidegauge.model.statistics import Kind
from tidegauge.sources.answers import numbers, texts
from tidegauge.sources.columns import one_array
from tidegauge.sources.kinds import TIMESTAMP, conform
from tidegauge.sources.marks import mark
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.batch import Part, Reader, TableReader
    from tidegauge.sources.answers import AnswerColumn
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class Canonical:
    """Turns the rows of captures, or of a baseline, into rows as model quality knows them.

    `id` and `time` are the columns that say so where the capture's envelope does not; `label` is
    the column that has the label already, as a baseline has it. `numeric`: labels are numbers.
    """

    answers: tuple[AnswerColumn, ...]
    numeric: bool
    id: str | None = None
    time: str | None = None
    label: str | None = None

    def __call__(self, chunk: Chunk) -> Chunk:
        """The same rows in other columns."""
        table = chunk.table
        columns = self._identity(table)
        columns |= {answer.name: answer.of(table) for answer in self.answers}
        columns[LABEL] = self._label(table)
        columns[LABELLED_AT] = pa.nulls(len(table), TIMESTAMP)
        return replace(chunk, table=pa.table(columns), mismatched=())

    def _identity(self, table: pa.Table) -> dict[str, pa.Array]:
        found = {name: mark(table, name) for name in (ID, ROW, ROWS, PREDICTED_AT, RECORD)}
        if found[ID] is not None:
            return {name: column for name, column in found.items() if column is not None}
        count = len(table)
        record = {} if found[RECORD] is None else {RECORD: texts(one_array(found[RECORD]))}
        return record | {
            ID: texts(_column(table, self.id)),
            ROW: pa.array(np.zeros(count, np.int32)),
            ROWS: pa.array(np.ones(count, np.int32)),
            PREDICTED_AT: moments(_column(table, self.time)),
        }

    def _label(self, table: pa.Table) -> pa.Array:
        column = _column(table, self.label)
        return numbers(column) if self.numeric else texts(column)


@dataclass(frozen=True, slots=True)
class Predictions:
    """A reader of captures, whose chunks become predictions."""

    read: Reader
    canonical: Canonical

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's predictions; what was counted is what the reader counted."""
        return map(self.canonical, self.read(part))


@dataclass(frozen=True, slots=True)
class FramePredictions:
    """The same of what Spark has read."""

    read: TableReader
    canonical: Canonical

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """Chunks of a task's predictions."""
        return map(self.canonical, self.read(part, tables))


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Reads merged rows back, as they were kept."""

    settings: S3Settings

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """One chunk a file.

        Raises:
            StorageError: a file cannot be fetched.
        """
        for file in part.files:
            files, path = filesystem(file.uri, self.settings)
            with files.open_input_file(path) as stream:
                table = parquet.ParquetFile(stream).read(use_threads=False)
            yield Chunk(table, part.window, part.variant)


def moments(column: pa.Array) -> pa.Array:
    """The values as UTC times of microseconds; what is none is null."""
    values, _ = conform(column, Kind.TIMESTAMP)
    return values if values.type == TIMESTAMP else pa.nulls(len(column), TIMESTAMP)


def _column(table: pa.Table, name: str | None) -> pa.Array:
    if name is None or name not in table.column_names:
        return pa.nulls(len(table))
    return one_array(table.column(name))
