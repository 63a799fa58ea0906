"""Review: what became of a feature in a window, and what that stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents import outcomes as outcomes_document
from tidegauge.documents.text import load
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.monitors.data_quality import OUTCOMES
from tidegauge.sinks.layout import MonitorType
from tidegauge.sinks.runs import committed, read_document, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.job import Job
    from tidegauge.model.outcome import Outcome
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import RunKey


@dataclass(frozen=True, slots=True)
class Told:
    """The outcomes of one feature in one run."""

    key: RunKey
    outcomes: tuple[Outcome, ...]


def outcomes_of(
    job: Job, feature: str, window: Window, variant: str | None = None
) -> tuple[Told, ...]:
    """What became of one feature, or metric, in one window, type by type and variant by variant.

    Raises:
        UsageError: the window was not run, or has no such feature.
        StorageError: a run's outcomes are not those that it committed.
    """
    keys = _runs_of(job, window, variant)
    found = []
    known: dict[str, None] = {}
    for key in keys:
        record = read_run(job.storage, job.layout.run(key))
        outcomes = committed_outcomes(job, key, record) if record else ()
        known |= dict.fromkeys(outcome.feature for outcome in outcomes)
        own = tuple(outcome for outcome in outcomes if outcome.feature == feature)
        if own:
            found.append(Told(key, own))
    if not found:
        raise UsageError(
            f"the window {window} has no outcomes of a feature {feature!r}: expected one of "
            f"{', '.join(known) or 'none, the run failed'}{did_you_mean(feature, known)}"
        )
    return tuple(found)


def _runs_of(job: Job, window: Window, variant: str | None) -> tuple[RunKey, ...]:
    keys = sorted(
        (key for type_ in MonitorType for key in committed(job.storage, job.layout, type_)),
        key=lambda key: (key.window, key.type, key.variant),
    )
    found = tuple(k for k in keys if k.window == window and variant in {None, k.variant})
    if not found:
        of = f" of the variant {variant!r}" if variant else ""
        first, last = (f"{keys[i].window}" for i in (0, -1)) if keys else ("", "")
        known = f"there are {len(keys)}, from {first} to {last}" if keys else "there is none yet"
        raise UsageError(
            f"there is no run{of} of the window {window} in the store: {known}; run `tidegauge "
            "monitor CONF --window START/DURATION` first"
        )
    return found


def committed_outcomes(job: Job, key: RunKey, record: RunRecord) -> tuple[Outcome, ...]:
    """The outcomes that a run committed; none of a failed one."""
    if OUTCOMES not in record.documents:
        return ()
    folder = job.layout.run(key)
    uri = join(folder, OUTCOMES)
    data = read_document(job.storage, folder, record, OUTCOMES)
    return outcomes_document.decode(load(data, uri), uri)
