"""Whatever a capture file holds: no crash, no hang, every record counted, no good one lost."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.reading import Everything, everything, part_of

from tidegauge.sources.captures import reader
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MARK = "good"  # what only good records hold
BOUNDED = settings(
    max_examples=60, deadline=2_000, suppress_health_check=[HealthCheck.too_slow], database=None
)
PAYLOADS = (
    ("CSV", "good,1.5"),
    ("CSV", '"good",2\n"good","3"'),
    ("JSON", '{"instances": [{"features": ["good", 4]}]}'),
    ("JSON", '{"letter": "good", "n": {"x": 5}}'),
    ("BASE64", "Z29vZCw2"),
)


def good(which: int) -> bytes:
    """A record that can be read, of one of the encodings."""
    encoding, data = PAYLOADS[which % len(PAYLOADS)]
    sent = {"observedContentType": "text/csv", "data": data, "encoding": encoding}
    return json.dumps({"captureData": {"endpointInput": sent}, "eventVersion": "0"}).encode()


GOOD_ROWS = [1, 2, 1, 1, 1]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A record in which some bytes were cut, replaced or put in; never two lines."""
    data = good(draw(st.integers(0, 4))).replace(b"good", b"evil").replace(b"Z29vZ", b"ZXZpb")
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = start + draw(st.integers(0, 12))
        data = data[:start] + draw(st.binary(max_size=8)) + data[stop:]
    return data.replace(b"\n", b" ").replace(b"good", b"evil")


BAD = st.one_of(
    mutated(),
    st.binary(max_size=80).map(lambda data: data.replace(b"\n", b" ")),
    st.sampled_from(
        [
            *(b"null", b"{}", b"[]", b"{", b'"', b"\xff", b"\x00", b"NaN", b"1" * 5_000),
            *(b"[" * 3_000, b'{"captureData":' * 2_000, b'{"captureData": null}'),
            b'{"captureData": {"endpointInput": {"data": "\\ud800,1", "encoding": "CSV"}}}',
            b'{"captureData": {"endpointInput": {"data": "\\u0000,1", "encoding": "CSV"}}}',
            b'{"captureData": {"endpointInput": {"data": "\\"", "encoding": "CSV"}}}',
            b'{"captureData": {"endpointInput": {"data": "[[[1]]]", "encoding": "JSON"}}}',
            b'{"captureData": {}, "captureData": {}}',
        ]
    ),
)


def read(lines: Sequence[bytes], *, careful: bool, outputs: bool) -> Everything:
    """What the capture reader makes of a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(b"\n".join(lines))
        source = CaptureSource(
            folder, Format.SAGEMAKER, f"{folder}/rejected", inputs=("letter", "n"),
            outputs=("score",) if outputs else (), custom_attributes=careful,
        )  # fmt: skip
        return everything(reader(source, S3Settings())(part_of(path)))


def good_rows(found: Everything) -> int:
    """How many rows hold the mark of good records."""
    return sum(MARK in row.values() for row in found.rows)


@pytest.mark.parametrize("careful", [False, True])
@BOUNDED
@given(lines=st.lists(st.one_of(st.integers(0, 4), BAD), max_size=12))
def test_bad_records_take_no_good_one_with_them(lines: list[int | bytes], *, careful: bool) -> None:
    """In bulk and one by one; each line that is not blank is a record."""
    records = [good(line) if isinstance(line, int) else line for line in lines]
    found = read(records, careful=careful, outputs=False)

    assert sum(GOOD_ROWS[line] for line in lines if isinstance(line, int)) == good_rows(found)
    written = b"\n".join(records).removeprefix(BYTE_ORDER_MARK).split(b"\n")
    assert sum(bool(line.strip()) for line in written) == found.tally.records
    assert "" == found.tally.fault


@BOUNDED
@given(data=st.binary(max_size=400), outputs=st.booleans())
def test_any_bytes_are_read_or_rejected(data: bytes, *, outputs: bool) -> None:
    """What is no record is rejected, and nothing is a row of it."""
    found = read([data], careful=False, outputs=outputs)

    assert (found.tally.records, []) == (found.tally.rejected, found.rows)


@BOUNDED
@given(
    data=st.text(max_size=60),
    encoding=st.sampled_from(["CSV", "JSON", "BASE64", "csv", "", "XML"]),
    content_type=st.sampled_from(["text/csv", "application/json", "", None]),
    careful=st.booleans(),
)
def test_any_payload_is_read_or_rejected(
    data: str, encoding: str, content_type: str | None, *, careful: bool
) -> None:
    """Between good records, which stay."""
    sent = {"data": data, "encoding": encoding, "observedContentType": content_type}
    odd = json.dumps({"captureData": {"endpointInput": sent}}).encode()
    found = read([good(0), odd, good(1)], careful=careful, outputs=False)

    assert 3 == found.tally.records
    assert 3 <= good_rows(found)
