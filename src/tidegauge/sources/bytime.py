"""Rows to windows by a column, for captures that are not in hour folders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.batch import Chunk, Tally
from tidegauge.model.statistics import Kind
from tidegauge.model.window import EPOCH, Window
from tidegauge.sources.columns import one_array
from tidegauge.sources.kinds import TIMESTAMP, conform
from tidegauge.sources.rejected import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from tidegauge.model.batch import Part

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows of a table that belong to one window: `[start, stop)` of `order`, or of all rows."""

    window: str
    start: int = 0
    stop: int | None = None
    order: NDArray[np.int64] | None = None

    def of(self, table: pa.Table) -> pa.Table:
        if self.order is not None:
            return table.take(pa.array(self.order[self.start : self.stop]))
        return table.slice(self.start, None if self.stop is None else self.stop - self.start)


@dataclass(frozen=True, slots=True)
class Split:
    """A table's rows by window, in the order of the windows, and the rows that have no time."""

    pieces: tuple[Piece, ...]
    lost: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ByTime:
    """A row is of the window, of those asked for, in which the time in `column` falls.

    `windows` are in order and do not overlap. The column itself is not a feature, and left out
    unless `stays` says otherwise.
    """

    column: str
    windows: tuple[Window, ...]
    stays: bool = False

    @property
    def reason(self) -> str:
        return (
            f"the column {self.column!r} has no time: expected a timestamp, or a text like "
            "2013-06-20T00:00:00Z"
        )

    def split(self, times: pa.Array) -> Split:
        """Rows whose window was not asked for are in no piece."""
        instants, _ = conform(times, Kind.TIMESTAMP)
        if instants.type != TIMESTAMP:
            instants = pa.nulls(len(instants), TIMESTAMP)
        valid = pc.is_valid(instants).to_numpy(zero_copy_only=False)
        micros = pc.fill_null(instants.cast(pa.int64()), 0).to_numpy()
        index = self._window_of(micros)
        index[~valid] = -1
        lost = np.flatnonzero(~valid)
        order = None
        if (np.diff(index) < 0).any():
            order = np.argsort(index, kind="stable")
            index = index[order]
        bounds = np.searchsorted(index, np.arange(len(self.windows) + 1))
        pieces = (
            Piece(window.key, int(bounds[i]), int(bounds[i + 1]), order)
            for i, window in enumerate(self.windows)
        )
        filled = tuple(piece for piece in pieces if piece.stop != piece.start)
        if not filled and (len(lost) or not len(index)):
            filled = (Piece(self.windows[0].key, 0, 0),)  # what is rejected must count somewhere
        return Split(filled, lost)

    def touches(self, first: datetime, last: datetime) -> bool:
        """Whether a time of `[first, last]` can be in one of the windows."""
        return any(window.start <= last and first < window.end for window in self.windows)

    def _window_of(self, micros: NDArray[np.int64]) -> NDArray[np.int64]:
        """The index of each time's window, -1 for none."""
        starts = np.array([(w.start - EPOCH) // _MICROSECOND for w in self.windows])
        ends = np.array([(w.end - EPOCH) // _MICROSECOND for w in self.windows])
        index = np.searchsorted(starts, micros, side="right") - 1
        index[(index >= 0) & (micros >= ends[index])] = -1
        return index


def decided(skip: frozenset[str], by_time: ByTime | None) -> frozenset[str]:
    """The columns that need not be read: not the one that the windows are found by."""
    return skip if by_time is None else skip - {by_time.column}


def split(table: pa.Table, by_time: ByTime | None, part: Part) -> Split:
    """The windows of a table's rows: by the time column, or all of them the part's."""
    if by_time is None:
        return Split((Piece(part.window),), np.empty(0, np.int64))
    if by_time.column not in table.column_names:
        return by_time.split(pa.nulls(table.num_rows))
    return by_time.split(one_array(table.column(by_time.column)))


def without(table: pa.Table, by_time: ByTime | None) -> pa.Table:
    """The table without the column that gave the windows."""
    if by_time is None or by_time.stays or by_time.column not in table.column_names:
        return table
    return table.drop_columns(by_time.column)


def without_time(
    table: pa.Table, lost: NDArray[np.int64], file: str, by_time: ByTime | None
) -> list[Rejected]:
    """The rows that belong to no window as rejected records, each as a JSON object."""
    if by_time is None or not len(lost):
        return []
    rows = table.take(pa.array(lost)).to_pylist()
    return [Rejected(file, None, by_time.reason, json.dumps(row, default=str)) for row in rows]


def faults(message: str, part: Part, by_time: ByTime | None) -> Iterator[Chunk]:
    """What a part yields that cannot be read: each window that it may have rows of has failed."""
    windows = [part.window] if by_time is None else [window.key for window in by_time.windows]
    for window in windows:
        yield Chunk(pa.table({}), window, part.variant, tally=Tally(fault=message))
