"""How profiles travel: one row a feature of a part, so that no process holds more than it merges.

A row is (window, variant, feature, part, state); the row whose feature is null carries the number
of rows and the tally of the part. Rows are grouped by the first three and merged in part order, so
that the result does not depend on which task ended first.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from tidegauge.engines.arrow.fold import Key, fold_part
from tidegauge.model.batch import Tally
from tidegauge.profile.dataset import Profile
from tidegauge.profile.feature import FeatureProfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegauge.model.batch import Part, Reader

SCHEMA = pa.schema(
    [
        ("window", pa.string()),
        ("variant", pa.string()),
        ("feature", pa.string()),
        ("part", pa.string()),
        ("state", pa.binary()),
    ]
)
SPARK_SCHEMA = "window string, variant string, feature string, part string, state binary"


class Row(NamedTuple):
    """One feature of one part, or the part's own row where `feature` is None."""

    window: str
    variant: str
    feature: str | None
    part: str
    state: bytes


def part_rows(part: Part, read: Reader) -> Iterator[Row]:
    """The rows of one part: read, folded, and turned to bytes."""
    for key, profile in fold_part(part, read).items():
        yield from profile_rows(key, part.id, profile)


def profile_rows(key: Key, part_id: str, profile: Profile) -> Iterator[Row]:
    """The rows of one profile."""
    about = json.dumps({"rows": profile.rows, "tally": asdict(profile.tally)})
    yield Row(*key, None, part_id, about.encode())
    for feature in profile.features:
        yield Row(*key, feature.name, part_id, feature.to_bytes())


def merge_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The merged rows of rows that come grouped by window, variant and feature, in part order."""
    for (window, variant, feature), group in groupby(rows, key=lambda row: row[:3]):
        parts = list(group)
        if len(parts) == 1:
            yield parts[0]
        elif feature is None:
            merged = Profile.merge_all(_about(row) for row in parts)
            yield from profile_rows((window, variant), parts[0].part, merged)
        else:
            states = FeatureProfile.merge_all(FeatureProfile.from_bytes(r.state) for r in parts)
            yield Row(window, variant, feature, parts[0].part, states.to_bytes())


def assemble(rows: Iterable[Row]) -> dict[Key, Profile]:
    """The profiles of merged rows, by window and variant, in the order of these."""
    whole: dict[Key, Profile] = {}
    features: dict[Key, list[FeatureProfile]] = {}
    for row in rows:
        key = (row.window, row.variant)
        if row.feature is None:
            whole[key] = _about(row)
        else:
            features.setdefault(key, []).append(FeatureProfile.from_bytes(bytes(row.state)))
    return {
        # A merge of one tops up the features that some parts lacked.
        key: Profile.merge_all([replace(whole[key], features=tuple(features.get(key, ())))])
        for key in sorted(whole)
    }


def order(row: Row) -> tuple[str, str, bool, str, str]:
    """The sort key that `merge_rows` needs; a part's own row comes before its features."""
    return (row.window, row.variant, row.feature is not None, row.feature or "", row.part)


def to_batch(rows: Iterable[Row]) -> pa.RecordBatch:
    """The rows as an Arrow batch."""
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> Iterator[Row]:
    """The rows of an Arrow batch."""
    return (Row(*values) for values in zip(*(c.to_pylist() for c in batch.columns), strict=True))


def _about(row: Row) -> Profile:
    about = json.loads(row.state)
    tally = Tally(**{**about["tally"], "reasons": tuple(about["tally"]["reasons"])})
    return Profile(about["rows"], (), tally)
