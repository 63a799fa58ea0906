"""SageMaker's data capture: the envelope around each record's payloads.

The format is that of the developer guide's "Capture data from real-time endpoint": JSON Lines with
`captureData` (`endpointInput`, `endpointOutput`: data, encoding, observedContentType) and
`eventMetadata` (inferenceTime, eventId, and the inferenceId that the client may give).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.columns import one_array
from tidegauge.sources.jsontext import read_each, read_fast
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines

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

_FEW = 32  # records that are looked at one by one if something is wrong with one of them
_PIECES = 16  # that a larger number of records is cut into then

# Makes of a record what the schema has of it; raises BadRecord.
RowOf = Callable[[Mapping[str, Any]], dict[str, Any]]
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
    opened = open_records(lines, _SCHEMA, _row)
    capture = one_array(opened.table.column("captureData"))
    metadata = one_array(opened.table.column("eventMetadata"))
    return Envelopes(
        opened.records,
        _payloads(capture, INPUT),
        _payloads(capture, OUTPUT),
        pc.struct_field(metadata, "inferenceTime"),
        pc.coalesce(pc.struct_field(metadata, "inferenceId"), pc.struct_field(metadata, "eventId")),
        opened.broken,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Some records of a block by their indices, a row each, and why the others have none."""

    records: NDArray[np.int64]
    table: pa.Table
    broken: tuple[tuple[int, str], ...] = ()


def open_records(lines: Lines, schema: pa.Schema, row: RowOf) -> Opened:
    """All records at once if they are sound; else in ever smaller pieces around those that are not.

    Whatever is wrong with a record, its neighbours are read. `row` makes a row of the schema of a
    record that is read by itself, or raises BadRecord.
    """
    pieces = list(_pieces(lines, 0, schema, row))
    return Opened(
        np.concatenate([piece.records for piece in pieces]),
        pa.concat_tables([piece.table for piece in pieces]),
        tuple(broken for piece in pieces for broken in piece.broken),
    )


def _pieces(lines: Lines, first: int, schema: pa.Schema, row: RowOf) -> Iterator[Opened]:
    """The records of some lines, which are those from `first` on; at least one piece."""
    table = read_fast(lines, schema)
    if table is not None:
        yield Opened(np.arange(first, first + len(lines)), table)
    elif len(lines) <= _FEW:
        yield _one_by_one(lines, first, schema, row)
    else:
        step = max(_FEW, len(lines) // _PIECES)
        for start in range(0, len(lines), step):
            yield from _pieces(lines.slice(start, start + step), first + start, schema, row)


def _one_by_one(lines: Lines, first: int, schema: pa.Schema, row: RowOf) -> Opened:
    objects = read_each(lines)
    rows, records, broken = [], [], list(objects.broken)
    for i, value in objects.found:
        try:
            rows.append(row(value))
            records.append(first + i)
        except BadRecord as error:
            broken.append((i, str(error)))
    table = pa.Table.from_pylist(rows, schema)
    found = np.array(records, np.int64)
    return Opened(found, table, tuple((first + i, reason) for i, reason in broken))


def _payloads(capture: pa.Array, side: str) -> Payloads:
    return Payloads(*(pc.struct_field(capture, [side, field.name]) for field in _PAYLOAD))


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with what we read of it; its metadata are not worth rejecting a record for."""
    capture = inner(record, "captureData")
    metadata = record.get("eventMetadata")
    told = metadata if isinstance(metadata, dict) else {}
    texts = {name: told.get(name) for name in _METADATA}
    return {
        "captureData": {side: _payload(capture, side) for side in (INPUT, OUTPUT)},
        "eventMetadata": {k: v if isinstance(v, str) else None for k, v in texts.items()},
    }


def _payload(capture: Mapping[str, Any], side: str) -> dict[str, str | None]:
    payload = inner(capture, side)
    for field in _PAYLOAD:
        if not isinstance(payload.get(field.name), str | None):
            raise BadRecord(f"{side}.{field.name} is not a text")
    return {field.name: payload.get(field.name) for field in _PAYLOAD}


def inner(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key, an empty one where there is none.

    Raises:
        BadRecord: it is no object.
    """
    found = value.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRecord(f"{key} is not an object")
    return found
