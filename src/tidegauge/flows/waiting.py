"""Windows of model quality without a run: those that are due, and those that wait for labels.

Nothing is read but names, and what the last call of `monitor` has joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.flows.answers import reading_of
from tidegauge.flows.due import complete_windows
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.pinned_quality import read_pinned_quality
from tidegauge.flows.units import units_of
from tidegauge.model.merged import MergeCounts
from tidegauge.model.window import parse_duration
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.merged import read_unit
from tidegauge.sinks.runs import completed

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """A complete window of a variant that has no run; it is evaluated at `due`, or earlier.

    `counts` are of the predictions that were joined with labels so far; None: there were none yet.
    """

    window: Window
    variant: str
    due: datetime
    counts: MergeCounts | None

    def is_due(self, now: datetime, coverage: float | None) -> bool:
        """Whether its wait is over, or the coverage is reached for which it need not wait."""
        enough = coverage is not None and self.counts and self.counts.coverage >= coverage
        return now >= self.due or bool(enough)


def unevaluated(job: Job, now: datetime) -> tuple[Unevaluated, ...]:
    """The complete windows without a run, oldest first.

    Raises:
        UsageError: there is no baseline, or the conf does not say what is needed.
        InputError: there are no captures.
        StorageError: the store or the captures could not be reached.
    """
    read_pinned_quality(job)
    truth = job.conf.ground_truth
    spans = complete_windows(job, reading_of(job).source, now, None)
    done = completed(job.storage, job.layout, MODEL_QUALITY)
    wait = parse_duration(truth.wait) if truth else None
    return tuple(
        Unevaluated(window, variant, window.end + wait, _counts(job, variant, window))
        for window, variant in sorted((w, name) for name, some in spans.items() for w in some)
        if wait is not None and RunKey(MODEL_QUALITY, variant, window) not in done
    )


def _counts(job: Job, variant: str, window: Window) -> MergeCounts | None:
    units = (
        read_unit(job.storage, job.layout, RunKey(MODEL_QUALITY, variant, unit))
        for unit in units_of(window, job.conf.profile)
    )
    found = [unit.counts for unit in units if unit is not None]
    total = MergeCounts()
    for counts in found:
        total = total.merge(counts)
    return total if found else None
