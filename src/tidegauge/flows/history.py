"""History: how many rows the windows before a window had, at the same hour of the week."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.documents.run import RunStatus
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.model.window import Window
from tidegauge.rules.alarms.typical import MOST_BEFORE
from tidegauge.sinks.runs import completed, read_run

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegauge.flows.job import Job
    from tidegauge.sinks.layout import RunKey

_WEEK = timedelta(weeks=1)


class History:
    """The row counts of committed runs, each read once; windows marked as bad are left out."""

    def __init__(self, job: Job, bad: Collection[Window]) -> None:
        self._job = job
        self._bad = tuple(bad)
        self._there = set(completed(job.storage, job.layout, DATA_QUALITY))
        self._rows: dict[RunKey, int] = {}

    def add(self, key: RunKey, rows: int) -> None:
        """A run that this call has completed."""
        self._there.add(key)
        self._rows[key] = rows

    def before(self, key: RunKey) -> tuple[int, ...]:
        """The rows of up to twelve windows of the same variant, the latest first.

        They lie whole weeks before, or one window's length apart where that is more.
        """
        step = max(_WEEK, key.window.duration)
        earlier = (
            replace(key, window=Window(key.window.start - i * step, key.window.duration))
            for i in range(1, MOST_BEFORE + 1)
        )
        return tuple(
            self._read(one) for one in earlier if one in self._there and not self._is_bad(one)
        )

    def _is_bad(self, key: RunKey) -> bool:
        window = key.window
        return any(window.start < bad.end and bad.start < window.end for bad in self._bad)

    def _read(self, key: RunKey) -> int:
        if key not in self._rows:
            record = read_run(self._job.storage, self._job.layout.run(key))
            done = record is not None and record.status is not RunStatus.FAILED
            self._rows[key] = record.counts.get("rows", 0) if record and done else 0
        return self._rows[key]
