"""Packets: the rows of one part, window and bucket on their way, and what a bucket answers.

A packet's rows are Arrow's own stream, so that an engine moves few large values and not a value a
row. A column with one value in all rows (most records have one row; no prediction has a label at
first) travels as that one value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from tidegauge.engines.arrow.compact import is_constant

if TYPE_CHECKING:
    from collections.abc import Iterator


class Packet(NamedTuple):
    """What travels to a bucket, or comes back from it."""

    bucket: int
    side: str
    window: str
    variant: str
    part: str
    payload: pa.Buffer


SCHEMA = pa.schema(
    [
        ("bucket", pa.int32()),
        ("side", pa.string()),
        ("window", pa.string()),
        ("variant", pa.string()),
        ("part", pa.string()),
        ("payload", pa.binary()),
    ]
)
SPARK_SCHEMA = "bucket int, side string, window string, variant string, part string, payload binary"


def order(packet: Packet) -> tuple[int, str, str, str, str]:
    """The order in which packets are joined: by bucket, labels before predictions, part by part."""
    return packet[:5]


def to_payload(table: pa.Table) -> pa.Buffer:
    """The rows of a table that is not empty, copied once."""
    sizes = pa.MockOutputStream()
    write_rows(sizes, table)
    payload = pa.allocate_buffer(sizes.size())
    write_rows(pa.FixedSizeBufferWriter(payload), table)
    return payload


def write_rows(sink: pa.NativeFile, table: pa.Table) -> None:
    """Write the rows of a table that is not empty; not compressed, since ids hardly are."""
    constant = [name for name in table.column_names if is_constant(table.column(name))]
    varying = [name for name in table.column_names if name not in constant]
    for some in (table.select(constant).slice(0, 1), table.select(varying)):
        with pa.ipc.new_stream(sink, some.schema) as writer:
            writer.write_table(some)


def from_payload(payload: pa.Buffer) -> pa.Table:
    """The rows again, their columns in another order."""
    reader = pa.BufferReader(payload)
    constant, table = (pa.ipc.open_stream(reader).read_all() for _ in range(2))
    for name in constant.column_names:
        table = table.append_column(name, pa.repeat(constant.column(name)[0], len(table)))
    return table


def to_batch(packet: Packet) -> pa.RecordBatch:
    """The packet as an Arrow batch of one row, its payload not copied."""
    named = zip(packet[:5], SCHEMA, strict=False)
    arrays = [pa.array([value], field.type) for value, field in named]
    offsets = pa.array([0, packet.payload.size], pa.int32()).buffers()[1]
    arrays.append(pa.Array.from_buffers(pa.binary(), 1, [None, offsets, packet.payload]))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> Iterator[Packet]:
    """The packets of an Arrow batch, their payloads not copied."""
    *names, payloads = batch.columns
    rows = zip(*(column.to_pylist() for column in names), strict=True)
    for i, (bucket, side, window, variant, part) in enumerate(rows):
        yield Packet(bucket, side, window, variant, part, payloads[i].as_buffer())
