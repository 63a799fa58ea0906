"""Schedule expressions as windows: how much data a job of the service looked at, and from when.

Source: the API reference, `ScheduleConfig`; the SDK's `CronExpressionGenerator`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from tidegauge.errors import UsageError
from tidegauge.model.window import format_duration, parse_duration

_CRON = re.compile(r"cron\(0 (\*|\d{1,2})(?:/(\d{1,2}))? \? \* \* \*\)")
_ZERO = re.compile(r"-?P(T?0[WDHMS])+")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the service's jobs ran, as its documents say it.

    `expression` is None where the service chose an hour of the day. `since` and `until` are the
    ends of the data that a job looked at, as offsets from the job: `-PT5H`, `-PT0H`.
    """

    expression: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows that come nearest, and in what they differ; None: the schedule has none.

    One of this length begins every so often; None: where the one before ends. A job ran `delay`
    after the end of its window.
    """

    length: timedelta | None = None
    every: timedelta | None = None
    notes: tuple[str, ...] = ()
    delay: timedelta = _NONE


def windows_of(schedule: Schedule) -> Windows:
    """The windows of data that a schedule's jobs looked at."""
    period, notes = _period(schedule.expression)
    if not (schedule.since and schedule.until):
        return Windows(period, notes=notes)
    since, until = _offset(schedule.since), _offset(schedule.until)
    if since is None or until is None or since >= until:
        note = f"{schedule.since} to {schedule.until} is no span of time"
        return Windows(period, notes=(*notes, note))
    length = until - since
    return Windows(length, period if period != length else None, notes, -until)


def _period(expression: str | None) -> tuple[timedelta | None, tuple[str, ...]]:
    if expression is None:
        return _DAY, ("the service chose the hour of the day; windows of 1d begin at midnight UTC",)
    if expression == "NOW":
        return None, ("NOW runs once; `tidegauge monitor CONF --window START/DURATION` does that",)
    cron = _CRON.fullmatch(expression)
    if cron is None:
        return None, (f"the expression {expression!r} is none of the service's",)
    hour, step = cron.groups()
    period = _DAY if step is None and hour != "*" else int(step or 1) * _HOUR
    first = timedelta(hours=0 if hour == "*" else int(hour))
    if not period or period > _DAY:
        return None, (f"the expression {expression!r} is none of the service's",)
    if _DAY % period:
        return period, ("it does not divide a day, and is counted from the Unix epoch here",)
    if shift := first % period:
        later = format_duration(shift)
        return period, (f"the service's began {later} later than ours, counted from midnight UTC",)
    return period, ()


def _offset(text: str) -> timedelta | None:
    """`-PT1H` as minus one hour; None: it is none."""
    if _ZERO.fullmatch(text):
        return _NONE
    try:
        duration = parse_duration(text.removeprefix("-"))
    except UsageError:
        return None
    return -duration if text.startswith("-") else duration
