"""A record's line: SageMaker's shape to the byte, whatever was sent."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capture.written import NOON

from tidegauge.capture.line import Encodings, pieces
from tidegauge.capture.record import Payload, Record

ENCODINGS = Encodings(frozenset({"text/csv"}), frozenset({"application/json"}))
CSV = Record("1,2", "0.5\n", "text/csv", "text/csv", None, None, (), NOON)
EVENT = "f04a8538-696c-4648-8064-8b680b2e3318"


def line(record: Record, event_id: str = EVENT) -> str:
    """The whole line."""
    return "".join(pieces(record, event_id, ENCODINGS))


def side(payload: Payload, content_type: str | None) -> dict[str, Any]:
    """What becomes of a request's payload."""
    record = CSV._replace(input=payload, input_type=content_type)
    found: dict[str, Any] = json.loads(line(record))["captureData"]["endpointInput"]
    return found


def test_a_line_has_the_keys_in_order() -> None:
    """All that a record can have, as one line."""
    record = CSV._replace(inference_id="95", custom_attributes=("a", "b"), output_type=None)
    expected = (
        '{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT",'
        '"data":"1,2","encoding":"CSV"},"endpointOutput":{"observedContentType":null,'
        '"mode":"OUTPUT","data":"MC41Cg==","encoding":"BASE64"}},"eventMetadata":{'
        f'"eventId":"{EVENT}","inferenceId":"95","customAttributes":["a","b"],'
        '"inferenceTime":"2013-06-20T12:44:11Z"},"eventVersion":"0"}\n'
    )
    assert expected == line(record)


@pytest.mark.parametrize("name", ["endpoint_csv_capture.jsonl", "bias_endpoint_json_capture.jsonl"])
def test_a_real_endpoints_lines_are_written_again_to_the_byte(name: str) -> None:
    """What a real endpoint captured, recorded from its parts."""
    folder = os.environ.get("TIDEGAUGE_SAMPLES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TIDEGAUGE_SAMPLES names no folder with samples of the real service")
    text = (Path(folder) / "notebooks" / name).read_text(encoding="utf-8")
    assert text
    for original in text.splitlines():
        found = json.loads(original)
        request, answer = found["captureData"].values()
        metadata = found["eventMetadata"]
        record = Record(
            request["data"],
            answer["data"],
            request["observedContentType"],
            answer["observedContentType"],
            metadata["eventId"],
            None,
            (),
            datetime.fromisoformat(metadata["inferenceTime"]),
        )
        assert original + "\n" == line(record, metadata["eventId"])


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.text(), max_size=2),
    st.none() | st.text(),
)
def test_any_text_is_kept_as_the_json_encoder_keeps_it(
    payload: str, answer: str, attributes: list[str], inference_id: str | None
) -> None:
    """Quotes, control characters, line separators and emoji, in payloads and ids."""
    side = {"observedContentType": "text/csv; charset=utf-8", "mode": "INPUT"}
    metadata: dict[str, object] = {"eventId": EVENT}
    if inference_id is not None:
        metadata["inferenceId"] = inference_id
    if attributes:
        metadata["customAttributes"] = attributes
    expected = {
        "captureData": {
            "endpointInput": side | {"data": payload, "encoding": "CSV"},
            "endpointOutput": side | {"mode": "OUTPUT", "data": answer, "encoding": "CSV"},
        },
        "eventMetadata": metadata | {"inferenceTime": "2013-06-20T12:44:11Z"},
        "eventVersion": "0",
    }
    type_ = "text/csv; charset=utf-8"
    record = Record(payload, answer, type_, type_, None, inference_id, tuple(attributes), NOON)
    assert json.dumps(expected, separators=(",", ":")) + "\n" == line(record)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/csv", "CSV"),
        ("Text/CSV ; charset=utf-8", "CSV"),
        ("application/json", "JSON"),
        ("application/x-npy", "BASE64"),
        ("text/html", "BASE64"),
        ("", "BASE64"),
        (None, "BASE64"),
    ],
)
def test_the_content_type_chooses_the_encoding(content_type: str | None, encoding: str) -> None:
    """Case and parameters do not matter; what is in no list is BASE64."""
    data = "MSwy" if encoding == "BASE64" else "1,2"
    expected = {"observedContentType": content_type, "mode": "INPUT", "data": data}
    assert expected | {"encoding": encoding} == side("1,2", content_type)
    assert expected | {"encoding": encoding} == side(b"1,2", content_type)


@pytest.mark.parametrize("payload", [b"caf\xe9,1", "caf\udce9,1"], ids=["bytes", "surrogate"])
def test_what_no_json_text_can_hold_is_base64(payload: Payload) -> None:
    """Latin-1 bytes, and text that was decoded with `surrogateescape`: nothing is lost."""
    found = side(payload, "text/csv")
    raw = payload if isinstance(payload, bytes) else payload.encode("utf-8", "surrogatepass")
    assert ("BASE64", raw) == (found["encoding"], base64.b64decode(found["data"], validate=True))


@pytest.mark.parametrize("size", [0, 24_575, 24_576, 24_577, 200_001])
def test_a_large_payload_is_cut_without_a_seam(size: int) -> None:
    """Sizes around that of a piece, as text and as BASE64, in small pieces."""
    raw = bytes(i * 7 % 251 for i in range(size))
    text = "".join(chr(0x20AC + i % 9) + '"' for i in range(size // 2))
    assert raw == base64.b64decode(side(raw, "image/png")["data"], validate=True)
    assert text == side(text, "text/csv")["data"]
    longest = max(map(len, pieces(CSV._replace(input=raw, input_type=None), EVENT, ENCODINGS)))
    assert longest <= 32_768


@pytest.mark.parametrize(
    "time",
    [
        datetime(2013, 6, 20, 23, 59, 59, 999_999),  # noqa: DTZ001 - the very case
        datetime(2013, 6, 20, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2013, 6, 21, 1, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=["no zone", "UTC", "two hours east"],
)
def test_the_time_is_that_second_of_utc(time: datetime) -> None:
    """Cut off, not rounded into the next hour."""
    metadata = json.loads(line(CSV._replace(time=time)))["eventMetadata"]
    assert "2013-06-20T23:59:59Z" == metadata["inferenceTime"]
