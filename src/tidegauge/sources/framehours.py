"""How many rows each hour has in what Spark reads, counted as an engine counts records.

Which windows are due follows from it, and, for a table, what a window is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.errors import InputError
from tidegauge.model.batch import Chunk, Tally
from tidegauge.model.window import EPOCH, HOUR, Window
from tidegauge.sources.captures import Batch
from tidegauge.sources.hours import hours_of, text_hours
from tidegauge.sources.listing import File, Inputs
from tidegauge.sources.reading import Streamed, Unreadable
from tidegauge.sources.source import DEFAULT_VARIANT, CaptureSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tidegauge.model.batch import Part
    from tidegauge.profile.dataset import Profile
    from tidegauge.sources.hours import Hours
    from tidegauge.storage import S3Settings

_NOTHING = pa.table({})


@dataclass(frozen=True, slots=True)
class RowHours:
    """Reads tables whose one column is the time."""

    def __call__(self, _: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """No rows: the number of records of each hour."""
        for table in tables:
            yield from _counted(hours_of(table.column(0)))


@dataclass(frozen=True, slots=True)
class TextHours:
    """Reads text files, of whose columns it looks at the time alone."""

    source: CaptureSource
    column: str
    settings: S3Settings

    def read(self, _: Part, files: Iterable[Streamed]) -> Iterator[Chunk]:
        """No rows: the number of records of each hour; a broken file is a fault."""
        try:
            for file in files:
                for hours in text_hours(file, self.source, self.column, self.settings):
                    yield from _counted(hours)
        except Unreadable as error:
            yield Chunk(_NOTHING, tally=Tally(fault=str(error)))


def hours_of_profiles(profiles: Mapping[tuple[str, str], Profile]) -> dict[datetime, int]:
    """The starts of the UTC hours that an engine has found rows in, and how many.

    Raises:
        InputError: a file cannot be read.
    """
    for profile in profiles.values():
        if profile.tally.fault:
            raise InputError(f"{profile.tally.fault}; replace the file, or remove it")
    return {Window.parse(key).start: found.tally.records for (key, _), found in profiles.items()}


def table_batches(
    source: CaptureSource, windows: Iterable[Window], hours: Mapping[datetime, int]
) -> tuple[Batch, ...]:
    """The windows that have rows in a table; in place of files stand their hours.

    An hour's tag is its number of rows: a window that rows are added to later has other inputs.
    """
    found = []
    for window in sorted(windows):
        filled = (hour for hour in window.hours() if hour in hours)
        inputs = Inputs.of(
            File(f"{hour:%Y-%m-%dT%HZ}", source.uri, 0, str(hours[hour])) for hour in filled
        )
        if inputs.files:
            found.append(Batch(window, DEFAULT_VARIANT, inputs))
    return tuple(found)


def _counted(hours: Hours) -> Iterator[Chunk]:
    for hour, rows in hours.items():
        yield Chunk(_NOTHING, Window(EPOCH + hour * HOUR, HOUR).key, tally=Tally(rows))
