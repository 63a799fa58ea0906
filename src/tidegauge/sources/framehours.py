"""How many rows each hour has in what Spark reads, counted as an engine counts records.

Which windows are due follows from it, and, for a table, what a window is made of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.sources.captures import Batch
from tidegauge.sources.hours import counted, hours_of
from tidegauge.sources.listing import File, Inputs
from tidegauge.sources.source import DEFAULT_VARIANT, CaptureSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    import pyarrow as pa

    from tidegauge.model.batch import Chunk, Part
    from tidegauge.model.window import Window
    from tidegauge.sources.hours import Hours


@dataclass(frozen=True, slots=True)
class RowHours:
    """Reads tables whose one column is the time."""

    def __call__(self, _: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        """No rows: the number of records of each hour."""
        found: Hours = Counter()
        for table in tables:
            found.update(hours_of(table.column(0)))
        yield from counted(found)


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
