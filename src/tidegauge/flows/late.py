"""Captures that came late: runs, or merged rows, whose inputs are others now than when read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.flows.captured import Captured
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY, summed_up
from tidegauge.model.window import parse_duration
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.merged import read_unit
from tidegauge.sinks.runs import read_run
from tidegauge.sources.source import Format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tidegauge.config.schema import Conf
    from tidegauge.flows.captured import Due
    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.source import CaptureSource

USUAL = timedelta(days=2)
_READERS = 8


@dataclass(frozen=True, slots=True)
class Lookback:
    """Which runs are looked at again: those of windows that ended after `since`."""

    since: datetime

    @classmethod
    def of(cls, conf: Conf, source: CaptureSource, now: datetime) -> Lookback | None:
        """So long as the conf says, and one `every` more, since the next call is that far away.

        None where it is not wanted: by default, where a time column gives the windows and any new
        file would make all of them due.
        """
        if conf.late is not None:
            late = parse_duration(conf.late) if conf.late != "never" else None
        else:
            late = USUAL if not source.time or source.format is Format.TABLE else None
        every = conf.every or conf.window
        return None if late is None or every is None else cls(now - late - parse_duration(every))

    def outdated(
        self,
        job: Job,
        source: CaptureSource,
        variants: Mapping[Window, Sequence[str]],
        done: frozenset[RunKey],
    ) -> frozenset[RunKey]:
        """Of the completed runs of these variants, those whose captures have changed.

        Captures that are gone altogether change nothing: they are deleted once they are old.
        """
        recent = [
            RunKey(DATA_QUALITY, name, window)
            for window, names in variants.items()
            if window.end > self.since
            for name in names
        ]
        keys = [key for key in recent if key in done]
        found = Captured.of(job, source, sorted({key.window for key in keys}))
        listed = [found.due(key.window, key.variant) for key in keys]
        with ThreadPoolExecutor(_READERS) as readers:
            changed = readers.map(lambda due: _has_changed(job, source, due), listed)
            return frozenset(key for key, has in zip(keys, changed, strict=True) if has)


def outdated_units(job: Job, source: CaptureSource, batches: Sequence[Batch]) -> frozenset[RunKey]:
    """Of the units of predictions that were merged, those whose captures have changed since."""
    found = [batch for batch in batches if batch.inputs.files]
    with ThreadPoolExecutor(_READERS) as readers:
        changed = readers.map(lambda batch: _unit_has_changed(job, source, batch), found)
        return frozenset(unit_of(b) for b, has in zip(found, changed, strict=True) if has)


def unit_of(batch: Batch) -> RunKey:
    """The unit of merged rows that has the predictions of a batch."""
    return RunKey(MODEL_QUALITY, batch.variant, batch.window)


def _unit_has_changed(job: Job, source: CaptureSource, batch: Batch) -> bool:
    unit = read_unit(job.storage, job.layout, unit_of(batch))
    return unit is not None and unit.inputs != summed_up(source.read_with(batch.inputs))


def _has_changed(job: Job, source: CaptureSource, due: Due) -> bool:
    if not due.inputs.files:
        return False
    record = read_run(job.storage, job.layout.run(due.key))
    return record is None or record.inputs != summed_up(source.read_with(due.inputs))
