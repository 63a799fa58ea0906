"""What run.json says of the labels that a run of model quality stands on."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tidegauge.documents.joined import COUNTED
from tidegauge.documents.run import Inputs, RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.joined import JoinedUnit
    from tidegauge.documents.run import RunRecord
    from tidegauge.model.merged import MergeCounts
    from tidegauge.sinks.layout import RunKey


def is_of(before: RunRecord | None, stands_on: str) -> bool:
    """Whether a run stands on just these labels already."""
    return (
        before is not None
        and before.status is not RunStatus.FAILED
        and before.labels.get("stands_on") == stands_on
    )


def stood_on_more(before: RunRecord | None, units: Mapping[RunKey, JoinedUnit]) -> bool:
    """Whether a run stands on units that were cleaned away since: the rest would be another window.

    Nothing else takes a unit away that a run stands on.
    """
    return before is not None and before.labels.get("units", 0) > len(units)


def labels_told(counts: MergeCounts) -> dict[str, Any]:
    """What run.json says of the labels that a run stands on; delays in hours."""
    delays = {f"p{share}": counts.delay(share / 100) for share in (10, 50, 90, 100)}
    return {
        "predictions": counts.predictions,
        "labelled": counts.labelled,
        "coverage": round(counts.coverage, 6),
        "delay_hours": delays,
    }


def revision_told(before: RunRecord | None, *, asked: bool) -> dict[str, Any]:
    """The number of the evaluation and what earlier ones said; a window run anew starts anew."""
    if asked or before is None or "revision" not in before.labels:
        return {"revision": 0, "history": []}
    return {"revision": before.labels["revision"] + 1, "history": before.labels["history"]}


def history_told(
    labels: Mapping[str, Any], status: RunStatus, violations: int
) -> list[Mapping[str, Any]]:
    """What the earlier evaluations said, and this one."""
    said = {name: labels[name] for name in ("revision", "labelled", "coverage")}
    return [*labels["history"], {**said, "status": status.value, "violations": violations}]


def counted(units: Mapping[RunKey, JoinedUnit], counts: MergeCounts) -> dict[str, int]:
    """What was counted of captures and labels."""
    merged = {name: value for name, value in counts.as_json().items() if isinstance(value, int)}
    totals = {name: sum(unit.counted[name] for unit in units.values()) for name in COUNTED}
    return {**totals, **merged, "unlabelled": counts.predictions - counts.labelled}


def stands_on_digest(units: Mapping[RunKey, JoinedUnit]) -> str:
    """Another where a label came to any of the units."""
    said = [(key.variant, key.window.key, units[key].digest) for key in sorted(units)]
    return sha256(repr(said).encode()).hexdigest()[:16]


def inputs_told(units: Mapping[RunKey, JoinedUnit]) -> Inputs:
    """The captures of all units; the labels are told of elsewhere."""
    digests = "".join(units[key].inputs.digest for key in sorted(units))
    return Inputs(
        sum(unit.inputs.files for unit in units.values()),
        sum(unit.inputs.bytes for unit in units.values()),
        sha256(digests.encode()).hexdigest(),
    )
