"""`_joined.json`: what the merged rows of a unit stand on; `_labels.json`: which labels were read.

Documents of our own, beside the merged rows; readers of Parquet pass over their names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, count, mapping, text, version_one
from tidegauge.documents.run import decode_inputs, encode_inputs
from tidegauge.model.merged import MergeCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.run import Inputs

COUNTED = ("records", "rejected", "outside_hour", "dropped")


@dataclass(frozen=True, slots=True)
class JoinedUnit:
    """The predictions of one unit of time and variant, merged with the labels known so far.

    `revision` counts how often labels came after the first join. `files` are the rows', and
    `profiles` their states', by bucket; where rows are not kept there are no files. `read_as` is
    the digest of how captures were read, `plan` that of what was folded; `digest` is of all that a
    window's run stands on. `tag` is that of the document as it was read, "" before it was put; it
    says nothing of the unit.
    """

    revision: int
    buckets: int
    files: Mapping[int, str]
    profiles: Mapping[int, str]
    counts: MergeCounts
    counted: Mapping[str, int]
    inputs: Inputs
    read_as: str
    plan: str
    digest: str
    tag: str = field(default="", compare=False)

    @property
    def takes_labels(self) -> bool:
        """Whether labels can still be joined with it: its rows are kept, if it has any."""
        return bool(self.files) or not self.profiles


def encode(unit: JoinedUnit) -> dict[str, Any]:
    """The document of a unit."""
    return {
        "version": 1,
        "revision": unit.revision,
        "buckets": unit.buckets,
        "files": {str(bucket): name for bucket, name in unit.files.items()},
        "profiles": {str(bucket): name for bucket, name in unit.profiles.items()},
        "counts": unit.counts.as_json(),
        "counted": dict(unit.counted),
        "inputs": encode_inputs(unit.inputs),
        "read_as": unit.read_as,
        "plan": unit.plan,
        "digest": unit.digest,
    }


def decode(document: dict[str, Any], where: str) -> JoinedUnit:
    """The unit of a document that `encode` made.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    return JoinedUnit(
        revision=reader.get("revision", count),
        buckets=reader.get("buckets", count),
        files=_by_bucket(reader, "files"),
        profiles=_by_bucket(reader, "profiles"),
        counts=MergeCounts.from_json(reader.get("counts", mapping)),
        counted=reader.values("counted", count),
        inputs=decode_inputs(reader.section("inputs")),
        read_as=reader.get("read_as", text),
        plan=reader.get("plan", text),
        digest=reader.get("digest", text),
    )


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """A group of label files as it was read: its digest, and its ids that no prediction had."""

    digest: str
    orphans: int


def encode_labels(groups: Mapping[str, ReadGroup]) -> dict[str, Any]:
    """The document of the groups that were read, by name."""
    return {
        "version": 1,
        "groups": {
            name: {"digest": group.digest, "orphans": group.orphans}
            for name, group in groups.items()
        },
    }


def decode_labels(document: dict[str, Any], where: str) -> dict[str, ReadGroup]:
    """The groups of a document that `encode_labels` made.

    Raises:
        DocumentError: a value is missing or unfit, or the version is another.
    """
    reader = Reader(document, where)
    reader.get("version", version_one)
    groups = reader.section("groups")
    return {
        name: ReadGroup(group.get("digest", text), group.get("orphans", count))
        for name in groups.fields
        if (group := groups.section(name))
    }


def _by_bucket(reader: Reader, key: str) -> dict[int, str]:
    return {int(bucket): name for bucket, name in reader.values(key, text).items()}
