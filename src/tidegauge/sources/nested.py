"""Struct columns as one column a field, named by the dotted path."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Path = tuple[str, ...]


def paths(schema: pa.Schema) -> Iterator[tuple[Path, pa.DataType]]:
    """The path and the type of each column that a schema has once its structs are opened."""
    for field in schema:
        yield from _below((field.name,), field.type)


def names(all_paths: Sequence[Path]) -> Mapping[Path, str]:
    """A name for each path: its fields joined by dots, a column at the top as it is.

    Where a top-level name that has dots itself equals such a path, the path's fields are quoted as
    Spark does it: `` `a`.`b` ``.
    """
    taken = Counter(".".join(path) for path in all_paths)
    return {
        path: ".".join(path)
        if len(path) == 1 or taken[".".join(path)] == 1
        else ".".join(f"`{name}`" for name in path)
        for path in all_paths
    }


def flat(table: pa.Table, skip: frozenset[str] = frozenset()) -> pa.Table:
    """The table with its structs opened, without the columns to skip."""
    found = names([path for path, _ in paths(table.schema)])
    return flatten(table, {p: name for p, name in found.items() if not is_named(p, name, skip)})


def is_named(path: Path, name: str, skip: frozenset[str]) -> bool:
    """Whether a set of names has the column's own, or that of a struct that it is in."""
    structs = (".".join(path[:depth]) for depth in range(1, len(path)))
    return name in skip or any(struct in skip for struct in structs)


def flatten(table: pa.Table, wanted: Mapping[Path, str]) -> pa.Table:
    """The columns at these paths by these names; a null struct has nulls in all its fields.

    Where several columns are called alike, all of them are there: which is meant cannot be told.
    """
    found = [
        (_opened(column, path[1:]), name)
        for path, name in wanted.items()
        for column in _called(table, path[0])
    ]
    return pa.Table.from_arrays([column for column, _ in found], [name for _, name in found])


def _below(path: Path, type_: pa.DataType) -> Iterator[tuple[Path, pa.DataType]]:
    if not pa.types.is_struct(type_) or not type_.num_fields:
        yield path, type_
        return
    for i in range(type_.num_fields):
        field = type_.field(i)
        yield from _below((*path, field.name), field.type)


def _called(table: pa.Table, name: str) -> list[pa.ChunkedArray]:
    return [table.column(i) for i in table.schema.get_all_field_indices(name)]


def _opened(column: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
    if path:
        column = pc.struct_field(column, list(path))
    if pa.types.is_struct(column.type):  # of no field: JSON's empty object
        return pa.chunked_array([pa.nulls(len(column))])
    return column
