"""The payload of one record: CSV, JSON in SageMaker's shapes, base64 of either."""

from __future__ import annotations

import base64
import json

import pytest

from tidegauge.sources.payload import Columns, rows_of
from tidegauge.sources.rejected import BadRecord

NAMES = ("a", "b")
ROW = {"a": "1", "b": "x"}


@pytest.mark.parametrize(
    ("payload", "rows"),
    [
        ({"instances": [{"features": [1, "x"]}]}, [ROW]),
        ({"instances": [{"features": [1, "x"]}, {"features": [None, True]}]},
         [ROW, {"a": None, "b": "true"}]),
        ({"instances": [[1, "x"], [2, "y"]], "signature_name": "s"}, [ROW, {"a": "2", "b": "y"}]),
        ({"features": [1, "x"]}, [ROW]),
        ({"predictions": [{"b": "x", "a": 1}]}, [ROW]),
        ([1, "x"], [ROW]),
        ([[1, "x"]], [ROW]),
        ([{"a": 1, "b": "x"}], [ROW]),
        ({"a": 1, "b": "x"}, [ROW]),
        ({"a": 1, "c": {"d": 2.5, "e": None}}, [{"a": "1", "c.d": "2.5", "c.e": None}]),
        ({"instances": []}, []),
    ],
)  # fmt: skip
def test_json_rows_are_found_in_every_shape(payload: object, rows: list[dict[str, str]]) -> None:
    """Objects name their columns, lists take the names that were given."""
    assert rows == list(rows_of(json.dumps(payload), "JSON", "application/json", Columns(NAMES)))


@pytest.mark.parametrize(
    ("payload", "values"),
    [({"instances": [1.0, 2, "x"]}, ["1.0", "2", "x"]), ([3, 4], ["3", "4"]), (5, ["5"])],
)
def test_values_without_a_list_around_each_are_rows_of_one_column(
    payload: object, values: list[str]
) -> None:
    """What a regressor answers: one number a row."""
    expected = [{"score": value} for value in values]
    assert expected == list(rows_of(json.dumps(payload), "JSON", "", Columns(("score",))))


def test_json_lines_are_documents_one_a_line() -> None:
    """The content type application/jsonlines has the encoding JSON."""
    data = '{"features": [1, "x"]}\n\n{"a": 2}\n'
    assert [ROW, {"a": "2"}] == list(rows_of(data, "JSON", "application/jsonlines", Columns(NAMES)))


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "application/x-csv"])
def test_base64_is_read_as_its_content_type_says(content_type: str) -> None:
    """SageMaker encodes what it was not told to be CSV or JSON."""
    data = base64.b64encode(b'1,x\n"2","y, z"\n').decode()
    assert [ROW, {"a": "2", "b": "y, z"}] == list(
        rows_of(data, "BASE64", content_type, Columns(NAMES))
    )
    data = base64.b64encode(b'{"features": [1, "x"]}').decode()
    assert [ROW] == list(rows_of(data, "BASE64", "application/json", Columns(NAMES)))


def test_what_is_not_asked_for_may_be_anything() -> None:
    """A list among the answers, or in an excluded column, takes no row with it."""
    data = json.dumps({"b": "x", "a": 1, "all": [0.1, 0.9], "in": {"deep": [1]}})

    assert [ROW] == list(rows_of(data, "JSON", "", Columns(NAMES, only=True)))
    assert [ROW] == list(rows_of(data, "JSON", "", Columns(NAMES, frozenset(["all", "in.deep"]))))


@pytest.mark.parametrize(
    ("data", "encoding", "content_type", "reason"),
    [
        ("1,2,3", "CSV", "", "a row of it has 3 columns: expected 2"),
        ('"1,2', "CSV", "", "a quote in it is not paired"),
        ("", "CSV", "", "a row of it has 1 columns: expected 2"),
        ("{", "JSON", "", "it is not JSON: "),
        ('{"a": 1}\n{', "JSON", "", "it is not JSON: "),
        ("[1, 2, 3]", "JSON", "", "a row of it has 3 columns: expected 2"),
        ('{"a": [1]}', "JSON", "", "it has a list or an object in the place of a value of 'a'"),
        ("[[[1], 2]]", "JSON", "", "it has a list or an object in the place of a value"),
        ('{"a": "\\ud800"}', "JSON", "", "half a character"),
        ("[" * 100_000, "JSON", "", "it is nested too deeply"),
        ("!", "BASE64", "text/csv", "it is not base64 of text: "),
        ("/w==", "BASE64", "text/csv", "it is not base64 of text: "),
        ("MQ==", "BASE64", "image/png", "it is base64 of the content type 'image/png'"),
        ("1,2", "AVRO", "", "its encoding is 'AVRO': expected CSV, JSON or BASE64"),
    ],
)
def test_what_cannot_be_read_says_why(
    data: str, encoding: str, content_type: str, reason: str
) -> None:
    """A rejected record carries a reason that names what was expected."""
    with pytest.raises(BadRecord) as caught:
        rows_of(data, encoding, content_type, Columns(NAMES))
    assert reason in str(caught.value)
