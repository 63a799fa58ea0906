"""Seasons: what recurs. Windows of a day have weekdays, shorter ones have their hour of the day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegauge.model.window import Window

_DAY = timedelta(days=1)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def seasons_of(duration: timedelta) -> tuple[str, ...]:
    """The names of the seasons that windows of this duration have; () where nothing recurs.

    Days have weekdays; windows that divide a day evenly have the hour (UTC) at which they start.
    """
    if duration == _DAY:
        return _WEEKDAYS
    if duration < _DAY and not _DAY % duration:
        return tuple(
            f"{minute // 60:02d}:{minute % 60:02d}Z"
            for minute in range(0, 24 * 60, int(duration / timedelta(minutes=1)))
        )
    return ()


def season_of(window: Window) -> int | None:
    """The number of a window's season among `seasons_of` its duration; None: it has none."""
    if window.duration == _DAY:
        return window.start.weekday()
    if not seasons_of(window.duration):
        return None
    since = window.start - window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    return since // window.duration
