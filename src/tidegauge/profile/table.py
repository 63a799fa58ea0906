"""`profile.parquet`: a profile as a table, one row a feature, one binary column a state.

Plain pyarrow, DuckDB or Spark can read it; docs/states.md writes the columns down.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from tidegauge.errors import DocumentError
from tidegauge.model.batch import Tally
from tidegauge.model.collector import held_back
from tidegauge.model.statistics import Kind
from tidegauge.profile.dataset import Profile
from tidegauge.profile.feature import STATES, FeatureProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 2  # 2: elements of lists, sums of decimals, null for a state that has seen nothing
_FEATURES_AT_ONCE = 512  # a row group: of a wide profile no more is held twice
_KEY = b"tidegauge"
_CHECKSUM = b"tidegauge.crc32"  # Parquet's own checksums are of its pages only

SCHEMA = pa.schema(
    [
        pa.field("feature", pa.string(), nullable=False),
        pa.field("position", pa.int32(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("failure", pa.string(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("nulls", pa.int64(), nullable=False),
        pa.field("mean", pa.float64()),
        pa.field("std_dev", pa.float64()),
        pa.field("elements", pa.bool_(), nullable=False),
        *(pa.field(state, pa.binary()) for state in STATES),
    ]
)


def to_parquet(profile: Profile) -> bytes:
    """The bytes of `profile.parquet`; the same profile gives the same bytes."""
    meta = {"version": VERSION, "rows": profile.rows, "tally": asdict(profile.tally)}
    about = json.dumps(meta).encode()
    schema = SCHEMA.with_metadata({_KEY: about, _CHECKSUM: b"%08x" % crc32(about)})
    out = io.BytesIO()
    # Sketches are random digits: they do not compress, and statistics of blobs are of no use.
    # Nor would one flipped bit in them be seen without a checksum.
    with pq.ParquetWriter(
        out,
        schema,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    ) as writer:
        for start in range(0, len(profile.features), _FEATURES_AT_ONCE):
            some = profile.features[start : start + _FEATURES_AT_ONCE]
            writer.write_table(pa.Table.from_pylist([_row(feature) for feature in some], schema))
    return out.getvalue()


@held_back()
def from_parquet(data: bytes, where: str) -> Profile:
    """The profile in the bytes of a `profile.parquet`.

    Raises:
        DocumentError: the bytes are no Parquet, no profile, or of a newer version.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        known = file.schema_arrow.metadata
        meta = json.loads(known[_KEY])
        version = int(meta["version"])
        if version <= VERSION:
            _check(known)
            return _profile(meta, file)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, DocumentError) as error:
        reason = " ".join(str(error).split())
        raise DocumentError(
            f"{where} is not a profile that this release can read ({reason}); run the baseline or "
            "the window again to write it anew"
        ) from error
    raise DocumentError(
        f"{where} has version {version}, this release reads up to {VERSION}; "
        "use the release that wrote it, or a newer one"
    )


def _check(metadata: Mapping[bytes, bytes]) -> None:
    """Raise ValueError where the metadata is not as it was written; version 1 cannot tell."""
    expected = metadata.get(_CHECKSUM)
    if expected is not None and expected != b"%08x" % crc32(metadata[_KEY]):
        raise ValueError("its metadata is not what was written: a byte has changed")


def _profile(meta: dict[str, Any], file: pq.ParquetFile) -> Profile:
    tally = Tally(**{**meta["tally"], "reasons": tuple(meta["tally"]["reasons"])})
    # A table of its own for each row group: read_table takes three times as long to begin.
    groups = (file.read_row_group(i, use_threads=False) for i in range(file.num_row_groups))
    features = tuple(_feature(row) for group in groups for row in group.to_pylist())
    return Profile(meta["rows"], features, tally)


def _row(feature: FeatureProfile) -> dict[str, Any]:
    return {
        "feature": feature.name,
        "position": feature.position,
        "kind": feature.kind.value,
        "failure": feature.failure,
        "rows": feature.counts.rows,
        "nulls": feature.counts.nulls,
        "mean": feature.moments.average,
        "std_dev": feature.moments.std_dev(),
        "elements": feature.elements,
        **feature.blobs(),
    }


def _feature(row: dict[str, Any]) -> FeatureProfile:
    states = {
        name: state.from_bytes(row[name])
        for name, state in STATES.items()
        if row.get(name) is not None
    }
    return FeatureProfile(
        row["feature"],
        row["position"],
        Kind(row["kind"]),
        row["failure"],
        row.get("elements", False),
        **states,
    )
