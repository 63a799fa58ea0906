"""Acceptance: a new baseline whose constraints allow what a window has shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import violations as violations_document
from tidegauge.documents.run import RunStatus
from tidegauge.documents.text import dump, load
from tidegauge.errors import UsageError, did_you_mean
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.pinned import baseline_id, pin_baseline, read_pinned
from tidegauge.monitors.data_quality import CONSTRAINTS, VIOLATIONS
from tidegauge.rules.alarms.edits import EDIT, Edit, applied
from tidegauge.sinks.runs import commit, committed, read_document, read_run
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from tidegauge.flows.job import Job
    from tidegauge.model.outcome import Violation
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import RunKey

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
    documents = _documents(job, baseline.id)
    documents[CONSTRAINTS] = dump(constraints_document.encode(constraints))
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, DATA_QUALITY)
    former = read_run(job.storage, job.layout.baseline(baseline.id, DATA_QUALITY))
    if former is None:
        raise UsageError(
            f"the pinned baseline {baseline.id} was never completed; run `tidegauge baseline CONF`"
        )
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


def _documents(job: Job, baseline: str) -> dict[str, bytes]:
    """The former baseline's documents as they lie there, people's edits among them."""
    folder = job.layout.baseline(baseline, DATA_QUALITY)
    record = read_run(job.storage, folder)
    names = record.documents if record else ()
    return {name: job.storage.read(join(folder, name)) for name in names}


def _edits(job: Job, feature: str, window: Window, variant: str | None) -> tuple[Edit, ...]:
    keys = committed(job.storage, job.layout, DATA_QUALITY)
    found = [
        violation
        for key in keys
        if key.window == window and variant in {None, key.variant}
        for violation in _violations(job, key)
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


def _violations(job: Job, key: RunKey) -> tuple[Violation, ...]:
    folder = job.layout.run(key)
    record = read_run(job.storage, folder)
    if record is None or VIOLATIONS not in record.documents:
        return ()
    uri = join(folder, VIOLATIONS)
    data = read_document(job.storage, folder, record, VIOLATIONS)
    return violations_document.decode(load(data, uri), uri)
