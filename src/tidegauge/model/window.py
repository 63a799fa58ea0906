"""Windows: half-open intervals of UTC time, anchored at the Unix epoch."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

_SHORT = re.compile(r"^(\d+)(m|h|d|w)$")
_ISO = re.compile(r"^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str) -> timedelta:
    """A duration from its short form (`1h`, `6h`, `1d`) or its ISO 8601 form (`PT1H`, `P1D`).

    Raises:
        UsageError: the text is neither, or the duration is zero.
    """
    if short := _SHORT.match(text):
        duration = timedelta(**{_UNITS[short[2]]: int(short[1])})
    elif (iso := _ISO.match(text)) and any(iso.groups()):
        weeks, days, hours, minutes = (int(part or 0) for part in iso.groups())
        duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    else:
        raise UsageError(
            f"{text!r} is not a duration: expected a form like '1h', '6h', '1d' or 'PT1H', 'P1D'"
        )
    if not duration:
        raise UsageError(f"the duration {text!r} is zero: expected at least one minute")
    return duration


def format_duration(duration: timedelta) -> str:
    """The ISO 8601 form of a duration of whole minutes: `P1D`, `PT6H`, `P1DT12H`."""
    minutes = int(duration.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def parse_time(text: str) -> datetime:
    """A UTC time from an ISO 8601 text; a text without a zone is taken as UTC.

    Raises:
        UsageError: the text is not a time.
    """
    try:
        # The store's own keys carry the clock without a colon: 2013-06-20T0000Z.
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time: expected a form like '2013-06-20' or '2013-06-20T00:00Z'"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open interval of UTC time: `start` belongs to it, `end` does not."""

    start: datetime
    duration: timedelta

    @property
    def end(self) -> datetime:
        return self.start + self.duration

    @property
    def key(self) -> str:
        """The window's name in the store: `2013-06-20T0000Z_P1D`."""
        return f"{self.start:%Y-%m-%dT%H%MZ}_{format_duration(self.duration)}"

    def __str__(self) -> str:
        """The window as `--window` takes it: `2013-06-20T00:00Z/P1D`."""
        return f"{self.start:%Y-%m-%dT%H:%MZ}/{format_duration(self.duration)}"

    def hours(self) -> tuple[datetime, ...]:
        """The starts of the UTC hours that the window touches, in order."""
        first = self.start.replace(minute=0, second=0, microsecond=0)
        count = -((first - self.end) // HOUR)
        return tuple(first + i * HOUR for i in range(count))

    @classmethod
    def parse(cls, text: str) -> Window:
        """A window from `START/DURATION` or from a store key `START_DURATION`.

        Raises:
            UsageError: the text has another shape.
        """
        start, separator, duration = text.replace("_", "/", 1).partition("/")
        if not separator:
            raise UsageError(
                f"{text!r} is not a window: expected START/DURATION, as in '2013-06-20T00:00Z/P1D'"
            )
        return cls(parse_time(start), parse_duration(duration))

    @classmethod
    def containing(cls, time: datetime, duration: timedelta) -> Window:
        """The window of this duration, counted from the Unix epoch, in which `time` falls."""
        return cls(EPOCH + (time - EPOCH) // duration * duration, duration)


def window_at(windows: Sequence[Window], time: datetime) -> Window | None:
    """The window, of some in order that do not overlap, in which `time` falls; None for none."""
    i = bisect_right(windows, time, key=lambda window: window.start) - 1
    return windows[i] if i >= 0 and time < windows[i].end else None
