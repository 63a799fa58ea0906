"""Acceptance: a new baseline whose constraints allow what a window has shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents.run import RunStatus
from tidegauge.documents.text import dump
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.pinned import baseline_id, pin_baseline, read_pinned
from tidegauge.monitors.data_quality import CONSTRAINTS
from tidegauge.rules.alarms.edits import EDIT, Edit, applied
from tidegauge.sinks.reported import ReportScope, reported_runs
from tidegauge.sinks.runs import commit, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window

HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The new baseline, the one that it follows, and what was changed."""

    id: str
    former: str
    folder: str
    edits: tuple[Edit, ...]


def accept(job: Job, feature: str, window: Window, variant: str | None = None) -> Accepted:
    """Make the edits that the window's violations of a feature suggest, and pin the result.

    The new baseline has the former's documents but for constraints.json, which tells its history.
    Windows that were run stay as they are; run them again to judge them anew.

    Raises:
        UsageError: the window has no violation of the feature, none that an edit could accept, or
            there is no baseline.
        StorageError: the store could not be read or written.
    """
    baseline = read_pinned(job.storage, job.layout, DATA_QUALITY)
    edits = _edits(job, feature, window, variant)
    constraints = baseline.constraints
    for edit in edits:
        constraints = applied(constraints, edit)
    entry = {
        "former": baseline.id,
        "window": window.key,
        "edits": [edit.to_json() for edit in edits],
    }
    history = [*constraints.extension.get(HISTORY, ()), entry]
    constraints = replace(constraints, extension={**constraints.extension, HISTORY: history})
    beside = job.layout.baseline(baseline.id, DATA_QUALITY)
    former = read_run(job.storage, beside)
    if former is None:
        raise UsageError(
            f"the pinned baseline {baseline.id} was never completed; run `tidegauge baseline CONF`"
        )
    # As they lie there, people's edits among them.
    documents = {name: job.storage.read(join(beside, name)) for name in former.documents}
    documents[CONSTRAINTS] = dump(constraints_document.encode(constraints))
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, DATA_QUALITY)
    record = job.record(
        RunStatus.COMPLETED,
        baseline=id_,
        counts=former.counts,
        inputs=former.inputs,
        notes=(*former.notes, f"follows {baseline.id}: accepted {feature} of {window.key}"),
    )
    commit(job.storage, folder, documents, record)
    pin_baseline(job.storage, job.layout, DATA_QUALITY, id_)
    return Accepted(id_, baseline.id, folder, edits)


def _edits(job: Job, feature: str, window: Window, variant: str | None) -> tuple[Edit, ...]:
    scope = ReportScope(DATA_QUALITY, window.start, window.end)
    found = [
        violation
        for run in reported_runs(job.storage, job.layout, scope)
        if run.key.window == window and variant in {None, run.key.variant}
        for violation in run.violations
    ]
    own = [violation for violation in found if violation.feature_name == feature]
    if not own:
        known = dict.fromkeys(violation.feature_name for violation in found)
        raise UsageError(
            f"the window {window} has no violation of {feature!r} that could be accepted: it has "
            f"violations of {', '.join(known) or 'nothing'}{did_you_mean(feature, known)}"
        )
    edits = tuple(_loosest([v.extension[EDIT] for v in own if EDIT in v.extension]))
    if not edits:
        raise UsageError(
            f"no edit of constraints.json would accept the violation of {feature!r} in {window}; "
            "edit the document by hand, or make a new baseline"
        )
    return edits


def _loosest(edits: Sequence[Mapping[str, Any]]) -> Iterator[Edit]:
    """One edit a setting: where variants ask for several, the one that accepts all of them."""
    by_setting: dict[str, list[Mapping[str, Any]]] = {}
    for edit in edits:
        by_setting.setdefault(edit["setting"], []).append(edit)
    for setting, some in by_setting.items():
        values = [edit["value"] for edit in some]
        feature = some[0]["feature"]
        if setting == "domains":
            every = dict.fromkeys(value for listed in values for value in listed)
            yield Edit(feature, setting, list(every))
        elif setting in ("comparison_threshold", "categorical_comparison_threshold"):
            yield Edit(feature, setting, max(values))
        elif setting in ("completeness", "datatype_check_threshold", "domain_content_threshold"):
            yield Edit(feature, setting, min(values))
        else:
            yield Edit(feature, setting, values[0])
