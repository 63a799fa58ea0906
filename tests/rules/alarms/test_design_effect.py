"""Design effects: what few blocks say of how much they differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated, bounds, mixture, unfit

effects = st.builds(
    DesignEffect,
    blocks=st.integers(8, 400),
    rows=st.floats(10, 1e6),
    estimate=st.floats(0, 1e4),
    null_mean=st.sampled_from([0.1, 0.8225, 1.0, 19.0]),
    null_spread=st.floats(0.02, 30),
    kurtosis=st.floats(0, 20),
)


def test_one_normal_effect_is_bounded_as_a_variance_is() -> None:
    """Null spread 2 is one degree of freedom: the bound is chi-squared's with B - 1."""
    effect = DesignEffect(12, 1000, 5.0, 1.0, 2.0)
    for confidence in (0.6, 0.9, 0.99):
        expected = 5.0 * 11 / stats.chi2.ppf(1 - confidence, 11)
        assert expected == pytest.approx(effect.upper(confidence), rel=1e-6)


def test_large_effects_give_students_t() -> None:
    """Averaged over the confidence distribution, normal tails become Student's, to 12 %."""
    effect = DesignEffect(12, 1000, 1e6, 1.0, 2.0)
    weights, between = mixture(effect, 1000, 12_000)
    unit = effect.between(1000, 12_000)
    for t in (2.0, 4.0, 6.0):
        p = weights @ (2 * stats.norm.sf(t * np.sqrt(unit / between)))
        assert 2 * stats.t.sf(t, 11) == pytest.approx(p, rel=0.12)


@settings(deadline=None)
@given(effects)
def test_bounds_grow_with_confidence_and_never_fall_below_one(effect: DesignEffect) -> None:
    """Nor below the estimate, where the confidence is high."""
    bounds = [effect.upper(c) for c in (0.1, 0.5, 0.9, 0.99, 0.9999)]
    assert bounds == sorted(bounds)
    assert bounds[0] >= 1.0
    assert bounds[3] >= effect.estimate


@settings(deadline=None)
@given(effects, st.integers(1, 10**7))
def test_a_mixture_is_one_distribution(effect: DesignEffect, n: int) -> None:
    """Weights sum to 1, variances rise, and without an effect there is none."""
    weights, between = mixture(effect, n, 10**5)
    assert 1.0 == pytest.approx(weights.sum())
    assert (np.diff(between[:-1]) >= 0).all()
    assert (between >= 0).all()
    assert [[1.0], [0.0]] == [part.tolist() for part in mixture(None, n, 10**5)]


def test_more_blocks_leave_less_doubt() -> None:
    """The same estimate from more blocks has a lower bound."""
    few, many = (DesignEffect(blocks, 1000, 2.0, 0.8225, 0.4).upper(0.99) for blocks in (8, 80))
    assert many < few


def test_a_window_is_one_draw_however_many_rows_it_has() -> None:
    """Between windows the variance does not shrink with n; the baseline's share of it does."""
    effect = DesignEffect(10, 1001, 3.0, 0.5, 0.4)
    assert 0.5 * 2 * (1 / 1000 + 1 / 10_000) == pytest.approx(effect.between(10**9, 10_000))
    assert 0.5 * 2 / 10_000 == pytest.approx(effect.between(1, 10_000))


def test_levels_rarer_than_one_block_are_extrapolated() -> None:
    """With 40 blocks nothing below 1 in 40 was seen."""
    effect = DesignEffect(40, 1000, 1.0, 0.8225, 0.4)
    assert [False, True] == [effect.extrapolates(alpha) for alpha in (0.025, 0.024)]


def test_too_few_or_too_small_blocks_say_why() -> None:
    """Seven are not enough, nor are eight of nine rows each."""
    seven, small = unfit([1000] * 7), unfit([9] * 8)
    assert Uncalibrated("7 blocks with values, and at least 8 are needed") == seven
    assert Uncalibrated("9 values a block on average, and at least 10 are needed") == small
    assert unfit([10] * 8) is None


@settings(deadline=None)
@given(st.lists(effects, min_size=1, max_size=8), st.floats(-12, -0.1))
def test_bounds_are_those_of_sixty_halvings(several: list[DesignEffect], exponent: float) -> None:
    """Each looked for alone, by halving; relative 1e-9."""
    tail = 10.0**exponent
    expected = []
    for effect in several:
        estimate = max(effect.estimate, 1.0)
        low, high = 1.0, 1e9 * estimate
        for _ in range(60):
            deff = np.sqrt(low * high)
            tau = deff - 1.0
            spread = effect.null_spread * (1.0 + 2.0 * tau) + (2.0 + effect.kurtosis) * tau**2
            shape = (effect.blocks - 1) * deff**2 / spread
            likely = stats.gamma.cdf(estimate, shape, scale=deff / shape) >= tail
            low, high = (deff, high) if likely else (low, deff)
        expected.append(low)
    found = bounds(several, np.array([tail]))[:, 0]
    assert expected == pytest.approx(found.tolist(), rel=1e-9)
