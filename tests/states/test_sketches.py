"""The sketches beyond the size at which they are exact: errors against the truth."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tidegauge.engines.arrow.numbers import profile_numbers
from tidegauge.states.distinct import Distinct
from tidegauge.states.distinct import K as DISTINCT_K
from tidegauge.states.frequencies import Frequencies
from tidegauge.states.hashing import hash_numbers, seed
from tidegauge.states.moments import Moments
from tidegauge.states.quantiles import C, K, Quantiles


def _rank_error(sketch: Quantiles, truth: np.ndarray) -> float:
    """The largest gap between the sketch's CDF and the true one."""
    items = np.concatenate(sketch.levels)
    weights = np.concatenate([np.full(len(x), 1 << h) for h, x in enumerate(sketch.levels)])
    order = np.argsort(items)
    grid = truth[:: max(1, len(truth) // 5_000)]
    ranks = np.concatenate(([0], np.cumsum(weights[order])))
    ours = ranks[np.searchsorted(items[order], grid, "right")] / sketch.weight
    return float(np.abs(ours - np.searchsorted(truth, grid, "right") / len(truth)).max())


@pytest.mark.parametrize(("parts", "rows"), [(1, 300_000), (16, 50_000), (720, 2_500)])
def test_quantiles_of_many_parts_keep_to_their_rank_error(parts: int, rows: int) -> None:
    """One part, a day's files, a month's hours: the rank error stays under 0.002."""
    values = np.random.default_rng(parts).lognormal(0, 2, (parts, rows))
    sketches = [
        Quantiles.of_sorted(np.sort(part), int(seed("x", i))) for i, part in enumerate(values)
    ]
    merged = Quantiles.merge_all(sketches)

    assert parts * rows == merged.weight
    assert _rank_error(merged, np.sort(values.ravel())) < 0.002
    assert len(merged.to_bytes()) < 8 * (K / (1 - C) + 8 * len(merged.levels)) + 1_000


def test_quantiles_from_runs_equal_those_from_sorted_values() -> None:
    """Counting integers and sorting them are two ways to one and the same sketch."""
    values = np.sort(np.random.default_rng(0).integers(0, 500, 100_000))
    distinct, counts = np.unique(values, return_counts=True)
    by_runs = Quantiles.of_runs(distinct, counts, 3)
    by_values = Quantiles.of_sorted(values, 3)

    assert by_values.to_bytes() == by_runs.to_bytes()


def test_a_chunk_of_half_a_billion_values_keeps_to_the_size_bound() -> None:
    """What is left over after every 2**h-th value grows with the chunk, so it is compacted too."""
    counts = np.array([2**28, 2**28 + 200_001])
    sketch = Quantiles.of_runs(np.array([0.0, 1.0]), counts, 5)

    assert counts.sum() == sketch.weight
    assert len(sketch.to_bytes()) < 8 * (K / (1 - C) + 8 * len(sketch.levels)) + 1_000


def test_merging_in_one_go_and_pairwise_both_keep_the_weight() -> None:
    """No value is lost or gained by compaction, whatever the order of merges."""
    parts = [
        Quantiles.of_sorted(np.sort(np.random.default_rng(i).random(n)), i)
        for i, n in enumerate([1, 2_047, 2_049, 9_999, 65_537, 3])
    ]
    pairwise = Quantiles()
    for part in parts:
        pairwise = Quantiles.merge_all([pairwise, part])

    total = sum(part.weight for part in parts)
    assert (total, total) == (pairwise.weight, Quantiles.merge_all(parts).weight)


@pytest.mark.parametrize("distinct", [DISTINCT_K - 1, DISTINCT_K, 10_000, 1_000_000])
def test_distinct_counts_are_exact_then_within_their_standard_error(distinct: int) -> None:
    """Below K distinct values the count is exact; beyond, within four standard errors."""
    values = np.random.default_rng(1).permutation(np.repeat(np.arange(distinct), 2))
    parts = [Distinct.of_hashes(hash_numbers(part)) for part in np.array_split(values, 7)]
    estimate = Distinct.merge_all(parts).estimate

    error = 0.0 if distinct < DISTINCT_K else 4 / np.sqrt(DISTINCT_K - 2)
    assert estimate == pytest.approx(distinct, rel=error, abs=0)


def test_kept_hashes_carry_the_exact_counts_of_their_values() -> None:
    """A hash that survives the merge was kept in each part, so its count misses nothing."""
    values = np.random.default_rng(2).zipf(1.3, 200_000) % 50_000
    merged = Distinct.merge_all(
        Distinct.of_hashes(hash_numbers(part)) for part in np.array_split(values, 13)
    )
    distinct, counts = np.unique(values, return_counts=True)
    truth = dict(zip(hash_numbers(distinct).tolist(), counts.tolist(), strict=True))

    assert [truth[h] for h in merged.hashes.tolist()] == merged.counts.tolist()


@pytest.mark.parametrize("spread", [1.0, 1e-3])
def test_moments_of_merged_parts_equal_scipy(spread: float) -> None:
    """Mean to kurtosis agree with scipy on one array, a sentinel of 1e12 first or not."""
    values = 1_000 + spread * np.random.default_rng(3).gamma(2, 1, 30_000)
    parts = [profile_numbers(part, 0).moments for part in np.array_split(values, 11)]
    m = Moments.merge_all(parts)

    assert m.mean == pytest.approx(values.mean(), rel=1e-12)
    assert m.std_dev() == pytest.approx(values.std(), rel=1e-9)
    assert m.skewness == pytest.approx(stats.skew(values), rel=1e-6)
    assert m.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-6)


def test_a_sentinel_in_front_does_not_drown_the_moments() -> None:
    """The pivot is the median: one 1e12 among small values leaves the others' sums exact."""
    values = np.concatenate(([1e12], np.arange(10_001.0)))
    m = profile_numbers(values, 0).moments

    assert m.sum == 1e12 + 10_000 * 10_001 / 2
    assert m.std_dev() == pytest.approx(values.std(), rel=1e-12)


def test_sums_are_exact_where_floats_alone_would_round() -> None:
    """Ten million and one times 0.1 keeps its digits over a hundred merges."""
    part = profile_numbers(np.full(100_000, 0.1), 0).moments

    assert Moments.merge_all([part] * 100).sum == pytest.approx(1e6, rel=1e-15)


@pytest.mark.parametrize("rows", [16_385, 50_001, 246_319])
def test_moments_piece_by_piece_have_the_digits_of_sums_of_the_whole(rows: int) -> None:
    """Pieces that fit a cache are where numpy's pairwise sums split, so kept states do not move."""
    values = np.sort(np.random.default_rng(4).lognormal(size=rows))
    pivot = float(values[rows // 2])
    d = values - pivot
    s1, s2 = float(d.sum()), float((d * d).sum())

    found = Moments.of_values(values, pivot)
    assert (pivot + s1 / rows, s2 - rows * (s1 / rows) ** 2) == (found.mean, found.m2)


def test_equally_frequent_values_are_listed_in_ascending_order() -> None:
    """Numbers by their size, texts by their characters."""
    twice = np.array([2, 3, 2], np.int64)
    numbers = Frequencies.of_runs(pa.array([10.0, 7.0, 9.0]), twice)
    texts = Frequencies.of_runs(pa.array(["b", "é", "a"], pa.large_string()), twice)

    assert [(7.0, 3), (9.0, 2), (10.0, 2)] == numbers.ranked()
    assert [("é", 3), ("a", 2), ("b", 2)] == texts.ranked()


def test_merged_hashes_are_the_smallest_of_all_parts() -> None:
    """Whether the parts' values differ, are the same, or lie in some of the parts only."""
    random = np.random.default_rng(5)
    same = random.integers(0, 1 << 62, 20_000)
    wide = [random.integers(0, 1 << 62, 9_000) for _ in range(12)]
    for parts in (wide, [same] * 12, [same, wide[0][:50], *[same[:3_000]] * 9]):
        merged = Distinct.merge_all(Distinct.of_hashes(hash_numbers(part)) for part in parts)
        hashes, counts = np.unique(hash_numbers(np.concatenate(parts)), return_counts=True)

        assert hashes[:DISTINCT_K].tolist() == merged.hashes.tolist()
        assert counts[:DISTINCT_K].tolist() == merged.counts.tolist()


@settings(max_examples=60)
@given(rows=st.lists(st.integers(0, 12), max_size=60), most=st.integers(1, 15))
def test_the_most_frequent_are_the_first_of_all(rows: list[int], most: int) -> None:
    """Asking for some of them gives the same as cutting the whole list, ties too."""
    counted = Counter(rows)
    found = Frequencies.of_runs(
        pa.array(list(counted), pa.int64()), np.array(list(counted.values()), np.int64)
    )

    assert found.ranked()[:most] == found.ranked(most)
