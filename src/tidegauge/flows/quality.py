"""The monitor of a model's answers: windows are evaluated when enough of their labels are known.

A window is evaluated when its wait is over, or when the coverage that the conf asks for is reached;
and again, as its next revision, when a label came for it since.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.documents.run import RunStatus
from tidegauge.flows.answers import reading_of
from tidegauge.flows.captured import captured_batches
from tidegauge.flows.claiming import claiming
from tidegauge.flows.due import bounded, complete_windows, no_captures
from tidegauge.flows.evaluating import Evaluating
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.flows.joined import settle, settle_anew
from tidegauge.flows.late import Lookback, outdated_units, unit_of
from tidegauge.flows.pinned_quality import read_pinned_quality
from tidegauge.flows.planning import warn_of_unknown
from tidegauge.flows.scripts import call_after, postprocess_script
from tidegauge.flows.service import Service
from tidegauge.flows.types import is_monitored
from tidegauge.flows.units import units_of
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.merged import commit_labels_read, joined_units
from tidegauge.sinks.runs import completed

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.flows.answers import Reading
    from tidegauge.flows.claiming import Claimed
    from tidegauge.flows.evaluating import Windows
    from tidegauge.flows.job import Job
    from tidegauge.flows.joined import Settled
    from tidegauge.flows.monitor import WindowRun
    from tidegauge.flows.pinned_quality import QualityBaseline
    from tidegauge.model.window import Window

log = logging.getLogger(__name__)


def run_quality(
    job: Job, now: datetime, window: Window | None = None, variant: str | None = None
) -> tuple[WindowRun, ...]:
    """Evaluate the given window, or every complete one that is due or to be revised, oldest first.

    Raises:
        UsageError: there is no baseline, or the conf has no captures, labels or window; or a script
            cannot be used, or failed after the runs.
        InputError: the given window has no captures, or there is no ground truth.
        StorageError: the store, the captures or the labels could not be reached.
        EngineError: the engine failed.
    """
    baseline = read_pinned_quality(job)
    baseline.warn_of_other_settings()
    if not is_monitored(job.conf, DATA_QUALITY):
        warn_of_unknown(job.conf, ())
    reading = reading_of(job)
    with claiming(job, now) as claimed:
        if not claimed.take_labels(asked=window is not None):
            return ()
        return _run_quality(claimed, baseline, reading, now, window, variant)


def _run_quality(
    claimed: Claimed,
    baseline: QualityBaseline,
    reading: Reading,
    now: datetime,
    window: Window | None,
    variant: str | None,
) -> tuple[WindowRun, ...]:
    job = claimed.job
    after = postprocess_script(job.conf)
    windows, settled = (
        _caught_up(claimed, reading, now, variant)
        if window is None
        else _given(claimed, reading, window, variant)
    )
    split = {one for one, names in windows.items() if len(names) > 1}
    service = Service(job.conf, now, split, part=variant is not None, type=MODEL_QUALITY)
    evaluating = Evaluating(claimed, baseline, service, settled, now, asked=window is not None)
    runs = tuple(evaluating.runs(windows))
    service.warn_of_old({run.key.window for run in runs})
    if settled.read:
        commit_labels_read(job.storage, job.layout, settled.read)
    failure = next((run.reason for run in runs if run.status is RunStatus.FAILED), "")
    violations = sum(run.violations for run in runs if service.is_whole(run.key))
    service.close(len(runs), violations, failure)
    if runs and not failure:
        call_after(after)
    return runs


def _caught_up(
    claimed: Claimed, reading: Reading, now: datetime, variant: str | None
) -> tuple[Windows, Settled]:
    """All complete windows, and their units with the labels that there are now.

    Units that are missing are merged from their captures, and those whose captures came late again.
    """
    job = claimed.job
    spans = complete_windows(job, reading.source, now, variant)
    windows: dict[Window, list[str]] = {}
    for name, some in spans.items():
        for one in some:
            windows.setdefault(one, []).append(name)
    known = joined_units(job.storage, job.layout)
    done = completed(job.storage, job.layout, MODEL_QUALITY)
    lacking = {
        one: [
            unit
            for unit in units_of(one, job.conf.profile)
            if any(RunKey(MODEL_QUALITY, name, unit) not in known for name in names)
        ]
        for one, names in windows.items()
        if any(RunKey(MODEL_QUALITY, name, one) not in done for name in names)
    }
    waiting = sorted(one for one, units in lacking.items() if units)
    now_taken = bounded(waiting, job.conf.max_catch_up)
    later = set(waiting) - set(now_taken)
    taken = {one: tuple(windows[one]) for one in sorted(windows) if one not in later}
    lookback = Lookback.of(job.conf, reading.source, now)
    since = lookback.since if lookback else now
    recent = {u for one in taken if one.end > since for u in units_of(one, job.conf.profile)}
    found = [
        batch
        for batch in captured_batches(
            job, reading.source, recent.union(*(lacking[one] for one in now_taken))
        )
        if variant in {None, batch.variant}
    ]
    of_recent = [batch for batch in found if batch.window in recent]
    outdated = outdated_units(job, reading.source, of_recent)
    fresh = [batch for batch in found if unit_of(batch) not in known - outdated]
    kept = frozenset(key for key in known - outdated if variant in {None, key.variant})
    reading = reading.of_files(fresh[0].inputs, job) if fresh else reading
    settled = settle(claimed, reading, fresh, kept, now)
    # Labels that only one variant was held against are still to be read for the others.
    return taken, settled if variant is None else replace(settled, read={})


def _given(
    claimed: Claimed, reading: Reading, window: Window, variant: str | None
) -> tuple[Windows, Settled]:
    """One window, its units merged anew from their captures."""
    job = claimed.job
    units = units_of(window, job.conf.profile)
    found = [
        batch
        for batch in captured_batches(job, reading.source, units)
        if variant in {None, batch.variant}
    ]
    names = tuple(sorted({batch.variant for batch in found}))
    if not names:
        raise no_captures(reading.source, window, variant)
    reading = reading.of_files(found[0].inputs, job)
    return {window: names}, settle_anew(claimed, reading, found)
