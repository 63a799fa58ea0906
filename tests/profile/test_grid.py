"""Grids: coarse counts are exact at their edges, and say where they know no more."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.alarms.made import coarse, profiled

from tidegauge.model.statistics import Kind
from tidegauge.profile.grid import EDGES, Grid, grids

if TYPE_CHECKING:
    from tidegauge.model.statistics import FeatureStatistics

FLOATS = st.none() | st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, 2.5, inf, -inf, nan])


def both(column: pa.Array, part: pa.Array | None = None) -> tuple[FeatureStatistics, ...]:
    """The fine and the coarse statistics of a column, or of a part of it at the whole's grid."""
    known = grids(profiled(pa.table({"x": column})).features)
    some = pa.table({"x": column if part is None else part})
    (fine,), (found,) = profiled(some).statistics().features, coarse(some, known).features
    return fine, found


def below(found: FeatureStatistics, edge: float) -> int:
    """How many values the sketch has up to an edge."""
    assert found.numeric is not None
    assert found.numeric.sketch is not None
    items, weights = found.numeric.sketch.weighted()
    return int(weights[items <= edge].sum())


@settings(deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=60), st.data())
def test_few_numbers_are_counted_one_by_one(
    values: list[float | None], data: st.DataObject
) -> None:
    """Any part of the rows: values, gaps, and what is no finite number, as the profile has them."""
    size = data.draw(st.integers(0, len(values)))
    column = pa.array(values, pa.float64())
    fine, found = both(column, column.slice(size))
    assert (fine.num_present, fine.num_missing) == (found.num_present, found.num_missing)
    finite = [v for v in values[size:] if v is not None and np.isfinite(v)]
    if any(v is not None and np.isfinite(v) for v in values):
        assert found.numeric is not None
        assert found.numeric.sketch is not None
        items, weights = found.numeric.sketch.weighted()
        assert sorted(finite) == np.repeat(items, weights.astype(int)).tolist()
        assert found.detail is not None
        assert found.detail.frequent is not None
        listed = {float(value): n for value, n in found.detail.frequent.values}
        assert {v: finite.count(v) for v in set(finite)} == listed


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["normal", "ties", "wide"]), st.integers(200, 6000))
def test_many_numbers_are_exact_at_the_edges(seed: int, kind: str, n: int) -> None:
    """At most 128 of them, about as many values between any two, ties apart."""
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda m: rng.normal(size=m),
        "ties": lambda m: np.round(np.where(rng.random(m) < 0.7, 0.0, rng.exponential(size=m)), 4),
        "wide": lambda m: rng.standard_cauchy(m) * 1e6,
    }[kind]
    values = draw(n)
    window = values[: n // 2]
    profile = profiled(pa.table({"x": values}))
    known = grids(profile.features)
    (found,) = coarse(pa.table({"x": window}), known).features
    edges = known["x"].edges
    assert len(edges) <= EDGES
    assert list(edges) == sorted(set(edges))
    for edge in edges:
        assert int((window <= edge).sum()) == below(found, edge)
    assert below(found, inf) == n // 2
    if len(edges) == EDGES:
        spread = np.diff([0, *((values <= edge).mean() for edge in edges)])
        assert spread.max() < 3 / EDGES + 0.004


def test_cells_of_many_numbers_are_no_values() -> None:
    """They are not listed, lest they pass for the column's few numbers."""
    zeros = np.where(np.arange(4000) < 3000, 0.0, np.arange(4000) / 7)
    fine, found = both(pa.array(zeros))
    assert fine.detail is not None
    assert fine.detail.frequent is not None
    assert found.detail is not None
    assert found.detail.frequent is None


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**62 + i for i in range(100)]),
        pa.array([2**63 + i for i in range(50)], pa.uint64()),
        pa.array([Decimal(i).scaleb(-2) for i in range(-64, 64)], pa.decimal128(20, 2)),
        pa.array([Decimal(i).scaleb(-9) for i in range(100)], pa.decimal256(60, 9)),
        pa.array(np.linspace(0, 1, 90, dtype=np.float32)),
        pa.array(np.arange(90, dtype=np.float16)),
        pa.array([1, None, 3] * 9, pa.int8()),
        pa.array([5, None, 6] * 9).dictionary_encode(),
    ],
    ids=["int64", "uint64", "decimal", "decimal256", "float32", "float16", "int8", "dictionary"],
)
def test_numbers_of_every_type_find_their_cells(column: pa.Array) -> None:
    """The coarse sketch has the fine one's items."""
    fine, found = both(column)
    assert fine.numeric is not None
    assert fine.numeric.sketch is not None
    items = fine.numeric.sketch.weighted()[0]
    for edge in items:
        assert int((items <= edge).sum()) == below(found, edge)
    assert fine.numeric.max is not None
    assert below(found, fine.numeric.max) == fine.num_present


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", "b", "a", None, "größe", ""]),
        pa.array(["a", "b", None, "a"], pa.large_string()),
        pa.array(["a", "b", None, "a"]).dictionary_encode(),
        pa.array([True, False, None, True]),
    ],
    ids=["text", "large text", "dictionary", "boolean"],
)
def test_texts_and_booleans_are_counted_by_value(column: pa.Array) -> None:
    """As the profile counts them."""
    fine, found = both(column)
    assert fine.text is not None
    assert found.text is not None
    assert dict(fine.text.categories or ()) == dict(found.text.categories or ())
    assert (fine.inferred_type, fine.num_missing) == (found.inferred_type, found.num_missing)


def test_a_value_that_the_whole_did_not_have_is_another() -> None:
    """Its row still counts."""
    known = {"x": Grid(Kind.TEXT, values=("a", "b"))}
    (found,) = coarse(pa.table({"x": ["a", "z", "y", None]}), known).features
    assert found.text is not None
    assert found.text.categories is None
    assert found.detail is not None
    assert found.detail.frequent is not None
    assert ((("a", 1),), 2) == (found.detail.frequent.values, found.detail.frequent.other)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\x00", None, b"a"]),
        pa.array([1, None, 3], pa.timestamp("us", "UTC")),
        pa.array([1, None, 3], pa.date32()),
        pa.nulls(3),
        pa.array([nan, None, inf]),
    ],
    ids=["binary", "time", "date", "null", "not finite"],
)
def test_of_other_columns_the_gaps_are_counted(column: pa.Array) -> None:
    """And nothing else."""
    fine, found = both(column)
    assert (fine.num_present, fine.num_missing) == (found.num_present, found.num_missing)
    assert found.numeric is None


def test_a_number_above_all_is_above_the_last_edge() -> None:
    """A window may have numbers that the whole has not."""
    known = grids(profiled(pa.table({"x": np.arange(1000.0)})).features)
    (found,) = coarse(pa.table({"x": [0.0, 5e6, -1.0]}), known).features
    assert (2, 3) == (below(found, known["x"].edges[0]), below(found, inf))
