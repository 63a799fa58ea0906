"""The hours that the times in a column fall in, read with as little as it takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tidegauge.errors import InputError
from tidegauge.model.batch import Chunk, FileSlice, Tally
from tidegauge.model.statistics import Kind
from tidegauge.model.window import EPOCH, HOUR, Window
from tidegauge.sources.columns import one_array
from tidegauge.sources.csvblocks import csv_blocks
from tidegauge.sources.jsonlines import read_objects
from tidegauge.sources.kinds import TIMESTAMP, conform
from tidegauge.sources.lines import read_lines
from tidegauge.sources.listing import list_files
from tidegauge.sources.nested import flat, flatten
from tidegauge.sources.parts import cut
from tidegauge.sources.reading import Unreadable, blamed
from tidegauge.sources.rowgroups import columns_of, instants
from tidegauge.sources.source import Format
from tidegauge.storage import filesystem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegauge.model.batch import Part
    from tidegauge.profile.dataset import Profile
    from tidegauge.sources.reading import Streamed
    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import S3Settings

Hours = Counter[int]  # how many rows each hour has, counted since the Unix epoch

# Those that a window around them can be named by: sentinels like 9999-12-31 are beyond.
_NAMED = range(*((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // HOUR for year in (1000, 9999)))
_NOTHING = pa.table({})


@dataclass(frozen=True, slots=True)
class HourReader:
    """Reads nothing of captures but the times in a column.

    A Parquet file's statistics answer for row groups within one hour.
    """

    source: CaptureSource
    column: str
    settings: S3Settings

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """No rows: the number of records of each hour; a broken file is a fault.

        Raises:
            StorageError: a file cannot be fetched.
        """
        return self.read(part, part.files)

    def read(self, _: Part, files: Iterable[FileSlice | Streamed]) -> Iterator[Chunk]:
        """The same of these files, whoever brings their bytes."""
        found: Hours = Counter()
        try:
            for file in files:
                for hours in self._hours(file):
                    found.update(hours)
        except Unreadable as error:
            yield Chunk(_NOTHING, tally=Tally(fault=str(error)))
        yield from counted(found)

    def _hours(self, file: FileSlice | Streamed) -> Iterator[Hours]:
        match self.source.format, file:
            case Format.PARQUET, FileSlice():
                return self._of_parquet(file)
            case Format.CSV, _:
                return self._of_csv(file)
            case _:
                return self._of_json_lines(file)

    def _of_parquet(self, file: FileSlice) -> Iterator[Hours]:
        files, path = filesystem(file.uri, self.settings)
        with blamed(file.uri), files.open_input_file(path) as stream:
            opened = parquet.ParquetFile(stream)
            footer = opened.metadata
            found = [c for c in columns_of(opened.schema_arrow) if c.name == self.column]
            stop = footer.num_row_groups if file.stop is None else file.stop
            for group in range(file.start, stop if found else 0):
                leaf = found[0].leaves.start
                hours = {(time - EPOCH) // HOUR for time in instants(footer, group, leaf) or ()}
                if len(hours) == 1:
                    times = footer.row_group(group).column(leaf).statistics.num_values
                    yield Counter({hours.pop(): times})
                else:
                    table = opened.read_row_group(group, [found[0].selector], use_threads=False)
                    yield hours_of(flatten(table, {found[0].path: ""}).column(""))

    def _of_csv(self, file: FileSlice | Streamed) -> Iterator[Hours]:
        for block in csv_blocks(file, self.settings, header=self.source.header):
            if self.column in block.names:
                rows, _ = block.read([self.column], {})
                yield hours_of(rows.table.column(self.column))

    def _of_json_lines(self, file: FileSlice | Streamed) -> Iterator[Hours]:
        for lines in read_lines((file,), self.settings):
            table = flat(read_objects(lines).table)
            if self.column in table.column_names:
                yield hours_of(table.column(self.column))


def counted(hours: Hours) -> Iterator[Chunk]:
    """The hours as windows without rows, but with as many records as they have rows."""
    for hour, rows in hours.items():
        if hour in _NAMED:
            yield Chunk(_NOTHING, Window(EPOCH + hour * HOUR, HOUR).key, tally=Tally(rows))


def hours_of_profiles(profiles: Mapping[tuple[str, str], Profile]) -> dict[datetime, int]:
    """The starts of the UTC hours that an engine has found rows in, and how many.

    Raises:
        InputError: a file cannot be read.
    """
    for profile in profiles.values():
        if profile.tally.fault:
            raise InputError(f"{profile.tally.fault}; replace the file, or remove it")
    return {Window.parse(key).start: found.tally.records for (key, _), found in profiles.items()}


def hour_parts(source: CaptureSource, settings: S3Settings) -> tuple[Part, ...]:
    """All files of the captures as parts for an `HourReader`.

    Raises:
        StorageError: the captures cannot be listed, or the footer of a large file not fetched.
    """
    return cut(list_files(source.uri, settings), source.format, settings)


def hours_of(column: pa.ChunkedArray) -> Hours:
    """The hours of the times in a column; what is no time has none."""
    times, _ = conform(one_array(column), Kind.TIMESTAMP)
    if times.type != TIMESTAMP:
        return Counter()
    micros = times.drop_null().cast(pa.int64()).to_numpy()
    hours, rows = np.unique(micros // (HOUR // timedelta(microseconds=1)), return_counts=True)
    return Counter(dict(zip(hours.tolist(), rows.tolist(), strict=True)))
