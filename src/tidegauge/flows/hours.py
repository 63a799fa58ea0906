"""The hours that rows fall in by their time: no folder tells, so the rows are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.engines import local
from tidegauge.sources.frames import hours_frame
from tidegauge.sources.hours import HourReader, hour_parts, hours_of_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sources.source import CaptureSource


# Less than this is looked at here: most often no window is due, and then Spark need not start.
_FEW_BYTES = 128 << 20


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
        parts, read = hour_parts(source, settings), HourReader(source, column, settings)
        if sum(part.size_bytes for part in parts) < _FEW_BYTES:
            found = local.profile_parts(parts, read, processes=1)
        else:
            found = job.engine.profile_parts(parts, read)
    return hours_of_profiles(found)
