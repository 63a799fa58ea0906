"""Open Parquet files, and tables of the same columns of several of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from tidegauge.sources.chunks import CHUNK_ROWS, in_one_piece
from tidegauge.sources.nested import flatten
from tidegauge.sources.reading import Unreadable, blamed
from tidegauge.sources.rowgroups import Column, absurdity, column_batches, is_coded, row_batches
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tidegauge.model.batch import FileSlice
    from tidegauge.storage import S3Settings

    Choose = Callable[[pa.Schema], tuple[Column, ...]]
    IsWanted = Callable[[parquet.FileMetaData, int, Sequence[Column]], bool]

_MOST_OPEN = 64


@dataclass(frozen=True, slots=True)
class Rows:
    """Some row groups of an open file, which is closed with the last of them."""

    uri: str
    stream: pa.NativeFile
    footer: parquet.FileMetaData
    schema: pa.Schema
    columns: tuple[Column, ...]
    groups: Sequence[int]

    @property
    def count(self) -> int:
        """The number of rows."""
        return sum(self.footer.row_group(group).num_rows for group in self.groups)


def opened(
    slices: Iterable[FileSlice], settings: S3Settings, choose: Choose, is_wanted: IsWanted
) -> Iterator[Rows]:
    """The rows of each file, a chunk's at a time: of the columns and row groups that are wanted.

    Raises:
        Unreadable: a file is broken, or one of its row groups is more than can be read.
        StorageError: a file cannot be fetched.
    """
    schema: pa.Schema | None = None
    columns: tuple[Column, ...] = ()
    for slice_ in slices:
        files, path = filesystem(slice_.uri, settings)
        with blamed(slice_.uri):
            stream = files.open_input_file(path)
            footer = parquet.read_metadata(stream)
            own = footer.schema.to_arrow_schema()
        if schema is None or not own.equals(schema):
            schema, columns = own, choose(own)
        stop = footer.num_row_groups if slice_.stop is None else slice_.stop
        groups = [g for g in range(slice_.start, stop) if is_wanted(footer, g, columns)]
        if absurd := absurdity(footer, groups, columns):
            raise Unreadable(f"{slice_.uri} cannot be read: {absurd}; write smaller ones")
        for some in row_batches(footer, groups):
            yield Rows(slice_.uri, stream, footer, schema, columns, some)


def runs(rows: Iterable[Rows]) -> Iterator[Sequence[Rows]]:
    """Rows of the same schema together, until they are a chunk's.

    Raises:
        Unreadable, StorageError: as `rows` does; what came before is a run.
    """
    run: list[Rows] = []
    count = 0
    try:
        for some in rows:
            if run and (some.schema is not run[0].schema or len(run) == _MOST_OPEN):
                yield run
                run, count = [], 0
            run.append(some)
            count += some.count
            if count >= CHUNK_ROWS:
                yield run
                run, count = [], 0
    except Unreadable:
        if run:
            yield run
        raise
    if run:
        yield run


def tables(run: Sequence[Rows], *, whole_rows: bool) -> Iterator[pa.Table]:
    """The run's rows, some columns after others.

    Raises:
        Unreadable, StorageError: a row group cannot be read.
    """
    columns = run[0].columns
    footers = [(rows.footer, rows.groups) for rows in run]
    coded = [
        column.selector
        for column in columns
        if column.is_text and all(is_coded(*footer, column) for footer in footers)
    ]
    files = [
        parquet.ParquetFile(
            rows.stream, metadata=rows.footer, read_dictionary=coded, pre_buffer=True
        )
        for rows in run
    ]
    batches = (columns,) if whole_rows else column_batches(columns, footers)
    for some in batches:
        read = [_read(rows, file, some) for rows, file in zip(run, files, strict=True)]
        yield in_one_piece(pa.concat_tables(read))


def _read(rows: Rows, file: parquet.ParquetFile, columns: Sequence[Column]) -> pa.Table:
    with blamed(rows.uri):
        selectors = [column.selector for column in columns]
        table = file.read_row_groups(rows.groups, columns=selectors, use_threads=False)
    return flatten(table, {column.path: column.name for column in columns})
