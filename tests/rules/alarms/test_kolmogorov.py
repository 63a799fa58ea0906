"""Kolmogorov's test: conservative at every size and level, and close."""

from __future__ import annotations

from math import exp, lgamma, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.kolmogorov import (
    MEAN_SQUARE,
    SPREAD_OF_SQUARE,
    critical_gap,
    p_value,
    rank_error,
    smallest_gap,
)

EFFECT = DesignEffect(12, 1000, 3.5, MEAN_SQUARE, SPREAD_OF_SQUARE)


def exact(k: int, n: int, m: int) -> float:
    """`P(D >= k / (n m))` for continuous samples: lattice paths that leave the band."""
    inside = np.zeros((n + 1, m + 1))
    for i, j in np.ndindex(inside.shape):
        if abs(i * m - j * n) < k:
            before = i * inside[i - 1, j] + j * inside[i, j - 1]  # the last step was either
            inside[i, j] = before / (i + j) if i + j else 1.0
    return 1.0 - float(inside[n, m])


def exact_equal(k: int, n: int) -> float:
    """The same for n = m in closed form (Gnedenko and Korolyuk 1951)."""
    terms = (
        (-1) ** (i + 1) * exp(2 * lgamma(n + 1) - lgamma(n - i * k + 1) - lgamma(n + i * k + 1))
        for i in range(1, n // k + 1)
    )
    return 2.0 * sum(terms)


def test_the_exact_oracle_is_scipys() -> None:
    """Before it judges others."""
    first, second = [0.1, 0.4, 0.45, 0.7, 0.9], [0.2, 0.3, 0.35, 0.6, 1.0, 1.1, 1.2]
    found = stats.ks_2samp(first, second, method="exact")
    assert found.pvalue == pytest.approx(exact(round(found.statistic * 35), 5, 7))
    assert exact(24, 6, 6) == pytest.approx(exact_equal(4, 6))


def test_never_below_the_exact_probability_for_small_samples() -> None:
    """Every pair of sizes up to 9, every value that the gap can take."""
    for n in range(1, 10):
        for m in range(1, 10):
            for k in range(1, n * m + 1):
                assert exact(k, n, m) <= p_value(k / (n * m), n, m) + 1e-12


@pytest.mark.parametrize("n", [10, 50, 100, 300, 457, 458, 1000])
def test_never_below_the_exact_probability_for_equal_samples(n: int) -> None:
    """Where the bound with the constant 2 is known to fail, the constant is larger."""
    for k in range(1, n + 1):
        assert exact_equal(k, n) <= p_value(k / n, n, n) * (1 + 1e-9)


def test_the_constant_changes_where_wei_and_dudley_say() -> None:
    """With C = 2 the bound fails for n = m = 457 and holds for 458 (2012, theorem 1)."""

    def holds(n: int) -> bool:
        return all(exact_equal(k, n) <= 2 * exp(-(k**2) / n) for k in range(1, n + 1))

    assert [False, True] == [holds(457), holds(458)]


@pytest.mark.parametrize("n", [50, 200, 2000])
@pytest.mark.parametrize("alpha", [1e-2, 1e-5, 1e-7])
def test_conservative_far_out_against_a_large_baseline(n: int, alpha: float) -> None:
    """With m -> infinity the exact law is `kstwo`: at most alpha is used, and not much less."""
    gap = critical_gap(n, 10**12, alpha)
    assert stats.kstwo.sf(gap, n) <= alpha
    assert gap <= 1.03 * stats.kstwo.isf(alpha, n)


@pytest.mark.parametrize(("alpha", "published"), [(0.1, 1.22), (0.05, 1.36), (0.01, 1.63)])
def test_critical_values_are_those_of_the_tables(alpha: float, published: float) -> None:
    """Coefficients of `sqrt((n + m) / (n m))` by Smirnov's table of 1948 (Ann. Math. Stat. 19)."""
    n, m = 800, 1200
    assert published == pytest.approx(critical_gap(n, m, alpha) / sqrt((n + m) / (n * m)), abs=5e-3)


def test_moments_of_the_squared_gap() -> None:
    """Of Kolmogorov's law, integrated: pi^2 / 12, and a variance of 0.4 of its square."""
    square, fourth = (
        integrate.quad(lambda x, k=k: k * x ** (k - 1) * stats.kstwobign.sf(x), 0, 10)[0]
        for k in (2, 4)
    )
    assert MEAN_SQUARE == pytest.approx(square) == pytest.approx(pi**2 / 12)
    assert SPREAD_OF_SQUARE == pytest.approx(fourth / square**2 - 1)


@settings(deadline=None)
@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.floats(-7, -1),
    st.sampled_from([None, EFFECT]),
)
def test_the_critical_gap_is_where_the_p_value_is_alpha(
    n: int, m: int, exponent: float, effect: DesignEffect | None
) -> None:
    """With and without blocks that differ."""
    alpha = 10.0**exponent
    gap = critical_gap(n, m, alpha, effect)
    assert alpha == pytest.approx(p_value(gap, n, m, effect), rel=1e-5)
    assert critical_gap(n, m, alpha / 2, effect) > gap


