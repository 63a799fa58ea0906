"""Traps that other profilers have fallen into, one test each, and columns that are not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tidegauge.engines import local
from tidegauge.model.batch import Chunk, Part
from tidegauge.model.statistics import InferredType, Kind
from tidegauge.states.hashing import hash_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.statistics import FeatureStatistics, Sketch
    from tidegauge.profile.dataset import Profile

EPOCH_MILLISECONDS = 1_371_686_400_000


def profiled(*tables: pa.Table) -> Profile:
    """The profile of tables, each of which is a part."""

    def read(part: Part) -> Iterator[Chunk]:
        yield Chunk(tables[int(part.id)])

    parts = [Part(f"{number:06d}", ()) for number in range(len(tables))]
    return local.profile_parts(parts, read, processes=1)["", ""]


def feature(profile: Profile, name: str = "x") -> FeatureStatistics:
    """What is read out of one feature."""
    found = profile.statistics().feature(name)
    assert found is not None
    return found


def share_up_to(sketch: Sketch, value: float) -> float:
    """The sketch's cumulative distribution at a value."""
    at_most = (int((level <= value).sum()) << h for h, level in enumerate(sketch.levels))
    return sum(at_most) / sketch.weight


def test_epoch_milliseconds_keep_their_extremes() -> None:
    """Deequ's sketch starts its minimum at Int.MaxValue, which these are all above."""
    values = EPOCH_MILLISECONDS + np.arange(10_000) * 1_000
    found = feature(profiled(pa.table({"x": values[:4_000]}), pa.table({"x": values[4_000:]})))

    assert found.numeric is not None
    assert (values[0], values[-1]) == (found.numeric.min, found.numeric.max)
    assert values[0] == found.numeric.buckets[0].lower_bound
    assert len(values) == sum(bar.count for bar in found.numeric.buckets)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.25, 0.5, 1.0])
def test_zeros_and_ones_keep_both_steps_of_their_distribution(share: float) -> None:
    """Where tied values collapse into one step of the CDF, a 0/1 column never drifts (Deequ)."""
    values = (np.arange(100_000) < share * 100_000).astype(np.int64)
    found = feature(profiled(*(pa.table({"x": part}) for part in np.array_split(values, 7))))

    assert found.numeric is not None
    assert found.numeric.sketch is not None
    assert share_up_to(found.numeric.sketch, 0.0) == pytest.approx(1 - share, abs=0.002)
    assert share_up_to(found.numeric.sketch, 1.0) == 1.0


def test_parts_of_one_row_are_not_dropped() -> None:
    """A merge that takes a variance of one value for no value loses it (river)."""
    found = feature(profiled(*(pa.table({"x": [float(value)]}) for value in range(40))))

    assert found.numeric is not None
    assert (40, 780.0, 40) == (
        found.num_present,
        found.numeric.sum,
        found.numeric.approximate_num_distinct_values,
    )
    assert found.numeric.std_dev == pytest.approx(np.arange(40).std(), rel=1e-12)


def test_a_category_that_looks_like_a_null_is_a_category() -> None:
    """A sentinel for nulls meets the same text sooner or later (Deequ's "NullValue")."""
    texts = ["NullValue", None, "NullValue", "null", "", None]
    found = feature(profiled(pa.table({"x": texts})))

    assert found.text is not None
    assert (("NullValue", 2), ("", 1), ("null", 1)) == found.text.categories
    assert (4, 2) == (found.num_present, found.num_missing)


def test_the_distinct_count_is_never_above_the_count() -> None:
    """An estimate errs upwards half of the time; DuckDB shows more distinct values than rows."""
    rows = 5_000
    candidates = np.arange(200_000)
    low = np.argsort(hash_numbers(candidates))[:rows]  # the smallest hashes look like very many
    found = feature(profiled(pa.table({"x": candidates[low]})))

    assert found.detail is not None
    assert rows == found.detail.approximate_distinct
    assert found.numeric is not None
    assert rows == found.numeric.approximate_num_distinct_values


def test_a_column_that_fails_in_one_part_fails_alone_and_says_why() -> None:
    """The other columns are whole, and the failed one keeps its rows and its nulls."""
    good = pa.table({"x": pa.array([0, 1, None], pa.timestamp("s")), "y": [1, 2, 3]})
    beyond = pa.table({"x": pa.array([2**62], pa.timestamp("s")), "y": [4]})
    profile = profiled(good, beyond, good)
    x, y = feature(profile, "x"), feature(profile, "y")

    assert "out of bounds" in (x.failure or "")
    assert (InferredType.UNKNOWN, 5, 2) == (x.inferred_type, x.num_present, x.num_missing)
    assert (None, 7, 0) == (y.failure, y.num_present, y.num_missing)
    assert y.numeric is not None
    assert 16.0 == y.numeric.sum


def test_a_column_that_some_parts_lack_is_null_in_their_rows() -> None:
    """As Spark reads files of several schemas; columns come by their least position."""
    parts = [pa.table({"a": [1, 2], "b": [3, None]}), pa.table({"a": [5]}), pa.table({"c": ["x"]})]
    profile = profiled(*parts)
    counted = [(f.name, f.num_present, f.num_missing) for f in profile.statistics().features]

    assert 4 == profile.rows
    assert [("a", 3, 1), ("c", 1, 3), ("b", 1, 3)] == counted


