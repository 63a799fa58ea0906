"""What is kept of one request until its line is written."""

from __future__ import annotations

from datetime import UTC, datetime
from sys import getsizeof
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Payload = str | bytes | bytearray | memoryview
# The tuple, its place in the queue, the id that is still to be drawn.
_FIXED_BYTES = 300


class Record(NamedTuple):
    """One request and its answer, made while the request waits: nothing is quicker than a tuple.

    `time` is that of the inference: seconds since the epoch, or a date and time, in UTC unless it
    has a zone. A record without an event id gets one with its line.
    """

    input: Payload
    output: Payload
    input_type: str | None
    output_type: str | None
    event_id: str | None
    inference_id: str | None
    custom_attributes: tuple[str, ...]
    time: datetime | float

    @property
    def size_bytes(self) -> int:
        """The memory that the record holds, to within some tens of bytes."""
        attributes = sum(map(getsizeof, self.custom_attributes)) if self.custom_attributes else 0
        # Spelled out: a loop over the fields takes three times as long.
        return (
            _FIXED_BYTES
            + getsizeof(self.input)
            + getsizeof(self.output)
            + getsizeof(self.input_type)
            + getsizeof(self.output_type)
            + getsizeof(self.event_id)
            + getsizeof(self.inference_id)
            + attributes
        )

    @property
    def utc(self) -> datetime:
        """The time of the inference in UTC."""
        if not isinstance(self.time, datetime):
            return datetime.fromtimestamp(self.time, UTC)
        zoned = self.time.tzinfo is not None
        return self.time.astimezone(UTC) if zoned else self.time.replace(tzinfo=UTC)


def owned(payload: Payload) -> Payload:
    """The payload, or a copy of it where its owner may write something else into it."""
    return bytes(payload) if isinstance(payload, bytearray | memoryview) else payload


def texts(given: str | Iterable[str]) -> tuple[str, ...]:
    """One text, or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)
