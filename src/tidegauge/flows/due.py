"""What is due: the windows to be run, and the captures that each of them has."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tidegauge.errors import InputError, UsageError, did_you_mean
from tidegauge.flows.captured import ALL_VARIANTS, Captured, refuse_reserved, source_of
from tidegauge.flows.hours import captured_hours
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.late import Lookback
from tidegauge.model.window import Window, parse_duration
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.runs import completed
from tidegauge.sources.source import (
    DEFAULT_VARIANT,
    CaptureSource,
)
from tidegauge.sources.windows import discover

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tidegauge.flows.captured import Due
    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned import Baseline

log = logging.getLogger(__name__)


_LONGEST_SILENCE = timedelta(days=31)  # of which every window is recorded as empty


def captures_of(job: Job, baseline: Baseline) -> CaptureSource:
    """The captures as the conf names them, to be read as the baseline was.

    Raises:
        UsageError: the conf names no captures, or a script that cannot be used.
    """
    conf, captures = job.conf, job.conf.captures
    if captures is None:
        raise UsageError(
            "the conf has no `captures`, so there is nothing to monitor: add the section with "
            "`uri` and `format`"
        )
    outputs = captures.outputs
    known = (feature.name for feature in baseline.statistics.features)
    inputs = captures.inputs
    if inputs is None:
        inputs = tuple(name for name in known if name not in outputs)
    trained = conf.training.time if conf.training else None
    times = {name for name in (trained, captures.time) if name}
    return replace(
        source_of(job, captures, DATA_QUALITY),
        inputs=inputs,
        skip=frozenset(conf.features.exclude) | times,
        kinds=baseline.kinds,
        custom_attributes=captures.custom_attributes,
    )


def due_windows(
    job: Job, source: CaptureSource, now: datetime, window: Window | None, variant: str | None
) -> tuple[Due, ...]:
    """The given window, or every complete one that was not run yet; oldest first.

    Without a window they reach from the first to the last captured hour of each variant; those in
    between that have no captures are due as well, and will be recorded as empty.

    Raises:
        UsageError: the conf has no window, or the layout is not one.
        InputError: the given window has no captures, or there are none at all.
    """
    if window is not None:
        return tuple(_given(job, source, window, variant))
    spans = complete_windows(job, source, now, variant)
    return tuple(_waiting(job, source, spans, Lookback.of(job.conf, source, now)))


def complete_windows(
    job: Job, source: CaptureSource, now: datetime, variant: str | None
) -> dict[str, tuple[Window, ...]]:
    """The complete windows of each variant, from its first to its last captured hour.

    Raises:
        UsageError: the conf has no window, or the layout is not one.
        InputError: there are no captures at all.
    """
    if job.conf.window is None:
        raise UsageError("the conf has no `window`: add one such as `window: 1d`, or give --window")
    duration = parse_duration(job.conf.window)
    hours = _captured_hours(job, source, variant)
    _warn_of_silence(hours, duration, now)
    every = parse_duration(job.conf.every) if job.conf.every else duration
    spans = {name: _span(captured, duration, every, now) for name, captured in hours.items()}
    if age := job.conf.retention.age("runs"):  # what was cleaned away is not run again
        spans = {n: tuple(w for w in span if w.end > now - age) for n, span in spans.items()}
    return spans


def _captured_hours(
    job: Job, source: CaptureSource, variant: str | None
) -> Mapping[str, tuple[datetime, ...]]:
    """The hours that have captures by variant; a wrong location must not pass for quiet traffic."""
    found = _discovered(job, source)
    refuse_reserved(found, source)
    hours = found if variant is None else {n: h for n, h in found.items() if n == variant}
    if not hours:
        of = f" of the variant {variant!r}" if variant else ""
        where = f"rows with a time in {source.time!r}" if source.time else source.layout
        raise InputError(
            f"there are no captures{of} at {source.uri}: expected {where} below it; correct "
            f"`captures.uri`, or wait for the first{did_you_mean(variant or '', found)}"
        )
    return hours


def _discovered(job: Job, source: CaptureSource) -> Mapping[str, tuple[datetime, ...]]:
    if not source.time:
        return discover(source, job.conf.s3)
    found = tuple(sorted(captured_hours(job, source, source.time)))
    return {DEFAULT_VARIANT: found} if found else {}


def _given(job: Job, source: CaptureSource, window: Window, variant: str | None) -> Iterator[Due]:
    found = Captured.of(job, source, (window,))
    names = [name for name in found.variants(window) if variant in {None, name}]
    if not names:
        raise no_captures(source, window, variant)
    for name in names:
        yield found.due(window, name)
    if len(names) > 1:
        yield found.over_all(window, names)


def no_captures(source: CaptureSource, window: Window, variant: str | None) -> InputError:
    """The error that the window which was asked for has no captures."""
    of = f" of the variant {variant!r}" if variant else ""
    return InputError(
        f"there are no captures{of} in {window} at {source.uri}: expected files in the folders "
        "of its hours; look at `captures.uri` and at the time zone of the window, which is UTC"
    )


def _waiting(
    job: Job,
    source: CaptureSource,
    spans: Mapping[str, tuple[Window, ...]],
    lookback: Lookback | None,
) -> Iterator[Due]:
    done = completed(job.storage, job.layout, DATA_QUALITY)
    by_window: dict[Window, list[str]] = {}
    for name, windows in spans.items():
        for window in windows:
            by_window.setdefault(window, []).append(name)
    if lookback:
        done -= lookback.outdated(job, source, by_window, done)
    missing = {
        window: [name for name in names if RunKey(DATA_QUALITY, name, window) not in done]
        for window, names in by_window.items()
    }
    waiting = sorted(
        window
        for window, names in by_window.items()
        if missing[window]
        or (len(names) > 1 and RunKey(DATA_QUALITY, ALL_VARIANTS, window) not in done)
    )
    waiting = bounded(waiting, job.conf.max_catch_up)
    found = Captured.of(job, source, waiting)
    for window in waiting:
        for name in missing[window]:
            yield found.due(window, name)
        if len(by_window[window]) > 1:
            yield found.over_all(window, by_window[window])


def bounded(waiting: list[Window], most: int | None) -> list[Window]:
    """The oldest windows, as many as one call may run."""
    if most is None or len(waiting) <= most:
        return waiting
    log.warning(
        "%d windows wait, and max_catch_up is %d: the others are for the next calls",
        len(waiting), most, extra={"windows": len(waiting), "max_catch_up": most},
    )  # fmt: skip
    return waiting[:most]


def _span(
    captured: tuple[datetime, ...], duration: timedelta, every: timedelta, now: datetime
) -> tuple[Window, ...]:
    """The complete windows that start between the first and the last captured hour.

    Of a long silence only the windows that reach beyond it: one folder of a wrong year would
    otherwise make all windows since then due.
    """
    starts = tuple(dict.fromkeys(Window.containing(hour, every).start for hour in captured))
    windows = [Window(starts[0], duration)]
    for before, after in pairwise(starts):
        begin = before + every
        if after - before > _LONGEST_SILENCE:
            begin = max(begin, Window.containing(after - duration, every).start + every)
        count = (after - begin) // every + 1
        windows += [Window(begin + i * every, duration) for i in range(count)]
    return tuple(window for window in windows if window.end <= now)


def _warn_of_silence(
    hours: Mapping[str, tuple[datetime, ...]], duration: timedelta, now: datetime
) -> None:
    """Captures that have stopped coming make no window due, and should not go unnoticed."""
    for name, captured in hours.items():
        for before, after in pairwise(captured):
            if after - before > _LONGEST_SILENCE:
                log.warning(
                    "%s: no captures between %s and %s: the windows in between are not run; if "
                    "one of these hours is a folder in the wrong place, move it",
                    name, f"{before:%Y-%m-%dT%H:%MZ}", f"{after:%Y-%m-%dT%H:%MZ}",
                    extra={"variant": name},
                )  # fmt: skip
        last = Window.containing(captured[-1], duration)
        silent = (now - last.end) // duration
        if silent > 0:
            log.warning(
                "%s: no captures since %s; %d complete windows since then are not run",
                name, f"{captured[-1]:%Y-%m-%dT%H:%MZ}", silent,
                extra={"variant": name, "windows": silent},
            )  # fmt: skip
