"""Texts become values of a declared kind, or of the narrowest kind that fits them all."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidegauge.model.statistics import Kind
from tidegauge.sources.kinds import conform, infer, read_texts

INTEGRAL = re.compile(r"[ \t]*[-+]? ?\d+[ \t]*", re.ASCII)
FRACTIONAL = re.compile(r"[ \t]*[-+]? ?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ \t]*", re.ASCII)

numbers = st.one_of(
    st.integers(-(2**64), 2**64).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["+5", "- 5", " 7", "7 ", "\t7", ".5", "1.", "-.5e3", "1e5", "007", "0"]),
)
words = st.sampled_from(
    [
        "",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "NA",
        "null",
        "0x1F",
        "1_0",
        "--5",
        "5.0.0",
        "true",
        "1e",
        "é",
    ]
)
texts = st.lists(st.one_of(st.none(), numbers, words, st.text(max_size=5)), max_size=70)


def as_number(text: str, kind: Kind) -> float | int | None:
    """The oracle: SageMaker's patterns and Python's own parsers."""
    bare = re.sub(r"[ \t]", "", text)
    if kind is Kind.INTEGRAL:
        value = int(bare) if INTEGRAL.fullmatch(text) else None
        return value if value is not None and -(2**63) <= value < 2**63 else None
    return float(bare) if FRACTIONAL.fullmatch(text) else None


@settings(deadline=None)
@given(texts, st.sampled_from([Kind.INTEGRAL, Kind.FRACTIONAL]))
@example(["5", None, "x"], Kind.INTEGRAL)
@example([" 5", "NaN"], Kind.FRACTIONAL)
def test_numbers_are_what_the_patterns_say(values: list[str | None], kind: Kind) -> None:
    """Every text is either a number in the column or a text beside it, and none is lost."""
    column, mismatched = read_texts(pa.array(values, pa.string()), kind)
    expected = [None if text is None else as_number(text, kind) for text in values]
    others = [
        t for t, number in zip(values, expected, strict=True) if t is not None and number is None
    ]
    assert expected == column.to_pylist()
    assert others == ([] if mismatched is None else mismatched.to_pylist())


@settings(deadline=None)
@given(texts)
def test_inference_takes_the_narrowest_kind_that_fits_all(values: list[str | None]) -> None:
    """Null, int64, float64, boolean, text: in that order."""
    present = [text for text in values if text is not None]
    if not present:
        expected = pa.null()
    elif all(as_number(text, Kind.INTEGRAL) is not None for text in present):
        expected = pa.int64()
    elif all(as_number(text, Kind.FRACTIONAL) is not None for text in present):
        expected = pa.float64()
    elif all(text in {"true", "True", "TRUE", "false", "False", "FALSE"} for text in present):
        expected = pa.bool_()
    else:
        expected = pa.dictionary(pa.int32(), pa.string())
    column = infer(pa.array(values, pa.string()))
    assert expected == column.type
    assert len(values) == len(column)


@pytest.mark.parametrize("text", ["2013-06-20", "2013-06-20T10:00:00Z", "10:00", "NaN", "0x10"])
def test_nothing_becomes_a_date_or_a_number_by_guessing(text: str) -> None:
    """Dates, times, NaN and hexadecimal digits stay texts unless a kind was declared."""
    assert [text] == infer(pa.array([text])).to_pylist()


def test_zero_and_one_are_integers_unless_a_boolean_is_expected() -> None:
    """0/1 columns are numbers; the baseline's boolean takes them as well."""
    column = pa.array(["0", "1", "true", "False", None, "yes"])
    values, mismatched = read_texts(column, Kind.BOOLEAN)
    assert pa.int64() == infer(pa.array(["0", "1"])).type
    assert [False, True, True, False, None, None] == values.to_pylist()
    assert ["yes"] == mismatched.to_pylist()


def test_a_zip_code_is_integral_as_for_sagemaker() -> None:
    """The documented pattern matches leading zeros; text would need a declared kind."""
    assert [501] == infer(pa.array(["00501"])).to_pylist()
    assert ["00501"] == read_texts(pa.array(["00501"]), Kind.TEXT)[0].to_pylist()


