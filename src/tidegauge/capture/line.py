"""One record as one line of a capture file.

The shape, the order of the keys and the encodings are those of the files that SageMaker's data
capture of real-time endpoints writes (eventVersion "0").
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.capture.record import Payload, Record

# A multiple of three, so that the pieces' base64 texts join to that of the whole.
_PIECE = 3 * 8192


@dataclass(frozen=True, slots=True)
class Encodings:
    """Which content types are written as text; all others are written as BASE64."""

    csv: frozenset[str]
    json: frozenset[str]

    def of(self, content_type: str | None) -> str:
        """The encoding's name; a content type's case and parameters do not matter."""
        name = (content_type or "").partition(";")[0].strip().lower()
        if name in self.csv:
            return "CSV"
        return "JSON" if name in self.json else "BASE64"


def pieces(record: Record, event_id: str, encodings: Encodings) -> Iterator[str]:
    """The line in pieces of some ten kilobytes, pure ASCII, with its line feed.

    In pieces, because no other thread can run while one is made.
    """
    yield '{"captureData":{"endpointInput":'
    yield from _side("INPUT", record.input_type, record.input, encodings)
    yield ',"endpointOutput":'
    yield from _side("OUTPUT", record.output_type, record.output, encodings)
    yield f'}},"eventMetadata":{_metadata(record, event_id)},"eventVersion":"0"}}\n'


def _side(
    mode: str, content_type: str | None, payload: Payload, encodings: Encodings
) -> Iterator[str]:
    observed = "null" if content_type is None else quoted(content_type)
    yield f'{{"observedContentType":{observed},"mode":"{mode}","data":"'
    encoding = encodings.of(content_type)
    raw = _bytes(payload)
    try:
        text = "" if encoding == "BASE64" else raw.decode("utf-8")
    except UnicodeDecodeError:  # no JSON text can hold these bytes
        encoding = "BASE64"
    if encoding == "BASE64":
        for start in range(0, len(raw), _PIECE):
            yield b64encode(raw[start : start + _PIECE]).decode("ascii")
    else:
        for start in range(0, len(text), _PIECE):
            yield quoted(text[start : start + _PIECE])[1:-1]
    yield f'","encoding":"{encoding}"}}'


def _bytes(payload: object) -> bytes:
    match payload:
        case bytes():
            return payload
        case str():
            return payload.encode("utf-8", "surrogatepass")
        case _:
            kind = type(payload).__name__
            raise TypeError(f"a payload is a {kind}: expected str or bytes, as it was sent")


def _metadata(record: Record, event_id: str) -> str:
    inference_id = attributes = ""
    if record.inference_id is not None:
        inference_id = f',"inferenceId":{quoted(str(record.inference_id))}'
    if record.custom_attributes:
        attributes = f',"customAttributes":[{",".join(map(quoted, record.custom_attributes))}]'
    second = record.utc.isoformat(timespec="seconds").removesuffix("+00:00")
    return f'{{"eventId":{quoted(event_id)}{inference_id}{attributes},"inferenceTime":"{second}Z"}}'
