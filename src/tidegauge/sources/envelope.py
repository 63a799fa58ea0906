"""SageMaker's data capture: the envelope around each record's payloads.

The format is that of the developer guide's "Capture data from real-time endpoint": JSON Lines with
`captureData` (`endpointInput`, `endpointOutput`: data, encoding, observedContentType) and
`eventMetadata` (inferenceTime, eventId, and the inferenceId that the client may give).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.inference import part_of
from tidegauge.sources.opening import Form, open_records
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines
    from tidegauge.sources.nested import Path

_PAYLOAD = pa.struct(
    [("data", pa.string()), ("encoding", pa.string()), ("observedContentType", pa.string())]
)
_METADATA = ("inferenceTime", "inferenceId", "eventId")
_SCHEMA = pa.schema(
    [
        ("captureData", pa.struct([("endpointInput", _PAYLOAD), ("endpointOutput", _PAYLOAD)])),
        ("eventMetadata", pa.struct([(name, pa.string()) for name in _METADATA])),
    ]
)
INPUT, OUTPUT = "endpointInput", "endpointOutput"

_FIELDS: Mapping[str, tuple[Path, ...]] = {
    side: tuple(("captureData", side, field.name) for field in _PAYLOAD) for side in (INPUT, OUTPUT)
}
_TOLD = tuple(("eventMetadata", name) for name in _METADATA)

Payload = tuple[str | None, str | None, str | None]  # data, encoding, content type


@dataclass(frozen=True, slots=True, eq=False)
class Payloads:
    """One side of some records: the payloads, how they are encoded, and what was sent."""

    data: pa.Array
    encoding: pa.Array
    content_type: pa.Array

    def listed(self, some: Sequence[int]) -> Iterator[Payload]:
        """The payloads of some records, one by one."""
        index = pa.array(some, pa.int64())
        columns = (self.data, self.encoding, self.content_type)
        return zip(*(column.take(index).to_pylist() for column in columns), strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class Envelopes:
    """The records of a block that are capture records, by their indices, and the others.

    `ids` are their inference ids, or the event ids of those that have none.
    """

    records: NDArray[np.int64]
    inputs: Payloads
    outputs: Payloads
    times: pa.Array
    ids: pa.Array
    broken: tuple[tuple[int, str], ...] = ()


def open_envelopes(lines: Lines) -> Envelopes:
    """The capture records of a block."""
    opened = open_records(lines, _FORM)
    columns = opened.columns
    time, inference_id, event_id = (columns[path] for path in _TOLD)
    return Envelopes(
        opened.records,
        Payloads(*(columns[path] for path in _FIELDS[INPUT])),
        Payloads(*(columns[path] for path in _FIELDS[OUTPUT])),
        time,
        pc.coalesce(inference_id, event_id),
        opened.broken,
    )


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with what we read of it; its metadata are not worth rejecting a record for."""
    capture = part_of(record, "captureData")
    metadata = record.get("eventMetadata")
    told = metadata if isinstance(metadata, dict) else {}
    texts = {name: told.get(name) for name in _METADATA}
    return {
        "captureData": {side: _payload(capture, side) for side in (INPUT, OUTPUT)},
        "eventMetadata": {k: v if isinstance(v, str) else None for k, v in texts.items()},
    }


def _payload(capture: Mapping[str, Any], side: str) -> dict[str, str | None]:
    payload = part_of(capture, side)
    for field in _PAYLOAD:
        if not isinstance(payload.get(field.name), str | None):
            raise BadRecord(f"{side}.{field.name} is not a text")
    return {field.name: payload.get(field.name) for field in _PAYLOAD}


_FORM = Form(
    _SCHEMA,
    wanted=(*_FIELDS[INPUT], *_FIELDS[OUTPUT], *_TOLD),
    varying=(*(("captureData", side, "data") for side in (INPUT, OUTPUT)), *_TOLD),
    row=_row,
)
