"""The hours that rows fall in by their time: no folder tells, so the engine counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.sources.frames import hours_frame
from tidegauge.sources.hours import HourReader, hour_parts, hours_of_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sources.source import CaptureSource


def captured_hours(
    job: Job, source: CaptureSource, column: str, windows: Sequence[Window] = ()
) -> dict[datetime, int]:
    """The UTC hours that have rows by their time in `column`, and how many.

    With windows Spark need not read the rows of other ones.

    Raises:
        InputError: the captures cannot be read, or there is no such table or column.
        StorageError: the captures cannot be listed or fetched.
        EngineError: the engine failed.
    """
    settings = job.conf.s3
    if source.by_spark:
        found = job.engine.profile_frame(
            lambda session: hours_frame(session, source, column, settings, windows)
        )
    else:
        parts = hour_parts(source, settings)
        found = job.engine.profile_parts(parts, HourReader(source, column, settings))
    return hours_of_profiles(found)
