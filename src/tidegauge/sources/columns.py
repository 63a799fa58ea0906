"""Tables as they were read to tables in the columns' final types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.sources.kinds import arrow_type, conform, infer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegauge.model.statistics import Kind
    from tidegauge.sources.kinds import Values


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns in their final types; `mismatched` as in `Chunk`."""

    table: pa.Table
    mismatched: tuple[tuple[str, pa.Array], ...] = ()


def typed(table: pa.Table, kinds: Mapping[str, Kind]) -> Columns:
    """The columns in the types of their kinds; texts without a kind in the type that fits all."""
    return each_column(table, kinds, _conform_or_infer)


def conformed(table: pa.Table, kinds: Mapping[str, Kind]) -> Columns:
    """The columns in the types of their kinds; those without a kind as they are."""
    return each_column(table, kinds, conform)


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def content_of(texts: pa.Array) -> pa.Buffer:
    """The characters of all texts, one after another."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)
    start, stop = offsets[texts.offset], offsets[texts.offset + len(texts)]
    content = texts.buffers()[2]
    return (
        content.slice(int(start), int(stop - start)) if content is not None else pa.py_buffer(b"")
    )


def each_column(
    table: pa.Table,
    kinds: Mapping[str, Kind],
    read: Callable[[pa.Array, Kind | None], Values],
) -> Columns:
    """What `read` makes of each column by its kind, and the texts that are not of it."""
    columns, mismatched = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        values, others = read(one_array(column), kinds.get(name))
        columns.append(values)
        if others is not None:
            mismatched.append((name, others))
    return Columns(pa.table(columns, table.column_names), tuple(mismatched))


def _conform_or_infer(column: pa.Array, kind: Kind | None) -> Values:
    if arrow_type(kind) is None and pa.types.is_string(column.type):
        return infer(column), None
    return conform(column, kind)
