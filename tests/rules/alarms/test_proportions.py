"""Two shares: exact for independent rows, wider where blocks differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.proportions import (
    Share,
    critical_count,
    p_value,
    smallest_share,
)
from tidegauge.rules.alarms.tails import upper_tails

counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SWINGING = DesignEffect(20, 500, 4.0, 1.0, 2.1)


@settings(deadline=None)
@given(counts, counts)
def test_independent_rows_are_compared_by_fishers_exact_test(
    current: tuple[int, int], baseline: tuple[int, int]
) -> None:
    """One-sided, as scipy computes it; to a relative 1e-4 at any depth."""
    (bad, n), (before, m) = current, baseline
    expected = stats.fisher_exact([[bad, n - bad], [before, m - before]], "greater").pvalue
    assert expected == pytest.approx(p_value(bad, n, Share(before, m)), rel=1e-4, abs=1e-300)


def test_the_lady_tasting_tea() -> None:
    """All four cups right: 1 in 70; three: 17 in 70 (Fisher 1935, Design of Experiments, II)."""
    found = [p_value(right, 4, Share(4 - right, 4)) for right in (4, 3)]
    assert [1 / 70, 17 / 70] == pytest.approx(found)


@settings(deadline=None)
@given(
    st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(-2, 4),
    st.floats(-1, 5),
)
def test_beta_binomial_tails_are_scipys(count: tuple[int, int], a: float, b: float) -> None:
    """Also where the distribution piles up at either end."""
    at, n = count
    expected = stats.betabinom.pmf(np.arange(at, n + 1), n, 10**a, 10**b).sum()
    found = upper_tails(np.array([at]), np.array([n]), np.array([[10**a]]), np.array([[10**b]]))
    assert expected == pytest.approx(found[0, 0], rel=3e-4, abs=1e-250)


def test_tails_of_large_windows_are_exact_too() -> None:
    """A million rows, where adding term by term would take its time."""
    expected = stats.hypergeom.sf(1145, 11_000_000, 11_146, 1_000_000)
    assert expected == pytest.approx(p_value(1146, 10**6, Share(10**4, 10**7)), rel=1e-3)


def test_what_never_happened_may_happen_once() -> None:
    """After 40,000 good rows one bad row of 2,000 is no alarm at any usual level, four are."""
    found = [p_value(bad, 2000, Share(0, 40_000)) for bad in (0, 1, 4)]
    assert [1.0, pytest.approx(1 / 21)] == found[:2]
    assert 4.9e-6 < found[2] < 5.2e-6


@pytest.mark.parametrize("effect", [None, SWINGING])
@pytest.mark.parametrize(("n", "baseline"), [(1, 3), (50, 0), (1000, 30), (20_000, 9000)])
def test_the_critical_count_is_the_first_that_alarms(
    n: int, baseline: int, effect: DesignEffect | None
) -> None:
    """One less does not."""
    share = Share(baseline, 10_000, effect)
    count = critical_count(n, share, 1e-3)
    assert count == n + 1 or p_value(count, n, share) < 1e-3
    assert p_value(count - 1, n, share) >= 1e-3


def test_nothing_alarms_where_everything_was_bad() -> None:
    """There is no worse direction; and a window of one row cannot alarm at all."""
    assert 1.0 == p_value(7, 7, Share(9, 9)) == smallest_share(7, Share(9, 9), 0.01)
    assert critical_count(1, Share(50, 100), 0.01) == 2


def test_alike_rows_make_an_alarm_rarer() -> None:
    """The more, the more they swing, however it is known."""
    plain, alike = Share(30, 10_000), Share(30, 10_000, alike=0.001)
    swinging = Share(30, 10_000, SWINGING)
    found = [p_value(20, 1000, share) for share in (plain, alike, swinging)]
    assert found == sorted(found)
    assert found[0] < 1e-6 < found[2]
    assert [0.0, 0.001] == [share.between(1000) for share in (plain, alike)]
    assert SWINGING.between(1000, 10_000) == pytest.approx(swinging.between(1000))


def test_the_bound_of_a_share_is_never_zero() -> None:
    """(bad + 1) / rows, and a share is not above 1."""
    assert [0.01, 0.5, 1.0] == [Share(bad, 100).bound for bad in (0, 49, 100)]


def test_a_detectable_share_is_found_as_often_as_promised() -> None:
    """Exactly so for independent rows, by the binomial."""
    share = Share(40, 40_000)
    found = stats.binom.sf(
        critical_count(500, share, 1e-4) - 1, 500, smallest_share(500, share, 1e-4)
    )
    assert 0.8 == pytest.approx(found)


def test_a_detectable_share_allows_for_the_windows_own_swing() -> None:
    """Drawn from the beta distribution with the estimated variance."""
    share, n = Share(300, 10_000, SWINGING), 1000
    p, between = smallest_share(n, share, 1e-3), share.between(n)
    worth = 1 / between
    drawn = stats.betabinom.sf(critical_count(n, share, 1e-3) - 1, n, p * worth, (1 - p) * worth)
    assert 0.8 == pytest.approx(drawn, abs=1e-3)
    assert p > smallest_share(n, Share(300, 10_000), 1e-3)


@pytest.mark.parametrize(
    ("bad", "n", "baseline"),
    [(3, 2, Share(0, 9)), (0, 0, Share(0, 9)), (0, 2, Share(0, 0)), (0, 2, Share(5, 4))],
)
def test_what_is_no_share_is_a_bug(bad: int, n: int, baseline: Share) -> None:
    """More bad rows than rows, or no rows."""
    with pytest.raises(ValueError, match="not two shares"):
        p_value(bad, n, baseline)
