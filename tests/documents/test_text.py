"""JSON text: strict, readable, the same bytes each time, quick for long lists of numbers."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=3))
def test_load_reads_what_dump_wrote(document: dict[str, object]) -> None:
    """Any JSON object survives, and a plain json.loads reads the same."""
    data = dump(document)
    assert document == load(data, "x.json")
    assert document == json.loads(data)


def test_structure_is_indented_and_lists_of_numbers_are_not() -> None:
    """Two spaces for structure; sketch data and small objects stay on one line, in order."""
    document = {"b": [{"n": 1, "x": 0.5}], "a": {"data": [[1.0, 2.0], []], "word": "ü"}, "e": []}
    expected = """{
  "b": [
    {"n": 1, "x": 0.5}
  ],
  "a": {
    "data": [[1.0, 2.0], []],
    "word": "ü"
  },
  "e": []
}
"""
    assert expected == dump(document).decode()


def test_an_object_that_is_too_long_for_a_line_is_indented() -> None:
    """The same object breaks into lines once it passes the line's length."""
    assert dump({"a": "x" * 200}) == b'{\n  "a": "' + b"x" * 200 + b'"\n}\n'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [lambda x: x, lambda x: [x], lambda x: {"b": [[x]]}])
def test_a_number_that_json_lacks_is_a_bug(number: float, place: object) -> None:
    """NaN and the infinities never reach a document, wherever they stand."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump({"a": place(number)})  # type: ignore[operator]


def test_a_lone_surrogate_survives_as_an_escape() -> None:
    """Text that has no UTF-8 is written as JSON's escape, so the file stays strict UTF-8."""
    data = dump({"a": "\ud800"})
    assert data == b'{"a": "\\ud800"}\n'
    assert load(data, "x.json") == {"a": "\ud800"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1,\n "b": }', "x.json: line 2, column 7: not JSON: Expecting value"),
        (b'{"a": "NaN",\n  "b": NaN}', "x.json: line 2, column 8: NaN is not JSON"),
        (b'{"a": [-Infinity]}', "x.json: line 1, column 8: -Infinity is not JSON"),
        (b'{"a": "\xff"}', "x.json: byte 7 is not UTF-8"),
        (b"[1]", "x.json: expected a JSON object, found a value of type list"),
        (b"", "x.json: line 1, column 1: not JSON"),
        (b'{"a": {"b": 1, "b": 2}}', "x.json: not readable: the key 'b' stands twice"),
        (b'{"a": ' + b"[" * 100_000, "x.json: not readable: nested too deeply"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "x.json: not readable: Exceeds the limit"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_not_a_document_says_where_and_why(data: bytes, message: str) -> None:
    """Each fault of the text is one sentence with the document and the place."""
    with pytest.raises(DocumentError) as caught:
        load(data, "x.json")
    assert str(caught.value).startswith(message)


def test_a_byte_order_mark_is_read_over() -> None:
    """Editors on Windows put one; it says nothing."""
    assert load(b'\xef\xbb\xbf{"a": 1}', "x.json") == {"a": 1}
