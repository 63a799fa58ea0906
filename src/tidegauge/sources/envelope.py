"""SageMaker's data capture: the envelope around each record's payloads.

The format is that of the developer guide's "Capture data from real-time endpoint": JSON Lines with
`captureData` (`endpointInput`, `endpointOutput`: data, encoding, observedContentType) and
`eventMetadata` (inferenceTime).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.alike import read_alike
from tidegauge.sources.columns import one_array
from tidegauge.sources.jsontext import read_each, read_fast
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines
    from tidegauge.sources.nested import Path

_PAYLOAD = pa.struct(
    [("data", pa.string()), ("encoding", pa.string()), ("observedContentType", pa.string())]
)
_SCHEMA = pa.schema(
    [
        ("captureData", pa.struct([("endpointInput", _PAYLOAD), ("endpointOutput", _PAYLOAD)])),
        ("eventMetadata", pa.struct([("inferenceTime", pa.string())])),
    ]
)
INPUT, OUTPUT = "endpointInput", "endpointOutput"

_TIME = ("eventMetadata", "inferenceTime")
_FIELDS: Mapping[str, tuple[Path, ...]] = {
    side: tuple(("captureData", side, field.name) for field in _PAYLOAD) for side in (INPUT, OUTPUT)
}
_WANTED = (*_FIELDS[INPUT], *_FIELDS[OUTPUT], _TIME)
# What differs from one record of an endpoint to the next.
_VARYING = (
    *(("captureData", side, "data") for side in (INPUT, OUTPUT)),
    *(("eventMetadata", name) for name in ("eventId", "inferenceId", "inferenceTime")),
)

_FEW = 32  # records that are looked at one by one if something is wrong with one of them
_PIECES = 16  # that a larger number of records is cut into then

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
    """The records of a block that are capture records, by their indices, and the others."""

    records: NDArray[np.int64]
    inputs: Payloads
    outputs: Payloads
    times: pa.Array
    broken: tuple[tuple[int, str], ...] = ()


def open_envelopes(lines: Lines) -> Envelopes:
    """All records at once if they are sound; else in ever smaller pieces around those that are not.

    Whatever is wrong with a record, its neighbours are read.
    """
    pieces = list(_pieces(lines, 0))
    columns = {path: _together([piece.columns[path] for piece in pieces]) for path in _WANTED}
    return Envelopes(
        np.concatenate([piece.records for piece in pieces]),
        Payloads(*(columns[path] for path in _FIELDS[INPUT])),
        Payloads(*(columns[path] for path in _FIELDS[OUTPUT])),
        columns[_TIME],
        tuple(broken for piece in pieces for broken in piece.broken),
    )


def _together(arrays: Sequence[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Records that were opened together, and their texts by path."""

    records: NDArray[np.int64]
    columns: Mapping[Path, pa.Array]
    broken: tuple[tuple[int, str], ...] = ()


def _pieces(lines: Lines, first: int) -> Iterator[_Piece]:
    """The records of some lines, which are those from `first` on; at least one piece."""
    columns = _read_at_once(lines)
    if columns is not None:
        yield _Piece(np.arange(first, first + len(lines)), columns)
    elif len(lines) <= _FEW:
        yield _one_by_one(lines, first)
    else:
        step = max(_FEW, len(lines) // _PIECES)
        for start in range(0, len(lines), step):
            yield from _pieces(lines.slice(start, start + step), first + start)


def _read_at_once(lines: Lines) -> Mapping[Path, pa.Array] | None:
    columns = read_alike(lines, _WANTED, _VARYING)
    if columns is not None:
        return columns
    table = read_fast(lines, _SCHEMA)
    return None if table is None else _columns(table)


def _columns(table: pa.Table) -> Mapping[Path, pa.Array]:
    return {path: one_array(pc.struct_field(table.column(path[0]), path[1:])) for path in _WANTED}


def _one_by_one(lines: Lines, first: int) -> _Piece:
    objects = read_each(lines)
    rows, records, broken = [], [], list(objects.broken)
    for i, value in objects.found:
        try:
            rows.append(_row(value))
            records.append(first + i)
        except BadRecord as error:
            broken.append((i, str(error)))
    table = pa.Table.from_pylist(rows, _SCHEMA)
    found = np.array(records, np.int64)
    reasons = tuple((first + i, reason) for i, reason in broken)
    return _Piece(found, _columns(table), reasons)


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with what we read of it; the time is not worth rejecting a record for."""
    capture = _inner(record, "captureData")
    metadata = record.get("eventMetadata")
    time = metadata.get("inferenceTime") if isinstance(metadata, dict) else None
    return {
        "captureData": {side: _payload(capture, side) for side in (INPUT, OUTPUT)},
        "eventMetadata": {"inferenceTime": time if isinstance(time, str) else None},
    }


def _payload(capture: Mapping[str, Any], side: str) -> dict[str, str | None]:
    payload = _inner(capture, side)
    for field in _PAYLOAD:
        if not isinstance(payload.get(field.name), str | None):
            raise BadRecord(f"{side}.{field.name} is not a text")
    return {field.name: payload.get(field.name) for field in _PAYLOAD}


def _inner(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise BadRecord(f"{key} is not an object")
    return inner
