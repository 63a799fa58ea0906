"""Chunks to rows: all columns side by side, in the types that the rules were written for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.model.statistics import Kind
from tidegauge.profile.leaves import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegauge.model.batch import Chunk

RUN = "run"

_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.EMPTY: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGRAL: pa.int64(),
    Kind.FRACTIONAL: pa.float64(),
    Kind.DECIMAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Kind.TEXT: pa.string(),
    Kind.BINARY: pa.binary(),
}
_SPARK_TYPES: Mapping[Kind, str] = {
    Kind.EMPTY: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGRAL: "bigint",
    Kind.FRACTIONAL: "double",
    Kind.DECIMAL: "double",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.TEXT: "string",
    Kind.BINARY: "binary",
}


def spark_schema(kinds: Mapping[str, Kind]) -> str:
    """The rows' schema for Spark: the run, then the columns as c0, c1 ..., whatever their names."""
    columns = (f"c{i} {_SPARK_TYPES[kind]}" for i, kind in enumerate(kinds.values()))
    return ", ".join((f"{RUN} int", *columns))


def batches(
    chunks: Iterable[Chunk],
    runs: Mapping[tuple[str, str], tuple[int, ...]],
    kinds: Mapping[str, Kind],
) -> Iterator[pa.RecordBatch]:
    """The rows in that schema; rows of several runs come once for each of them."""
    names = [RUN, *(f"c{i}" for i in range(len(kinds)))]
    for chunk, table in _whole(chunks):
        columns = {e.name: e.values for e in leaves(table) if not e.elements}
        rows = table.num_rows
        arrays = [_typed(columns.get(name), kind, rows) for name, kind in kinds.items()]
        for run in runs.get((chunk.window, chunk.variant), ()):
            numbers = pa.array([run], pa.int32()).take(pa.array([0] * rows, pa.int32()))
            yield from pa.table([numbers, *arrays], names).to_batches()


def _whole(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, pa.Table]]:
    """Chunks with all their columns: of a wide table some columns come after others."""
    held: dict[tuple[str, str], tuple[Chunk, pa.Table]] = {}
    for chunk in chunks:
        key = (chunk.window, chunk.variant)
        if chunk.new_rows:
            if key in held:
                yield held.pop(key)
            held[key] = chunk, chunk.table
        else:
            first, table = held[key]
            for name, column in zip(chunk.table.column_names, chunk.table.columns, strict=True):
                table = table.append_column(name, column)
            held[key] = first, table
    yield from held.values()


def _typed(column: pa.ChunkedArray | None, kind: Kind, rows: int) -> pa.ChunkedArray:
    wanted = _TYPES[kind]
    if column is None or pa.types.is_null(column.type):
        return pa.chunked_array([pa.nulls(rows, wanted)])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    # Finer units of time are cut, and whole numbers beyond 2**53 lose digits as float64.
    cut = kind in (Kind.DATE, Kind.TIMESTAMP, Kind.FRACTIONAL)
    return column if column.type == wanted else column.cast(wanted, safe=not cut)
