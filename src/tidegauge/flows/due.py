"""What is due: the windows to be run, and the captures that each of them has."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import InputError, UsageError
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.model.window import Window, parse_duration
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.runs import completed
from tidegauge.sources.captures import Batch, batches
from tidegauge.sources.listing import Inputs
from tidegauge.sources.source import DEFAULT_LAYOUT, CaptureSource, Format
from tidegauge.sources.windows import discover
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from tidegauge.flows.job import Job
    from tidegauge.flows.pinned import Baseline

log = logging.getLogger(__name__)

ALL_VARIANTS = "_all"


@dataclass(frozen=True, slots=True)
class Due:
    """One run to be made; for the run over all variants, `siblings` are the ones it merges."""

    key: RunKey
    batch: Batch
    siblings: tuple[Batch, ...] = ()


def captures_of(job: Job, baseline: Baseline) -> CaptureSource:
    """The captures as the conf names them, to be read as the baseline was.

    Raises:
        UsageError: the conf names no captures.
    """
    conf, captures = job.conf, job.conf.captures
    if captures is None:
        raise UsageError(
            "the conf has no `captures`, so there is nothing to monitor: add the section with "
            "`uri` and `format`"
        )
    outputs = captures.outputs
    known = (feature.name for feature in baseline.statistics.features)
    inputs = captures.inputs or tuple(name for name in known if name not in outputs)
    times = {name for name in (conf.training.time, captures.time) if name}
    return CaptureSource(
        captures.uri,
        Format(captures.format),
        rejected=join(
            job.layout.root, "rejected", f"type={DATA_QUALITY}", "variant={variant}",
            "window={window}",
        ),
        layout=captures.layout or DEFAULT_LAYOUT,
        time=captures.time,
        header=captures.header,
        inputs=inputs,
        outputs=outputs,
        skip=frozenset(conf.features.exclude) | times,
        kinds=baseline.kinds,
    )  # fmt: skip


def due_windows(
    job: Job, source: CaptureSource, now: datetime, window: Window | None, variant: str | None
) -> tuple[Due, ...]:
    """The given window, or every complete one that was not run yet; oldest first.

    Without a window they reach from the first to the last captured hour of each variant; those in
    between that have no captures are due as well, and will be recorded as empty.

    Raises:
        UsageError: the conf has no window, or the layout is not one.
        InputError: the given window has no captures.
    """
    if window is not None:
        return tuple(_given(job, source, window, variant))
    if job.conf.window is None:
        raise UsageError("the conf has no `window`: add one such as `window: 1d`, or give --window")
    duration = parse_duration(job.conf.window)
    hours = discover(source, job.conf.s3)
    if variant is not None:
        hours = {name: captured for name, captured in hours.items() if name == variant}
    _warn_of_silence(hours, duration, now)
    spans = {name: _span(captured, duration, now) for name, captured in hours.items()}
    return tuple(_waiting(job, source, spans, variant))


def _given(job: Job, source: CaptureSource, window: Window, variant: str | None) -> Iterator[Due]:
    found = batches(source, (window,), job.conf.s3, (variant,) if variant else ())
    if not found:
        of = f" of the variant {variant!r}" if variant else ""
        raise InputError(
            f"there are no captures{of} in {window} at {source.uri}: expected files in the folders "
            "of its hours; look at `captures.uri` and at the time zone of the window, which is UTC"
        )
    for batch in found:
        yield Due(RunKey(DATA_QUALITY, batch.variant, window), batch)
    if len(found) > 1:
        yield _over_all(window, found)


def _waiting(
    job: Job, source: CaptureSource, spans: Mapping[str, tuple[Window, ...]], variant: str | None
) -> Iterator[Due]:
    done = completed(job.storage, job.layout, DATA_QUALITY)
    by_window: dict[Window, list[str]] = {}
    for name, windows in spans.items():
        for window in windows:
            by_window.setdefault(window, []).append(name)
    waiting = {
        window: names
        for window, names in by_window.items()
        if any(
            RunKey(DATA_QUALITY, name, window) not in done
            for name in (*names, *([ALL_VARIANTS] if len(names) > 1 else []))
        )
    }
    found = {
        (batch.window, batch.variant): batch
        for batch in batches(source, waiting, job.conf.s3, (variant,) if variant else ())
    }
    for window in sorted(waiting):
        empty = Inputs(())
        siblings = tuple(
            found.get((window, name), Batch(window, name, empty)) for name in waiting[window]
        )
        for batch in siblings:
            key = RunKey(DATA_QUALITY, batch.variant, window)
            if key not in done:
                yield Due(key, batch)
        if len(siblings) > 1:
            yield _over_all(window, siblings)


def _over_all(window: Window, siblings: tuple[Batch, ...]) -> Due:
    files = (file for batch in siblings for file in batch.inputs.files)
    key = RunKey(DATA_QUALITY, ALL_VARIANTS, window)
    return Due(key, Batch(window, ALL_VARIANTS, Inputs.of(files)), siblings)


def _span(captured: tuple[datetime, ...], duration: timedelta, now: datetime) -> tuple[Window, ...]:
    """The complete windows from the first captured hour to the last, gaps included."""
    first, last = (Window.containing(hour, duration) for hour in (captured[0], captured[-1]))
    count = (last.start - first.start) // duration + 1
    windows = (Window(first.start + i * duration, duration) for i in range(count))
    return tuple(window for window in windows if window.end <= now)


def _warn_of_silence(
    hours: Mapping[str, tuple[datetime, ...]], duration: timedelta, now: datetime
) -> None:
    """Captures that have stopped coming make no window due, and should not go unnoticed."""
    for name, captured in hours.items():
        last = Window.containing(captured[-1], duration)
        silent = (now - last.end) // duration
        if silent > 0:
            log.warning(
                "%s: no captures since %s; %d complete windows since then are not run",
                name, f"{captured[-1]:%Y-%m-%dT%H:%MZ}", silent,
                extra={"variant": name, "windows": silent},
            )  # fmt: skip
