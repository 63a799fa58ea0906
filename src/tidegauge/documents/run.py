"""`run.json`: the record that commits a run; no timings, so the same run gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import (
    Reader,
    count,
    mapping,
    one_of,
    text,
    texts,
    version_one,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunStatus(StrEnum):
    """SageMaker's statuses of a monitoring execution; a Failed run does not count as a run."""

    COMPLETED = "Completed"
    COMPLETED_WITH_VIOLATIONS = "CompletedWithViolations"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run read; the digest is over the inputs' own digests."""

    files: int
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `run.json` says of one run of one window and variant, or of a baseline.

    `window` is its key in the store, "" for a baseline; `reason` says why a run failed or had
    nothing to do, else ""; `documents` maps the files written beside it to their SHA-256 in hex;
    `notes` are sentences on what was decided otherwise than asked, or could not be, and why.
    `labels` (JSON values; model quality only) says which labels the run stands on.
    """

    monitor: str
    type: str
    variant: str
    window: str
    status: RunStatus
    reason: str
    baseline: str
    counts: Mapping[str, int]
    inputs: Inputs
    documents: Mapping[str, str]
    versions: Mapping[str, str]
    conf_digest: str
    notes: tuple[str, ...] = ()
    labels: Mapping[str, Any] = field(default_factory=dict)


def encode(record: RunRecord) -> dict[str, Any]:
    """The document of a run."""
    labels = {"labels": dict(record.labels)} if record.labels else {}
    return {
        "version": 1,
        "monitor": record.monitor,
        "type": record.type,
        "variant": record.variant,
        "window": record.window,
        "status": record.status.value,
        "reason": record.reason,
        "baseline": record.baseline,
        "counts": dict(record.counts),
        **labels,
        "inputs": encode_inputs(record.inputs),
        "documents": dict(record.documents),
        "versions": dict(record.versions),
        "conf_digest": record.conf_digest,
        "notes": list(record.notes),
    }


def decode(document: dict[str, Any], where: str) -> RunRecord:
    """The record of a document that `encode` made.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return RunRecord(
        monitor=reader.get("monitor", text),
        type=reader.get("type", text),
        variant=reader.get("variant", text),
        window=reader.get("window", text),
        status=reader.get("status", one_of(RunStatus)),
        reason=reader.get("reason", text),
        baseline=reader.get("baseline", text),
        counts=reader.values("counts", count),
        inputs=decode_inputs(reader.section("inputs")),
        documents=reader.values("documents", text),
        versions=reader.values("versions", text),
        conf_digest=reader.get("conf_digest", text),
        notes=reader.maybe("notes", texts) or (),
        labels=reader.maybe("labels", mapping) or {},
    )


def encode_inputs(inputs: Inputs) -> dict[str, Any]:
    """What was read, as the documents have it."""
    return {"files": inputs.files, "bytes": inputs.bytes, "digest": inputs.digest}


def decode_inputs(reader: Reader) -> Inputs:
    """What `encode_inputs` made.

    Raises:
        DocumentError: a value is missing or unfit.
    """
    return Inputs(
        files=reader.get("files", count),
        bytes=reader.get("bytes", count),
        digest=reader.get("digest", text),
    )
