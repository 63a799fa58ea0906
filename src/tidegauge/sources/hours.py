"""The hours that the values of a time column fall in, read with as little as it takes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tidegauge.errors import InputError
from tidegauge.model.batch import FileSlice
from tidegauge.model.statistics import Kind
from tidegauge.model.window import EPOCH, HOUR
from tidegauge.sources.columns import one_array
from tidegauge.sources.csvhead import column_names
from tidegauge.sources.csvrows import row_blocks
from tidegauge.sources.csvtext import read_rows
from tidegauge.sources.jsonlines import read_objects
from tidegauge.sources.kinds import TIMESTAMP, conform
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import list_files
from tidegauge.sources.nested import flat, flatten
from tidegauge.sources.reading import Streamed, Unreadable, blamed
from tidegauge.sources.rowgroups import columns_of, instants
from tidegauge.sources.source import Format
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import S3Settings

Hours = Counter[int]  # how many rows each hour has, counted since the Unix epoch


def hours_in(source: CaptureSource, column: str, settings: S3Settings) -> set[datetime]:
    """The starts of the UTC hours in which some row of the captures has its time.

    A Parquet file's statistics answer for row groups within one hour; of others the column is read.

    Raises:
        InputError: a file cannot be read.
        StorageError: a file cannot be fetched.
    """
    hours: set[int] = set()
    for file in list_files(source.uri, settings).files:
        slice_ = FileSlice(file.uri, file.size_bytes)
        try:
            with blamed(file.uri):
                read = _parquet if source.format is Format.PARQUET else text_hours
                for found in read(slice_, source, column, settings):
                    hours.update(found)
        except Unreadable as error:
            raise InputError(f"{error}; replace the file, or remove it") from error
    return {EPOCH + hour * HOUR for hour in hours}


def _parquet(
    file: FileSlice, _: CaptureSource, column: str, settings: S3Settings
) -> Iterator[Hours]:
    files, path = filesystem(file.uri, settings)
    with files.open_input_file(path) as stream:
        opened = parquet.ParquetFile(stream)
        found = [c for c in columns_of(opened.schema_arrow) if c.name == column]
        for group in range(opened.num_row_groups if found else 0):
            bounds = instants(opened.metadata, group, found[0].leaves.start)
            hours = Counter((time - EPOCH) // HOUR for time in bounds or ())
            if len(hours) != 1:
                table = opened.read_row_group(group, [found[0].selector], use_threads=False)
                hours = hours_of(flatten(table, {found[0].path: column}).column(column))
            yield hours


def text_hours(
    file: FileSlice | Streamed, source: CaptureSource, column: str, settings: S3Settings
) -> Iterator[Hours]:
    """The hours of a text file, a block at a time.

    Raises:
        Unreadable: the file is broken.
        StorageError: it cannot be fetched.
    """
    read = _csv if source.format is Format.CSV else _json_lines
    return read(file, source, column, settings)


def _csv(
    file: FileSlice | Streamed, source: CaptureSource, column: str, settings: S3Settings
) -> Iterator[Hours]:
    names: tuple[str, ...] = ()
    for data in (block.data for block in row_blocks(file, settings)):
        start = 0
        if not names:
            names, start = column_names(data, file.uri, header=source.header)
        if column in names:
            yield hours_of(read_rows(data[start:], names, [column], {}).table.column(column))


def _json_lines(
    file: FileSlice | Streamed, _: CaptureSource, column: str, settings: S3Settings
) -> Iterator[Hours]:
    for lines in read_lines((file,), settings):
        table = flat(read_objects(lines).table)
        if column in table.column_names:
            yield hours_of(table.column(column))


def hours_of(column: pa.ChunkedArray) -> Hours:
    """The hours of the times in a column; what is no time has none."""
    times, _ = conform(one_array(column), Kind.TIMESTAMP)
    if times.type != TIMESTAMP:
        return Counter()
    micros = times.drop_null().cast(pa.int64()).to_numpy()
    hours, rows = np.unique(micros // (HOUR // timedelta(microseconds=1)), return_counts=True)
    return Counter(dict(zip(hours.tolist(), rows.tolist(), strict=True)))
