"""Distances: laws, and other people's formulas as oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tidegauge.model.statistics import Sketch
from tidegauge.rules.distances import category_distance, cdf_distance, chi_squared, robust

# Few distinct values, so that ties are the rule.
values = st.sampled_from([-1.5, 0.0, 1.0, 2.0, 1e300]) | st.integers(-9, 9).map(float)
samples = st.lists(values, min_size=1, max_size=30)
sketches = (
    st.lists(st.lists(values, max_size=8), min_size=1, max_size=4)
    .filter(any)
    .map(lambda levels: Sketch(tuple(np.array(level, np.float64) for level in levels)))
)


def _flat(*items: float) -> Sketch:
    return Sketch((np.array(items, np.float64),))


def _spelled_out(sketch: Sketch) -> list[float]:
    """Each item as often as it weighs."""
    return [x for h, level in enumerate(sketch.levels) for x in level.tolist() for _ in range(2**h)]


@pytest.mark.filterwarnings("ignore:divide by zero")  # scipy's own, for its p-value
@given(sketches, sketches)
def test_cdf_distance_is_the_two_sample_statistic_of_kolmogorov_smirnov(
    a: Sketch, b: Sketch
) -> None:
    """Weighted items are so many values; scipy's statistic over those values is the same."""
    expected = stats.ks_2samp(_spelled_out(a), _spelled_out(b), method="asymp").statistic
    assert expected == pytest.approx(cdf_distance(a, b), abs=1e-12)


@given(samples, samples)
def test_cdf_distance_is_a_distance(a: list[float], b: list[float]) -> None:
    """Symmetric, 0 to itself in any order, and never outside 0 to 1."""
    first, second = _flat(*a), _flat(*b)
    assert cdf_distance(first, second) == cdf_distance(second, first)
    assert cdf_distance(first, _flat(*reversed(a))) == 0.0
    assert 0.0 <= cdf_distance(first, second) <= 1.0


def test_tied_values_all_count() -> None:
    """A column of 0 and 1 drifts by the difference of its shares; with Deequ it never does."""
    assert cdf_distance(_flat(0, 0, 0, 1), _flat(0, 1, 1, 1)) == 0.5


def test_disjoint_ranges_are_as_far_apart_as_can_be() -> None:
    """No overlap is 1."""
    assert cdf_distance(_flat(1, 2), _flat(3)) == 1.0


def test_an_empty_sketch_has_no_distance() -> None:
    """Not 0, which would be a silent pass."""
    with pytest.raises(ValueError, match="empty"):
        cdf_distance(_flat(), _flat(1))


def test_category_distance_is_the_largest_gap_of_shares() -> None:
    """A category that one side lacks has share 0 there."""
    distance = category_distance({"a": 0.5, "b": 0.5}, {"a": 0.625, "c": 0.375})
    assert distance == 0.5


def test_robust_takes_off_what_chance_explains() -> None:
    """1.8 * sqrt((n + m) / (n * m)), and never below 0."""
    assert robust(0.5, 100, 400) == pytest.approx(0.5 - 1.8 * math.sqrt(500 / 40_000))
    assert robust(0.1, 10, 10) == 0.0


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(40, 400), min_size=2),
    st.integers(1, 3),
)
def test_chi_squared_is_pearsons_where_every_category_is_large(
    baseline: dict[str, int], times: int
) -> None:
    """Without small categories there is nothing to pool, and scipy's test is the same."""
    observed = {value: times * count + 7 * i for i, (value, count) in enumerate(baseline.items())}
    n, m = sum(observed.values()), sum(baseline.values())
    expected = stats.chisquare(
        list(observed.values()), [n * count / m for count in baseline.values()]
    )
    found = chi_squared(observed, baseline)
    assert found is not None
    assert found.degrees_of_freedom == len(baseline) - 1
    assert expected.statistic == pytest.approx(found.statistic)
    assert expected.pvalue == pytest.approx(found.p_value)


def test_small_and_new_categories_are_pooled() -> None:
    """Expected: a 90, b 6, and c, d, new together 4, which takes in b: two groups remain."""
    baseline = {"a": 90, "b": 6, "c": 3, "d": 1}
    found = chi_squared({"a": 80, "b": 6, "c": 4, "new": 10}, baseline)
    assert found is not None
    assert found.degrees_of_freedom == 1
    assert found.statistic == pytest.approx((80 - 90) ** 2 / 90 + (20 - 10) ** 2 / 10)


def test_the_critical_value_has_its_p_value() -> None:
    """The 95 % quantile of the chi-squared distribution with one degree of freedom."""
    found = chi_squared({"a": 10, "b": 30}, {"a": 1, "b": 1})
    assert found is not None
    assert found.critical_value(0.05) == pytest.approx(3.841458820694124)


def test_too_few_values_for_a_test_give_none() -> None:
    """With one group there is nothing to compare."""
    assert chi_squared({"a": 3, "b": 4}, {"a": 1, "b": 1}) is None
    assert chi_squared({"a": 100}, {"a": 100}) is None
