"""The four ways from a case to its profile, and what each of them is given to read."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.engines.cases import Case, cases
from tests.engines.oracle import Truth, truths

from tidegauge.model.batch import Chunk, FileSlice, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CRUMBS = 10  # rows that come one a chunk: more chunks than a fold merges at once
_FEW_ROWS = 5_000
_ROW = "row"  # the wide table's own column


def read_case(part: Part) -> Iterator[Chunk]:
    """A reader in the product's sense: a slice names a case, and the rows of it."""
    for file in part.files:
        table = cases()[file.uri].table
        stop = table.num_rows if file.stop is None else file.stop
        yield Chunk(table.slice(file.start, stop - file.start), variant=file.uri)


def whole_parts() -> tuple[Part, ...]:
    """One part a case."""
    return tuple(Part(f"{name}-whole", (FileSlice(name, 1),)) for name in cases())


def odd_parts() -> tuple[Part, ...]:
    """Several parts a case: empty ones, parts of one row, one of many small chunks, the rest."""
    return tuple(part for case in cases().values() for part in _odd_parts(case))


def _odd_parts(case: Case) -> Iterator[Part]:
    rows = case.table.num_rows
    crumbs = min(1 + _CRUMBS, rows)
    single = [(start, start + 1) for start in range(1, crumbs)]
    bounds = sorted({0, min(1, rows), crumbs, (crumbs + 2 * rows) // 3, rows})
    cuts = [[(0, 0)], *([cut] for cut in pairwise(bounds)), [(rows, rows)]]
    for number, ranges in enumerate(single if cut == [(1, crumbs)] else cut for cut in cuts):
        files = tuple(FileSlice(case.name, 1, start, stop) for start, stop in ranges)
        yield Part(f"{case.name}-{number:02d}", files)


@cache
def case_truths(name: str) -> dict[str, Truth]:
    """The truth of each column of a case that must not fail."""
    case = cases()[name]
    found = truths(case.table, case.failed)
    return {column: truth for column, truth in found if column not in case.failed}


@cache
def frame_truths(name: str) -> dict[str, Truth]:
    """The same for the columns that Spark has a type for, as values of that type."""
    failed = cases()[name].failed
    return {c: truth for c, truth in truths(_frame_table(name), failed) if c not in failed}


@cache
def _frame_table(name: str) -> pa.Table:
    case = cases()[name]
    table = case.table.select([c for c in case.table.column_names if c not in case.off_frame])
    # Spark has no unsigned integers: the widest become decimals, the others the next wider type.
    decimal = {pa.uint64(): pa.decimal128(20, 0)}
    fields = [field.with_type(decimal.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def frame_groups() -> tuple[list[Case], list[Case]]:
    """The cases of few and of many rows: side by side, the few would be filled up to the many."""
    few = [case for case in cases().values() if case.table.num_rows <= _FEW_ROWS]
    return few, [case for case in cases().values() if case.table.num_rows > _FEW_ROWS]


def write_wide(some: list[Case], folder: Path) -> None:
    """Cases side by side in one table of a few files, shorter ones filled up with nulls."""
    tables = {case.name: case.table.drop_columns(list(case.off_frame)) for case in some}
    rows = max(table.num_rows for table in tables.values())
    columns: dict[str, pa.ChunkedArray] = {_ROW: pa.chunked_array([pa.array(range(rows))])}
    for name, table in tables.items():
        for column_name, column in zip(table.column_names, table.columns, strict=True):
            rest = pa.nulls(rows - len(column), column.type)
            columns[f"{name}|{column_name}"] = pa.chunked_array([*column.chunks, rest])
    wide = pa.table(columns)
    for start, stop in pairwise((0, 3, rows // 2, rows)):
        pq.write_table(wide.slice(start, stop - start), folder / f"{start:06d}.parquet")


def split_wide(_: Part, tables: Iterable[pa.Table]) -> Iterator[Chunk]:
    """The chunks of each case in some rows of the wide table."""
    for table in tables:
        for name, case in cases().items():
            prefix = f"{name}|"
            columns = [column for column in table.column_names if column.startswith(prefix)]
            own = table.select(columns).filter(pc.less(table[_ROW], case.table.num_rows))
            if columns and own.num_rows:
                bare = [column.removeprefix(prefix) for column in columns]
                yield Chunk(own.rename_columns(bare), variant=name)
