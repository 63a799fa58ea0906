"""A model's answers, whatever they are called and written as."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidegauge.sources.answers import AnswerColumn, Form, kinds_of


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[0.1, 0.9], None], pa.list_(pa.float32())),
        pa.array([[0.1, 0.9], None], pa.list_(pa.float64(), 2)),
        pa.array(["[0.1, 0.9]", "no list"]),
        pa.array(["[0.1, 0.9]", None]).dictionary_encode(),
    ],
)
def test_a_list_of_probabilities(values: pa.Array) -> None:
    """As a list of any kind, or as the text that JSON writes it as; what is none is null."""
    column = AnswerColumn("probabilities", ("p",), Form.LIST).of(pa.table({"p": values}))
    assert [pytest.approx([0.1, 0.9]), None] == column.to_pylist()


def test_columns_side_by_side_are_a_list() -> None:
    """In the order of the classes; a row that lacks one has no answer."""
    table = pa.table({"b": [0.9, None], "a": ["0.1", "0.2"]})
    answer = AnswerColumn("probabilities", ("a", "b"), Form.LIST)
    assert [[0.1, 0.9], None] == answer.of(table).to_pylist()
    assert {"a", "b"} == set(kinds_of([answer]))


@pytest.mark.parametrize(
    ("form", "values", "expected"),
    [
        (Form.NUMBER, pa.array(["0.5", "x", None]), [0.5, None, None]),
        (Form.NUMBER, pa.array([1, 2, None]), [1.0, 2.0, None]),
        (Form.TEXT, pa.array([1, 2, None]), ["1", "2", None]),
        (Form.TEXT, pa.array([True, None, False]), ["true", None, "false"]),
        (Form.TEXT, pa.array([[1], None, [2]]), [None, None, None]),
        (Form.NUMBER, pa.array([[1], None, [2]]), [None, None, None]),
    ],
)
def test_a_number_and_a_class(form: Form, values: pa.Array, expected: list[object]) -> None:
    """What is of another kind is no answer."""
    assert expected == AnswerColumn("x", ("y",), form).of(pa.table({"y": values})).to_pylist()


def test_a_column_that_is_missing_is_no_answer() -> None:
    """A record of JSON may lack it."""
    assert [None, None] == AnswerColumn("x", ("y",), Form.NUMBER).of(
        pa.table({"z": [1, 2]})
    ).to_pylist()
