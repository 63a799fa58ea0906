"""Lines that are alike are opened without a parser, and never otherwise than a parser does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.sources.alike import read_alike
from tidegauge.sources.lines import lines_of

if TYPE_CHECKING:
    import pyarrow as pa

WANTED = (("sent", "data"), ("sent", "encoding"), ("about", "time"))
VARYING = (("sent", "data"), ("about", "time"), ("about", "id"))


def line(data: str, time: str = "now", **other: object) -> bytes:
    """A line as `json` writes it."""
    record = {
        "sent": {"data": data, "encoding": "CSV"},
        "about": {"id": f"id of {data}", "time": time},
    }
    return json.dumps(record | other, ensure_ascii=False).encode(errors="surrogatepass")


def read(*lines: bytes, ending: bytes = b"\n") -> list[tuple[str | None, ...]] | None:
    """The wanted texts, a tuple a line."""
    found = read_alike(lines_of(b"".join(one + ending for one in lines), ()), WANTED, VARYING)
    return None if found is None else _rows(found)


def _rows(found: dict[tuple[str, ...], pa.Array]) -> list[tuple[str | None, ...]]:
    return list(zip(*(found[path].to_pylist() for path in WANTED), strict=True))


def test_texts_of_any_length_and_their_escapes() -> None:
    """Two ends of a string, quotes within it, and nothing at all."""
    texts = ["1,2", "", 'say "hi"', "a\nb\r\n\tc", '"', "käse"]
    lines = [line(text, time) for text, time in zip(texts, "123456", strict=True)]

    assert [(text, "CSV", time) for text, time in zip(texts, "123456", strict=True)] == read(*lines)
    assert [(text, "CSV", "now") for text in texts] == read(*map(line, texts), ending=b"\r\n")


def test_what_is_null_or_not_there_is_null() -> None:
    """In all lines, as the first one has it."""
    null = b'{"sent": {"data": "1", "encoding": null}, "about": null}'

    assert [("1", None, None)] * 2 == read(null, null)
    assert [(None, None, None)] == read(b'{"sent": {}}')


def test_a_string_may_look_like_the_rest_of_the_line() -> None:
    """What stands in quotes is no structure."""
    tricky = '", "encoding": "JSON"}, "about": {"id": "'

    assert [(tricky, "CSV", "now"), ("1", "CSV", "now")] == read(line(tricky), line("1"))


@pytest.mark.parametrize(
    "other",
    [
        line("1", encoding="JSON"),
        line("1").replace(b"CSV", b"XML"),
        line("1").replace(b", ", b",  ", 1),
        line("1") + b" ",
        line("1")[:-1],
        line("back\\slash"),
        line("\x01"),
        line("\ud800"),
        line("half").replace(b"half", rb"\ud800"),
        line("tab").replace(b"tab", b"\t"),
        line("cut").replace(b"cut", b"\xff"),
        b'{"sent": {"data": "1", "encoding": "CSV"}, "about": {"id": "x", "time": 5}}',
        b'{"sent": {"data": "',
        b"{}",
    ],
)
def test_other_lines_are_left_to_a_parser(other: bytes) -> None:
    """One among many is enough, wherever it stands."""
    some = line("some")

    assert read(some, some) is not None
    assert read(some, other, some) is None
    assert read(some, some, other) is None


@pytest.mark.parametrize("text", ["back\\slash", "last\\", "\\", "\x01", "\ud800"])
def test_texts_that_take_a_parser(text: str) -> None:
    """Escapes that mean something together, also where all lines have the same."""
    assert read(line(text)) is None
    assert read(line(text), line(text)) is None


@pytest.mark.parametrize(
    "first",
    [
        b'{"sent": {"data": 1, "encoding": "CSV"}, "about": {"time": "now"}}',
        b'{"sent": "all", "about": {"time": "now"}}',
        b'{"sent": {"data": "1", "data": "2"}, "about": {"time": "now"}}',
        b'{"sent": {"data": "1"}, "about": NaN}',
        b'{"sent": {"data": "1"}, "odd": "\\ud800"}',
        b'{"sent": {"data": "1"}',
        b"[]",
    ],
)
def test_a_first_line_of_another_form_is_no_mould(first: bytes) -> None:
    """Numbers for texts, keys that stand there twice, and what is no JSON."""
    assert read(first, first) is None


def test_lines_without_an_end_take_no_longer() -> None:
    """No search runs on beyond its line."""
    open_ended = b'{"sent": {"data": "1'
    many = [line("1"), *[open_ended] * 200_000]

    assert read(*many) is None


@settings(max_examples=300, deadline=None, database=None)
@given(
    texts=st.lists(
        st.text(st.one_of(st.sampled_from('n,"\\\n\té'), st.characters()), max_size=8),
        min_size=1,
        max_size=4,
    ),
    cuts=st.lists(st.tuples(st.integers(0, 90), st.binary(max_size=3)), max_size=2),
    ascii_only=st.booleans(),
)
def test_what_is_opened_is_what_a_parser_reads(
    texts: list[str], cuts: list[tuple[int, bytes]], *, ascii_only: bool
) -> None:
    """Also if some bytes of a line were overwritten."""
    record = {"sent": {"data": "", "encoding": "CSV"}, "about": {"id": "é", "time": "now"}}
    lines = []
    for text in texts:
        record["sent"]["data"] = text
        lines.append(json.dumps(record, ensure_ascii=ascii_only).encode(errors="surrogatepass"))
    for at, put in cuts:
        lines[-1] = lines[-1][:at] + put.replace(b"\n", b"") + lines[-1][at + len(put) :]
    found = read(*lines)
    if found is not None:
        records = [json.loads(one) for one in lines]
        expected = [tuple((record.get(a) or {}).get(b) for a, b in WANTED) for record in records]
        assert expected == found