def test_integers_and_fractions_meet_as_fractions() -> None:
    """One file has 1, 2 and another 2.5: the column is fractional, and 2 and 2.0 are one value."""
    found = feature(profiled(pa.table({"x": [1, 2, 2]}), pa.table({"x": [2.0, 2.5]})))

    assert InferredType.FRACTIONAL is found.inferred_type
    assert found.numeric is not None
    assert (9.5, 3) == (found.numeric.sum, found.numeric.approximate_num_distinct_values)
    assert found.detail is not None
    assert found.detail.frequent is not None
    assert (("2.0", 3), ("1.0", 1), ("2.5", 1)) == found.detail.frequent.values


def test_integers_and_texts_do_not_meet() -> None:
    """The reason names both kinds, whatever the order of the parts."""
    numbers, texts = pa.table({"x": [1, 2]}), pa.table({"x": ["a"]})
    reasons = {feature(profiled(*parts)).failure for parts in ((numbers, texts), (texts, numbers))}

    assert {"some parts hold integral values and others text values"} == reasons


@pytest.mark.parametrize("type_", [pa.null(), pa.float64(), pa.int32(), pa.string()])
def test_a_part_without_values_has_no_say_in_the_kind(type_: pa.DataType) -> None:
    """pandas writes a column of texts that are all missing as float64."""
    missing, texts = pa.table({"x": pa.nulls(3, type_)}), pa.table({"x": ["a", "b"]})
    for parts in ((missing, texts), (texts, missing), (missing, texts, missing)):
        found = feature(profiled(*parts))

        assert found.failure is None
        assert found.detail is not None
        assert Kind.TEXT is found.detail.kind
        assert (2, 3 * (len(parts) - 1)) == (found.num_present, found.num_missing)


def test_texts_in_a_column_of_integers_are_present_and_counted_apart() -> None:
    """The reader hands over what was not an integer; numbers among it join the numbers."""
    strays = pa.array(["+3.5", "- 2.5", "1.5e1", "n/a", "n/a"])
    table = pa.table({"x": pa.array([1, None, None, None, None, None, None], pa.int64())})
    chunk = Chunk(table, mismatched=(("x", strays),))
    profile = local.profile_parts([Part("p", ())], lambda _: iter([chunk]), processes=1)["", ""]
    found = feature(profile)

    assert found.failure is None
    assert (6, 1) == (found.num_present, found.num_missing)
    assert found.numeric is not None
    assert (1 + 3.5 - 2.5 + 15, -2.5, 15.0) == (
        found.numeric.sum,
        found.numeric.min,
        found.numeric.max,
    )
    assert found.detail is not None
    assert found.detail.types is not None
    assert (1, 3, 2) == (
        found.detail.types.integral,
        found.detail.types.fractional,
        found.detail.types.string,
    )
    assert found.detail.strays is not None
    assert {"n/a": 2, "+3.5": 1, "- 2.5": 1, "1.5e1": 1} == dict(found.detail.strays.values)
    assert (("n/a", 2), 0) == (found.detail.strays.values[0], found.detail.strays.other)


def test_windows_and_variants_of_one_part_do_not_share_their_sketches_errors() -> None:
    """Merged over a month, the errors of windows that drew alike would add up."""
    table = pa.table({"x": np.random.default_rng(0).random(50_000)})
    chunks = [Chunk(table, window) for window in "abcdefgh"]
    found = local.profile_parts([Part("p", ())], lambda _: iter(chunks), processes=1)
    sketches = {tuple(profile.features[0].quantiles.levels[-1]) for profile in found.values()}

    assert len(chunks) == len(sketches)


def test_600_columns_are_no_trouble() -> None:
    """More than 500 overflow a stack, or a method of 64 kB, in Deequ and Spark SQL."""
    table = pa.table({f"column {i}": [i, None] for i in range(600)})
    profile = profiled(table, table)

    assert [f"column {i}" for i in range(600)] == [f.name for f in profile.features]
    assert {(4, 2)} == {(f.counts.rows, f.counts.nulls) for f in profile.features}


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
@pytest.mark.parametrize("first", [0, 3, 11])
def test_nulls_among_floats_are_no_nan(kind: pa.DataType, first: int) -> None:
    """Wherever the array begins in its buffers, and where NaN are among the values too."""
    values = [None, 2.5, float("nan"), -1.0, None, 0.0, float("inf"), 7.0, None, 3.0, 4.0, 4.0, 1.0]
    found = profiled(pa.table({"x": pa.array(values, kind).slice(first)}))
    expected = [v for v in values[first:] if v is not None]
    finite = sorted(v for v in expected if np.isfinite(v))

    (counts, levels) = (found.features[0].counts, found.features[0].quantiles.levels)
    assert (len(expected), sum(np.isnan(expected))) == (counts.present, counts.nan)
    assert finite == [v for level in levels for v in level.tolist()]
