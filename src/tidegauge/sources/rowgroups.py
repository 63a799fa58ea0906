"""What a Parquet file's footer says: its columns, and how to take it in pieces of bounded size."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.sources.chunks import CHUNK_ROWS
from tidegauge.sources.nested import Path, is_named, names, paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyarrow.parquet import ColumnChunkMetaData, FileMetaData

# Of the columns that are decoded at once. Few, for what is allocated next then lies where the last
# ones were: with 128 MiB the first touch of new pages took as long as all else.
DECODED_BYTES = 16 << 20
# A dictionary-encoded column chunk has up to 1 MiB of dictionary and 20 bits for each value.
_DICTIONARY_BYTES, _CODE_BYTES, _LENGTH_BYTES = 1 << 20, 2.5, 4
# To build a dictionary and to unite it with others takes longer than to read texts that differ.
_MOST_DISTINCT = 0.5


# A row group is the least that is read: one that claims more would take a worker's memory.
_MOST_ROWS, _MOST_COLUMN_BYTES = 1 << 26, 4 << 30


@dataclass(frozen=True, slots=True)
class Column:
    """A column to be: where it is in the file, its name, and the leaves that it is stored as."""

    path: Path
    name: str
    leaves: range
    is_text: bool

    @property
    def selector(self) -> str:
        """What names the column to pyarrow; it may name others too, which are dropped again."""
        return ".".join(self.path)


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns that a file's schema has once its structs are opened, in order.

    What is called alike stands there once: it is read together, and nobody can tell it apart.
    """
    found = tuple(paths(schema))
    by_path = names([path for path, _ in found])
    columns: dict[Path, Column] = {}
    leaf = 0
    for path, type_ in found:
        leaves = range(leaf, leaf + _leaf_count(type_))
        # pyarrow cannot read a string within a struct as a dictionary.
        is_text = pa.types.is_string(type_) and len(path) == 1
        columns.setdefault(path, Column(path, by_path[path], leaves, is_text))
        leaf = leaves.stop
    return tuple(columns.values())


def is_wanted(column: Column, skip: frozenset[str]) -> bool:
    """Whether a column is read; a struct's name stands for all its fields."""
    return not is_named(column.path, column.name, skip)


def absurdity(footer: FileMetaData, groups: Sequence[int], columns: Sequence[Column]) -> str:
    """Why a row group is more than can be read, "" if none is."""
    for group in groups:
        found = footer.row_group(group)
        if found.num_rows > _MOST_ROWS:
            return f"row group {group} has {found.num_rows:,} rows: expected at most {_MOST_ROWS:,}"
        for column in columns:
            size = max(found.column(leaf).total_uncompressed_size for leaf in column.leaves)
            if size > _MOST_COLUMN_BYTES:
                return (
                    f"column {column.name!r} of row group {group} has {size:,} bytes: expected at "
                    f"most {_MOST_COLUMN_BYTES:,}"
                )
    return ""


def instants(footer: FileMetaData, group: int, leaf: int) -> tuple[datetime, datetime] | None:
    """The first and the last time in a row group's column by its statistics; None: not known."""
    statistics = footer.row_group(group).column(leaf).statistics
    if statistics is None or not statistics.has_min_max:
        return None
    with suppress(ValueError, OverflowError):  # nanoseconds and years that Python cannot hold
        first, last = _instant(statistics.min), _instant(statistics.max)
        return None if first is None or last is None else (first, last)
    return None


def _instant(value: object) -> datetime | None:
    match value:
        case datetime():
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        case date():
            return datetime.combine(value, time(), UTC)
        case _:
            return None  # texts are not in the order of the times that they name


def row_batches(footer: FileMetaData, groups: Sequence[int]) -> Iterator[list[int]]:
    """Row groups in runs of about `CHUNK_ROWS`; one empty run if there is no row group."""
    batch: list[int] = []
    rows = 0
    for group in groups:
        batch.append(group)
        rows += footer.row_group(group).num_rows
        if rows >= CHUNK_ROWS:
            yield batch
            batch, rows = [], 0
    if batch or not groups:
        yield batch


def column_batches(
    columns: Sequence[Column], footers: Sequence[tuple[FileMetaData, Sequence[int]]]
) -> Iterator[list[Column]]:
    """Columns in runs of about `DECODED_BYTES`, of some row groups of each of these files.

    One empty run if there is no column.
    """
    batch: list[Column] = []
    total = 0
    for column in columns:
        size = sum(column_bytes(footer, groups, column) for footer, groups in footers)
        if batch and total + size > DECODED_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(column)
        total += size
    if batch or not columns:
        yield batch


def column_bytes(footer: FileMetaData, groups: Sequence[int], column: Column) -> int:
    """About how many bytes a column takes once it is decoded."""
    chunks = (footer.row_group(g).column(leaf) for g in groups for leaf in column.leaves)
    return sum(max(chunk.total_uncompressed_size, 8 * chunk.num_values) for chunk in chunks)


def is_coded(footer: FileMetaData, groups: Sequence[int], column: Column) -> bool:
    """Whether texts are read by their dictionary: it was not given up, and most values repeat."""
    chunks = (footer.row_group(g).column(leaf) for g in groups for leaf in column.leaves)
    return all(_is_coded(chunk) for chunk in chunks)


def _is_coded(chunk: ColumnChunkMetaData) -> bool:
    size, codes = chunk.total_uncompressed_size, _CODE_BYTES * chunk.num_values
    if size > _DICTIONARY_BYTES + codes:
        return False
    statistics = chunk.statistics
    if statistics is None or not statistics.has_min_max:
        return True
    # How many are distinct is not told, but two of them are, which have a length.
    length = _LENGTH_BYTES + (len(statistics.min) + len(statistics.max)) / 2
    return bool(size <= codes + _MOST_DISTINCT * length * chunk.num_values)


def _leaf_count(type_: pa.DataType) -> int:
    """The number of Parquet columns that store an Arrow column."""
    if isinstance(type_, pa.BaseExtensionType):
        return _leaf_count(type_.storage_type)
    if not pa.types.is_nested(type_):
        return 1
    if pa.types.is_map(type_):
        return _leaf_count(type_.key_type) + _leaf_count(type_.item_type)
    return sum(_leaf_count(type_.field(i).type) for i in range(type_.num_fields))
