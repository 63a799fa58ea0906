"""The time column of what Spark reads, and the rows of some windows."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from tidegauge.errors import InputError
from tidegauge.model.window import EPOCH
from tidegauge.sources.table import leaves, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pyspark.sql import Column, DataFrame

    from tidegauge.model.window import Window

_DAY = timedelta(days=1)


def in_windows(
    data: DataFrame, column: str, windows: Sequence[Window], *, timeless: bool
) -> DataFrame:
    """The rows whose time is in one of the windows, so that Spark need not read the others.

    Of a column that is neither date nor time, such as ISO 8601 texts, all rows are kept. With
    `timeless` the rows without a time are kept, too: those of files are counted as rejected.

    Raises:
        InputError: there is no such column.
    """
    time = time_column(data, column)
    kind = data.select(time).schema[0].dataType.typeName()
    if kind not in ("date", "timestamp", "timestamp_ntz"):
        return data
    ranges = [
        (time >= _literal(kind, start)) & (time < _literal(kind, end))
        for start, end in _joined(sorted(windows))
    ]
    return data.where(reduce(or_, [*ranges, time.isNull()] if timeless else ranges))


def time_column(data: DataFrame, name: str) -> Column:
    """The column of this name, or of this path within a struct.

    Raises:
        InputError: there is no such column.
    """
    from pyspark.sql import functions

    paths = {".".join(path): path for path in leaves(data.schema)}
    if name not in paths:
        raise InputError(
            f"the captures have no column {name!r}, which is to tell a row's window: there are "
            f"{', '.join(paths)}; correct `captures.time`"
        )
    return functions.col(".".join(map(quoted, paths[name])))


def _joined(windows: Sequence[Window]) -> Iterator[tuple[datetime, datetime]]:
    """The time that windows in order cover, in as few intervals as there are."""
    start, end = windows[0].start, windows[0].end
    for window in windows[1:]:
        if window.start > end:
            yield start, end
            start = window.start
        end = max(end, window.end)
    yield start, end


def _literal(kind: str, time: datetime) -> Column:
    """The instant in the column's type; the first date whose midnight is not before it."""
    from pyspark.sql import functions

    if kind == "date":
        return functions.expr(f"date'{time + -(time - EPOCH) % _DAY:%Y-%m-%d}'")
    zone = "Z" if kind == "timestamp" else ""
    return functions.expr(f"{kind}'{time:%Y-%m-%d %H:%M:%S}{zone}'")
