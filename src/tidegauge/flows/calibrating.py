"""Calibration: the training data once more, block by block, to learn how much it swings by itself.

Blocks are as long as the windows to come. They are counted by coarse grids that are drawn from the
profile of all rows, so that hundreds of them cost little to keep.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.flows.hours import captured_hours
from tidegauge.model.seasons import season_of, seasons_of
from tidegauge.model.statistics import Statistics
from tidegauge.model.window import HOUR, Window, format_duration, parse_duration
from tidegauge.profile.grid import grids
from tidegauge.rules.alarms.calibration import Block, Calibration, calibrate
from tidegauge.sources.captures import Batch, batches, parts, reader
from tidegauge.sources.coarse import CoarseReader, CoarseTableReader
from tidegauge.sources.framehours import table_batches
from tidegauge.sources.frames import captures_frame
from tidegauge.sources.source import CaptureSource, Format

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from typing import Any

    from tidegauge.flows.job import Job
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.grid import Grid
    from tidegauge.sources.frames import Frame
    from tidegauge.sources.source import TrainingSource

# Blocks times features that are counted at most: some 3 kB each on their way.
_MOST_CELLS = 20_000
_FEWEST, _MOST = 16, 400


def calibrated(
    job: Job,
    source: TrainingSource,
    profile: Profile,
    statistics: Statistics,
    bad: Collection[Window] = (),
) -> tuple[Calibration, tuple[Block, ...]]:
    """How much each feature swings between blocks, and the blocks' statistics at their grids.

    Blocks that overlap a `bad` window are left out. Where nothing can be calibrated the notes say
    why, and there are no blocks.

    Raises:
        InputError: the training data can no longer be read.
        EngineError: the engine failed.
    """
    training, length = job.conf.training, job.conf.window
    column = training.time if training else None
    if column is None or length is None:
        missing = "training.time" if column is None else "window"
        note = (
            f"not calibrated: the conf has no `{missing}`, so there are no blocks of time; "
            "differences are judged as if all rows were independent, which alarms too often where "
            "hours or days differ"
        )
        return Calibration(notes=(note,)), ()
    if source.preprocess is not None:
        note = (
            "not calibrated: a script makes the rows of the training data, and their times are not "
            "followed; differences are judged as if all rows were independent"
        )
        return Calibration(notes=(note,)), ()
    duration = parse_duration(length)
    timed = _by_time(source, column, statistics)
    hours = captured_hours(job, timed, column)
    # The first and the last are cut off by the data's own ends: their few rows are no whole block.
    windows = sorted({window for hour in hours for window in _within(hour, duration)})[1:-1]
    clear = [w for w in windows if not any(w.start < b.end and b.start < w.end for b in bad)]
    chosen = _chosen(clear, len(profile.features))
    known = grids(profile.features)
    found = _profiles(job, timed, chosen, known) if chosen else {}
    blocks = tuple(
        Block(window.key, season_of(window), _statistics(found[window.key], known))
        for window in chosen
        if window.key in found and found[window.key].rows
    )
    made = calibrate(blocks, statistics, format_duration(duration), seasons_of(duration))
    left_out = len(windows) - len(clear)
    if left_out:
        note = f"{left_out} blocks are left out of the calibration: they are marked as bad"
        made = replace(made, notes=(*made.notes, note))
    return made, blocks


def _by_time(source: TrainingSource, column: str, statistics: Statistics) -> CaptureSource:
    """The training data as captures whose rows have their windows by their time."""
    kinds = {f.name: f.detail.kind for f in statistics.features if f.detail}
    return CaptureSource(
        source.uri,
        source.format,
        rejected="",
        read=source.read,
        time=column,
        header=source.header,
        skip=source.skip,
        kinds=kinds,
        sensitive=source.sensitive,
    )


def _within(hour: datetime, duration: timedelta) -> Iterator[Window]:
    """The windows of this duration that an hour touches."""
    window = Window.containing(hour, duration)
    while window.start < hour + HOUR:
        yield window
        window = Window(window.end, duration)


def _chosen(windows: Sequence[Window], features: int) -> tuple[Window, ...]:
    """As many as can be counted, chosen at random (seeded), so that no season is preferred."""
    most = min(_MOST, max(_FEWEST, _MOST_CELLS // max(1, features)))
    if len(windows) <= most:
        return tuple(windows)
    return tuple(sorted(random.Random(0).sample(windows, most)))  # noqa: S311  (no secret)


def _profiles(
    job: Job, source: CaptureSource, windows: Sequence[Window], known: Mapping[str, Grid]
) -> Mapping[str, Profile]:
    """The coarse profiles by window key; rows that cannot be read were rejected once already."""
    settings = job.conf.s3
    if source.by_spark:

        def open_frame(session: Any) -> Frame:  # noqa: ANN401  (Spark's, as flows know it)
            frame = captures_frame(session, source, _batches(job, source, windows), settings)
            return replace(frame, read=CoarseTableReader(frame.read, known))

        found = job.engine.profile_frame(open_frame)
    else:
        read = CoarseReader(reader(source, settings, windows), known)
        listed = _batches(job, source, windows)
        cut = parts(source, listed, settings, by_column=True)
        found = job.engine.profile_parts(cut, read)
    return {window: profile for (window, _), profile in found.items()}


def _batches(job: Job, source: CaptureSource, windows: Sequence[Window]) -> Sequence[Batch]:
    if source.format is Format.TABLE and source.time:
        hours = captured_hours(job, source, source.time, tuple(windows))
        return table_batches(source, windows, hours)
    return batches(source, windows, job.conf.s3)


def _statistics(profile: Profile, known: Mapping[str, Grid]) -> Statistics:
    return Statistics(
        profile.rows,
        tuple(
            known[feature.name].statistics(feature)
            for feature in profile.features
            if feature.name in known
        ),
    )
