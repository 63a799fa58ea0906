"""`profile.parquet` of model quality: one row for each profile, one binary column a state.

The first row is of all rows, the others of the subsamples; docs/states.md writes the columns down.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tidegauge.errors import DocumentError
from tidegauge.model.quality import QualityPlan
from tidegauge.quality.profile import COUNTS, STATES, QualityProfile

VERSION = 1
_KEY = b"tidegauge_quality"

SCHEMA = pa.schema(
    [
        *(pa.field(count, pa.int64(), nullable=False) for count in COUNTS),
        *(pa.field(state, pa.binary(), nullable=False) for state in STATES),
    ]
)


def to_parquet(profile: QualityProfile) -> bytes:
    """The bytes of `profile.parquet`; the same profile gives the same bytes."""
    plan = None if profile.plan is None else profile.plan.as_json()
    schema = SCHEMA.with_metadata({_KEY: json.dumps({"version": VERSION, "plan": plan}).encode()})
    rows = [_row(part) for part in (profile, *profile.subsamples)]
    out = io.BytesIO()
    pq.write_table(
        pa.Table.from_pylist(rows, schema),
        out,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    )
    return out.getvalue()


def from_parquet(data: bytes, where: str) -> QualityProfile:
    """The profile in the bytes of a `profile.parquet` of model quality.

    Raises:
        DocumentError: the bytes are no Parquet, no such profile, or of a newer version.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        table = file.read(use_threads=False)
        meta = json.loads(table.schema.metadata[_KEY])
        version = int(meta["version"])
        if version <= VERSION:
            return _profile(meta, table)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError, DocumentError) as error:
        reason = " ".join(str(error).split())
        raise DocumentError(
            f"{where} is not a model-quality profile that this release can read ({reason}); run the"
            " baseline or the window again to write it anew"
        ) from error
    raise DocumentError(
        f"{where} has version {version}, this release reads up to {VERSION}; "
        "use the release that wrote it, or a newer one"
    )


def _profile(meta: dict[str, Any], table: pa.Table) -> QualityProfile:
    plan = None if meta["plan"] is None else QualityPlan.from_json(meta["plan"])
    whole, *subsamples = (
        QualityProfile(
            plan,
            **{count: row[count] for count in COUNTS},
            **{name: state.from_bytes(row[name]) for name, state in STATES.items()},
        )
        for row in table.to_pylist()
    )
    return replace(whole, subsamples=tuple(subsamples))


def _row(profile: QualityProfile) -> dict[str, Any]:
    counts = {count: getattr(profile, count) for count in COUNTS}
    return counts | {name: getattr(profile, name).to_bytes() for name in STATES}
