"""Acceptance: a new baseline whose constraints allow what a window has shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents.run import RunStatus
from tidegauge.documents.text import dump
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.flows.accept_quality import accepted_metric
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
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
    from tidegauge.model.outcome import Violation
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import MonitorType, RunKey

    Violated = Sequence[tuple[RunKey, Violation]]

HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The new baseline, the one that it follows, and what was changed."""

    type: MonitorType
    id: str
    former: str
    folder: str
    edits: tuple[Edit, ...]


def accept(
    job: Job,
    feature: str,
    window: Window,
    variant: str | None = None,
    types: Sequence[MonitorType] = (DATA_QUALITY, MODEL_QUALITY),
) -> Accepted:
    """Make the edits that the window's violations of a feature, or metric, suggest, and pin them.

    The new baseline has the former's documents but for constraints.json, which tells its history.
    Windows that were run stay as they are; run them again to judge them anew.

    Raises:
        UsageError: the window has no violation of the feature, none that an edit could accept, or
            violations of several of the types; or there is no baseline.
        StorageError: the store could not be read or written.
    """
    type_, found = _violated(job, feature, window, variant, types)
    if type_ is MODEL_QUALITY:
        former, constraints, edits = accepted_metric(job, [key for key, _ in found], feature)
    else:
        former, constraints, edits = _accepted_feature(job, feature, window, found)
    entry = {
        "former": former,
        "window": window.key,
        "edits": [edit.to_json() for edit in edits],
    }
    own = constraints.get("tidegauge", {})
    told = {**own, HISTORY: [*own.get(HISTORY, ()), entry]}
    document = dump({**constraints, "tidegauge": told})
    what = f"accepted {feature} of {window.key}"
    id_, folder = _pinned_anew(job, type_, former, document, what)
    return Accepted(type_, id_, former, folder, edits)


def _pinned_anew(
    job: Job, type_: MonitorType, former: str, constraints: bytes, what: str
) -> tuple[str, str]:
    """The id and the folder of the baseline that has other constraints and is pinned now."""
    beside = job.layout.baseline(former, type_)
    record = read_run(job.storage, beside)
    if record is None:
        raise UsageError(
            f"the pinned baseline {former} was never completed; run `tidegauge baseline CONF`"
        )
    # As they lie there, people's edits among them.
    documents = {name: job.storage.read(join(beside, name)) for name in record.documents}
    documents[CONSTRAINTS] = constraints
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, type_)
    follows = job.record(
        RunStatus.COMPLETED,
        baseline=id_,
        counts=record.counts,
        inputs=record.inputs,
        type_=type_,
        notes=(*record.notes, f"follows {former}: {what}"),
    )
    commit(job.storage, folder, documents, follows)
    pin_baseline(job.storage, job.layout, type_, id_)
    return id_, folder


def _violated(
    job: Job,
    feature: str,
    window: Window,
    variant: str | None,
    types: Sequence[MonitorType],
) -> tuple[MonitorType, Violated]:
    """The type that has violations of the feature in the window, and the runs that have them."""
    found = [
        (run.key, violation)
        for type_ in types
        for run in reported_runs(
            job.storage, job.layout, ReportScope(type_, window.start, window.end)
        )
        if run.key.window == window and variant in {None, run.key.variant}
        for violation in run.violations
    ]
    own = [(key, violation) for key, violation in found if violation.feature_name == feature]
    of_types = sorted({key.type for key, _ in own})
    if not own:
        known = dict.fromkeys(violation.feature_name for _, violation in found)
        raise UsageError(
            f"the window {window} has no violation of {feature!r} that could be accepted: it has "
            f"violations of {', '.join(known) or 'nothing'}{did_you_mean(feature, known)}"
        )
    if len(of_types) > 1:
        raise UsageError(
            f"the window {window} has violations of {feature!r} of the types "
            f"{' and '.join(of_types)}: choose one with --type"
        )
    return of_types[0], own


def _accepted_feature(
    job: Job, feature: str, window: Window, found: Violated
) -> tuple[str, dict[str, Any], tuple[Edit, ...]]:
    """The pinned baseline's id, its constraints as they are to be, and the edits of them."""
    edits = tuple(_loosest([v.extension[EDIT] for _, v in found if EDIT in v.extension]))
    if not edits:
        raise UsageError(
            f"no edit of constraints.json would accept the violation of {feature!r} in {window}; "
            "edit the document by hand, or make a new baseline"
        )
    baseline = read_pinned(job.storage, job.layout, DATA_QUALITY)
    constraints = baseline.constraints
    for edit in edits:
        constraints = applied(constraints, edit)
    return baseline.id, constraints_document.encode(constraints), edits


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
