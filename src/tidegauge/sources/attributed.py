"""Captures with their custom attributes as columns, on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.sources.capture import rows_of_record, sent_and_answered
from tidegauge.sources.inference import part_of
from tidegauge.sources.jsontext import parse
from tidegauge.sources.rejected import BadRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.sources.envelope import Payload
    from tidegauge.sources.payload import Row

CUSTOM = "custom."  # what the names of these columns begin with


@dataclass(frozen=True, slots=True)
class Attributed:
    """A capture record's rows, each with the record's custom attributes.

    An attribute `key=value` is the column `custom.key`; one without `=` is `custom.<n>` by its
    place, from 0.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    skip: frozenset[str] = frozenset()

    def __call__(self, text: str) -> tuple[Row, ...]:
        """Raises BadRecord: the record cannot be read, with the reason."""
        record = parse(text)
        if not isinstance(record, dict):
            raise BadRecord("the line is JSON, but no object")
        capture = part_of(record, "captureData")
        sides = sent_and_answered(self.inputs, self.outputs, self.skip)
        sent, answered = (_payload(capture, side) for side in ("endpointInput", "endpointOutput"))
        rows = rows_of_record(sent, answered, *sides)
        custom = dict(_columns(part_of(record, "eventMetadata").get("customAttributes")))
        for row in rows:
            row.update(custom)
        return rows


def _columns(attributes: object) -> list[tuple[str, str]]:
    if attributes is None:
        return []
    if not isinstance(attributes, list) or not all(isinstance(one, str) for one in attributes):
        raise BadRecord("eventMetadata.customAttributes is not a list of texts")
    return [_column(i, attribute) for i, attribute in enumerate(attributes)]


def _column(i: int, attribute: str) -> tuple[str, str]:
    key, separator, value = attribute.partition("=")
    return (f"{CUSTOM}{key.strip()}", value.strip()) if separator else (f"{CUSTOM}{i}", attribute)


def _payload(capture: Mapping[str, Any], side: str) -> Payload:
    payload = part_of(capture, side)
    found = [payload.get(name) for name in ("data", "encoding", "observedContentType")]
    data, encoding, content_type = found
    if not all(isinstance(value, str | None) for value in found):
        raise BadRecord(f"{side}: data, encoding and observedContentType are texts or null")
    return data, encoding, content_type