def test_no_gap_is_no_evidence() -> None:
    """Nor is one within the sketches' rank error."""
    assert 1.0 == p_value(0.0, 100, 100) == p_value(-0.001, 100, 100) == p_value(0.0, 9, 9, EFFECT)


def test_the_tail_with_an_effect_is_its_integral() -> None:
    """One known effect: the bound `exp(-(gap - u)^2 / 2a)` averaged over a normal u, both sides."""
    n, m, gap = 1000, 12_000, 0.09
    known = DesignEffect(10**9, 1000, 3.5, MEAN_SQUARE, SPREAD_OF_SQUARE)  # so many blocks know it
    noise, s = (1 / n + 1 / m) / 4, sqrt(known.between(n, m))

    def integrand(u: float) -> float:
        return stats.norm.pdf(u, scale=s) * exp(-(max(gap - u, 0.0) ** 2) / (2 * noise))

    expected = 2 * integrate.quad(integrand, -1, 1, points=[gap], limit=200)[0]
    assert expected == pytest.approx(p_value(gap, n, m, known), rel=1e-3)


def test_a_swinging_feature_needs_a_larger_gap() -> None:
    """And the larger, the more it swings and the fewer blocks tell of it."""
    plain = critical_gap(1000, 12_000, 1e-3)
    even = critical_gap(1000, 12_000, 1e-3, DesignEffect(45, 1000, 1.0, MEAN_SQUARE, 0.4))
    twelve = critical_gap(1000, 12_000, 1e-3, DesignEffect(12, 1000, 3.5, MEAN_SQUARE, 0.4))
    more = critical_gap(1000, 12_000, 1e-3, DesignEffect(45, 1000, 3.5, MEAN_SQUARE, 0.4))
    assert plain < even < more < twelve


def test_detectable_gaps_of_the_documentation() -> None:
    """500 and 2,000 rows against 40,000 at alpha 2.5e-5 with 80 % power: 0.126 and 0.064."""
    assert [0.126, 0.064] == [round(smallest_gap(n, 40_000, 2.5e-5), 3) for n in (500, 2000)]


@pytest.mark.parametrize("n", [200, 2000])
def test_a_detectable_change_of_a_share_is_found_as_often_as_promised(n: int) -> None:
    """The sharp case: shares of 0.5 - d/2 and 0.5 + d/2, found in 80 % of the windows."""
    m, alpha, rng = 10_000, 1e-4, np.random.default_rng(1)
    d = smallest_gap(n, m, alpha)
    p, q = (
        rng.binomial(rows, 0.5 + side * d / 2, 20_000) / rows for rows, side in ((n, 1), (m, -1))
    )
    assert 0.78 < (np.abs(p - q) > critical_gap(n, m, alpha)).mean() < 0.84


def test_a_detectable_shift_of_a_number_is_found_more_often() -> None:
    """The mean moved so that the distribution functions differ by the detectable gap."""
    n, m, alpha, rng = 300, 3000, 1e-3, np.random.default_rng(2)
    shift = 2 * stats.norm.ppf(0.5 + smallest_gap(n, m, alpha) / 2)
    found = [
        stats.ks_2samp(
            rng.standard_normal(m), rng.standard_normal(n) + shift, method="asymp"
        ).statistic
        > critical_gap(n, m, alpha)
        for _ in range(300)
    ]
    assert 0.8 < np.mean(found) < 0.97


def test_a_sketch_that_holds_every_value_has_no_error() -> None:
    """Compacted ones have 0.002 at k = 2048, in proportion to 1 / k at others."""
    items = np.arange(4.0)
    assert 0.0 == rank_error(Sketch((items,))) == rank_error(Sketch((items, items[:0])))
    assert 0.002 == rank_error(Sketch((items[:0], items)))
    assert 0.004 == rank_error(Sketch((items, items), k=1024.0))
