"""Which labels belong to which units, by the hours in which they were collected."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.documents.joined import ReadGroup
from tidegauge.model.window import EPOCH, HOUR

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tidegauge.engines.joins import Joined
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.groundtruth import LabelGroup

MICROSECOND = timedelta(microseconds=1)


def taking(
    known: Collection[RunKey], groups: Sequence[LabelGroup], closes: timedelta
) -> list[RunKey]:
    """The units that take labels of some of the groups."""
    if any(group.time is None for group in groups):
        return list(known)
    times = sorted(group.time for group in groups if group.time is not None)

    def takes(window: Window) -> bool:
        first = bisect_left(times, window.start - HOUR, key=lambda time: time)
        return first < len(times) and times[first] < window.end + closes

    return [key for key in known if takes(key.window)]


def of_any(
    groups: Sequence[LabelGroup], units: Collection[RunKey], closes: timedelta
) -> list[LabelGroup]:
    """The groups but for those of hours in which no label of any unit was collected."""
    of_units = {group.name for group in for_units(groups, units, closes)}
    return [group for group in groups if group.time is None or group.name in of_units]


def for_units(
    groups: Sequence[LabelGroup], units: Collection[RunKey], closes: timedelta
) -> list[LabelGroup]:
    """The groups that may have labels of some units."""
    if not units:
        return []
    first = min(key.window.start for key in units)
    last = max(key.window.end for key in units) + closes
    return [group for group in groups if group.may_be_of(first, last)]


def read_groups(groups: Sequence[LabelGroup], joined: Joined) -> Iterator[tuple[str, ReadGroup]]:
    """The groups with their orphans; where files have no hour, the first has them all."""
    timeless = sum(joined.orphans.values())
    for group in groups:
        if group.time is not None:
            orphans = joined.orphans.get((group.time - EPOCH) // MICROSECOND, 0)
        else:
            orphans, timeless = timeless, 0
        yield group.name, ReadGroup(group.digest, orphans)
