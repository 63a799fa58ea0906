"""Counts from lists that may be cut short: a difference that they show is there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.alarms.made import feature

from tidegauge.model.statistics import Detail, FeatureStatistics, FrequentValues, InferredType, Kind
from tidegauge.rules.alarms.listed import (
    OTHERS,
    compared_counts,
    few_numbers,
    number_counts,
    whole_counts,
)
from tidegauge.rules.counts import ValueCounts

COUNTS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 400), min_size=1)


def cut(counts: dict[str, int], keep: int, lost: int) -> ValueCounts:
    """The `keep` most frequent values, each counted too low by up to `lost`."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = {v: max(1, n - (lost + i) % (lost + 1)) for i, (v, n) in enumerate(ranked[:keep])}
    total = sum(counts.values())
    other = total - sum(listed.values())
    return ValueCounts(listed, total, min(other, lost + min(listed.values())))


def distance(ours: dict[str, int], theirs: dict[str, int]) -> float:
    """Total variation of two tables of counts."""
    n, m = sum(ours.values()), sum(theirs.values())
    values = ours.keys() | theirs.keys()
    return sum(abs(ours.get(v, 0) / n - theirs.get(v, 0) / m) for v in values) / 2


@given(COUNTS, COUNTS)
def test_whole_lists_are_compared_as_they_are(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Nothing is moved where nothing is missing."""
    whole = [ValueCounts(counts, sum(counts.values())) for counts in (ours, theirs)]
    assert (ours, theirs) == compared_counts(*whole)


@given(COUNTS, COUNTS, st.integers(1, 10), st.integers(1, 10), st.integers(0, 20))
def test_lists_that_are_cut_short_never_invent_a_difference(
    ours: dict[str, int], theirs: dict[str, int], keep: int, kept: int, lost: int
) -> None:
    """Never more than the true one, but for counts that are rounded to whole rows."""
    found = compared_counts(cut(ours, keep, lost), cut(theirs, kept, lost))
    current, baseline = (dict(side) for side in found)
    n, m = sum(ours.values()), sum(theirs.values())
    rounding = len(current) * (1.0 / n + 1.0 / m)
    assert distance(current, baseline) <= distance(ours, theirs) + rounding
    assert min(*current.values(), *baseline.values()) >= 0


@given(COUNTS, st.integers(1, 10), st.integers(0, 20), st.integers(1, 50))
def test_equal_shares_are_equal_however_they_are_listed(
    counts: dict[str, int], keep: int, lost: int, times: int
) -> None:
    """A list that was cut against a larger sample's whole one."""
    larger = {value: n * times for value, n in counts.items()}
    found = compared_counts(cut(counts, keep, lost), ValueCounts(larger, sum(larger.values())))
    rounding = len(counts) * (1.0 / sum(counts.values()))
    assert distance(dict(found[0]), dict(found[1])) <= rounding


def test_a_difference_beyond_every_error_is_left() -> None:
    """Half the rows against none, of values that the list would have had."""
    ours = ValueCounts({"a": 500, "b": 480}, 1000, 10)
    theirs = ValueCounts({"a": 990, "c": 10}, 1000)
    current, baseline = compared_counts(ours, theirs)
    assert distance(dict(current), dict(baseline)) > 0.45


def test_what_is_not_listed_is_one_value() -> None:
    """Only where there is something left."""
    assert {"a": 3, OTHERS: 2} == whole_counts(ValueCounts({"a": 3}, 5, 2))
    assert {"a": 5} == whole_counts(ValueCounts({"a": 5}, 5))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 2], {"1.0": 2, "2.0": 1}),
        ([1.0, 2.5, float("nan"), float("inf")], {"1.0": 1, "2.5": 1}),
        ([-0.0, 0.0], {"0.0": 2}),
        (pa.array([10, 25], pa.decimal128(9, 1)), {"10.0": 1, "25.0": 1}),
    ],
)
def test_few_numbers_are_counted_by_value(values: object, expected: dict[str, int]) -> None:
    """1 and 1.0 are one value; what is no finite number is not one of them."""
    found = few_numbers(feature(values))
    assert found is not None
    assert expected == found.counts


def test_twenty_numbers_are_few_and_twenty_one_are_not() -> None:
    """The limit itself is still few."""
    assert few_numbers(feature(np.arange(20))) is not None
    assert few_numbers(feature(np.arange(21))) is None


def test_numbers_whose_list_is_cut_are_not_few() -> None:
    """Twenty listed values say nothing of the others."""
    listed = tuple((str(i), 5) for i in range(20))
    detail = Detail(Kind.INTEGRAL, frequent=FrequentValues(listed, other=1))
    assert few_numbers(FeatureStatistics("x", InferredType.INTEGRAL, 101, detail=detail)) is None


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("s")])
def test_times_are_no_numbers(kind: pa.DataType) -> None:
    """Their listed values are texts of ISO 8601."""
    assert number_counts(feature(pa.array([0, 86_400], pa.int32() if kind == pa.date32()
                                          else pa.int64()).cast(kind))) is None  # fmt: skip