TIMES = [
    ("2013-06-20T10:00:00Z", datetime(2013, 6, 20, 10, tzinfo=UTC)),
    ("2013-06-20 10:00:00", datetime(2013, 6, 20, 10, tzinfo=UTC)),
    ("2013-06-20T10:00:00.123456", datetime(2013, 6, 20, 10, 0, 0, 123456, tzinfo=UTC)),
    ("2013-06-20T10:00:00.123456789Z", datetime(2013, 6, 20, 10, 0, 0, 123456, tzinfo=UTC)),
    ("2013-06-20T12:00+02:00", datetime(2013, 6, 20, 10, tzinfo=UTC)),
    ("2013-06-20", datetime(2013, 6, 20, tzinfo=UTC)),
    (None, None),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(TIMES)), st.sampled_from(["", "yesterday", "2013-02-30"]))
def test_timestamps_with_and_without_zone_mix(
    some: list[tuple[str, datetime]], stranger: str
) -> None:
    """ISO 8601 in any mixture is UTC microseconds, with or without a text that is no time."""
    given_texts = [text for text, _ in some]
    expected = [time for _, time in some]
    values, mismatched = read_texts(pa.array(given_texts, pa.string()), Kind.TIMESTAMP)
    assert (expected, None) == (values.to_pylist(), mismatched)
    values, mismatched = read_texts(pa.array([*given_texts, stranger]), Kind.TIMESTAMP)
    assert [*expected, None] == values.to_pylist()
    assert [stranger] == mismatched.to_pylist()


def test_a_date_may_be_written_as_its_midnight_but_not_as_another_time() -> None:
    """The baseline's date takes what names a day and nothing finer."""
    values, mismatched = read_texts(
        pa.array(["2013-06-20", "2013-06-20T00:00:00Z", "2013-06-20T01:00:00Z"]), Kind.DATE
    )
    assert [date(2013, 6, 20), date(2013, 6, 20), None] == values.to_pylist()
    assert ["2013-06-20T01:00:00Z"] == mismatched.to_pylist()


@pytest.mark.parametrize(
    ("column", "kind", "values", "mismatched"),
    [
        (pa.array([3.0, 2.5, None]), Kind.INTEGRAL, [3, None, None], ["2.5"]),
        (pa.array([3, None]), Kind.FRACTIONAL, [3.0, None], None),
        (pa.array(["3", "x"]), Kind.INTEGRAL, [3, None], ["x"]),
        (pa.array([True, False]), Kind.TEXT, ["true", "false"], None),
        (pa.array([1, 0, 2]), Kind.BOOLEAN, [True, False, None], ["2"]),
        (pa.array([True]), Kind.INTEGRAL, [None], ["true"]),
        (pa.nulls(2), Kind.FRACTIONAL, [None, None], None),
        (pa.array([[1]]), Kind.INTEGRAL, [[1]], None),
        (pa.array(["5"]), None, ["5"], None),
        (pa.array([date(2013, 6, 20)]), Kind.TIMESTAMP, [datetime(2013, 6, 20, tzinfo=UTC)], None),
        (pa.array([datetime(2013, 6, 20, tzinfo=UTC)]), Kind.DATE, [date(2013, 6, 20)], None),
    ],
)
def test_columns_of_other_types_conform_too(
    column: pa.Array, kind: Kind | None, values: list[object], mismatched: list[str] | None
) -> None:
    """JSON's numbers, booleans and texts come in the type that the baseline has."""
    found, others = conform(column, kind)
    assert values == found.to_pylist()
    assert mismatched == (None if others is None else others.to_pylist())


def test_an_integer_beyond_64_bits_is_no_integer_and_makes_an_inferred_column_float() -> None:
    """Digits that int64 cannot hold are never cut."""
    values, mismatched = read_texts(pa.array(["9" * 20, "5"]), Kind.INTEGRAL)
    assert [None, 5] == values.to_pylist()
    assert ["9" * 20] == mismatched.to_pylist()
    assert math.isclose(1e20, infer(pa.array(["9" * 20]))[0].as_py())
