"""Homogeneity of categories: a level that holds far out, against the exact distribution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.alarms.tables import Totals, g, pearson, tails

from tidegauge.rules.alarms.cells import Cells, cells, statistic
from tidegauge.rules.alarms.design_effect import DesignEffect
from tidegauge.rules.alarms.homogeneity import (
    critical_statistic,
    p_value,
    smallest_total_variation,
)

counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 500), min_size=1).filter(
    lambda found: sum(found.values()) > 0
)
SWINGING = DesignEffect(20, 500, 3.0, 4.0, 0.5)


@settings(deadline=None)
@given(counts, counts)
def test_pooling_loses_no_value(current: dict[str, int], baseline: dict[str, int]) -> None:
    """Cells and pool hold every value once; no label is both a cell and pooled."""
    table = cells(current, baseline)
    assert (sum(current.values()), sum(baseline.values())) == (table.n, table.m)
    named = [label for label in table.labels if label is not None]
    seen = {label for side in (current, baseline) for label, count in side.items() if count}
    assert sorted(seen) == sorted([*named, *table.pooled])


def test_rare_categories_share_a_cell_when_they_fill_one() -> None:
    """b to d are too few for a cell even together; fifteen of them, expected 11 times, are not."""
    big = {"a": 1000, "f": 900}
    three = cells({"a": 100}, big | {"b": 3, "c": 3, "d": 3})
    assert (("a", "f"), ("b", "c", "d"), (0, 9)) == (three.labels, three.pooled, three.few)
    many = cells({"a": 100}, big | dict.fromkeys("bcdeghijklmnopq", 16))
    assert ("a", "f", None) == many.labels
    assert (0, 0) == many.few
    assert 2 == many.degrees_of_freedom


@pytest.mark.parametrize(
    "counts", [((40, 30, 50), (80, 90, 85)), ((70, 12, 25, 31), (60, 20, 20, 40))]
)
def test_the_statistic_is_g_over_williams_correction(counts: tuple[tuple[int, ...], ...]) -> None:
    """G as scipy has it; q by the formula for a table (Sokal and Rohlf 1995, box 17.8)."""
    x, y = map(np.array, counts)
    g = stats.chi2_contingency([x, y], correction=False, lambda_="log-likelihood").statistic
    n, m, total = x.sum(), y.sum(), x.sum() + y.sum()
    rows, columns = total / n + total / m - 1, (total / (x + y)).sum() - 1
    q = 1 + rows * columns / (6 * total * (len(x) - 1))
    table = Cells(tuple("abcd"[: len(x)]), *counts)
    assert g / q == pytest.approx(statistic(table))
    assert 2 * stats.chi2.sf(g / q, len(x) - 1) == pytest.approx(p_value(table))


def size(totals: tuple[int, ...], n: int, alphas: tuple[float, ...]) -> list[float]:
    """The exact chance of a p-value below each alpha, given the categories' totals.

    Under the null hypothesis the window's counts are multivariate hypergeometric.
    """
    m = sum(totals) - n
    tables = np.array(
        [x for x in itertools.product(*(range(total + 1) for total in totals)) if sum(x) == n]
    )
    chance = stats.multivariate_hypergeom.pmf(tables, totals, n)
    found = []
    for x in tables:
        current = dict(zip("abcd", map(int, x), strict=False))
        baseline = {
            label: total - current[label] for label, total in zip("abcd", totals, strict=False)
        }
        found.append(p_value(cells(current, baseline)))
    assert m > 0
    return [float(chance[np.array(found) < alpha].sum()) for alpha in alphas]


ALPHAS = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)


@pytest.mark.parametrize(
    ("totals", "n"),
    [((60, 40), 30), ((9, 70), 12), ((40, 30, 50), 40), ((25, 25, 25), 35), ((120, 25, 4), 45),
     ((22, 24, 23, 21), 45), ((60, 3, 2), 20)],
    ids=str,
)  # fmt: skip
def test_the_level_holds_exactly_down_to_one_in_ten_million(
    totals: tuple[int, ...], n: int
) -> None:
    """Two, three and four cells, with and without a pool; all tables are enumerated."""
    for alpha, used in zip(ALPHAS, size(totals, n, ALPHAS), strict=True):
        assert used <= alpha


@pytest.mark.parametrize(
    "totals",
    [Totals(((210, 19), (4000, 1)), 1 / 21), Totals(((20, 4), (100, 1)), 1 / 2)],
    ids=["20 cells, large baseline", "5 cells, equal samples"],
)
def test_the_level_holds_for_many_cells(totals: Totals) -> None:
    """All but one expected 10 times: at most alpha is used, and not much less."""
    at = [totals.williams * critical_statistic(totals.freedom, 1, 1, alpha) for alpha in ALPHAS]
    for alpha, used in zip(ALPHAS, tails(totals, g, at), strict=True):
        assert 0.3 * alpha < used <= alpha


def test_pearsons_statistic_would_not_do() -> None:
    """With a cell expected 5 times it uses over ten times alpha far out; G does not."""
    totals, alpha = Totals(((105, 4), (10_000, 1)), 1 / 21), 1e-5
    critical = stats.chi2.isf(alpha, totals.freedom)
    by_x2, by_g = tails(totals, pearson, [critical])[0], tails(totals, g, [critical])[0]
    assert by_x2 > 10 * alpha > 5 * by_g


def test_a_permutation_test_agrees() -> None:
    """5,000 shuffles of ten categories: between 0.4 and all of alpha is used."""
    totals = np.array([300, 200, 150, 100, 80, 60, 50, 40, 30, 30])
    drawn = np.random.default_rng(1).multivariate_hypergeometric(totals, 400, size=5000)
    labels = tuple("abcdefghij")
    found = np.array([p_value(Cells(labels, tuple(x), tuple(totals - x))) for x in drawn])
    for alpha in (0.1, 0.02):
        assert 0.4 * alpha < (found < alpha).mean() <= alpha


def test_a_flood_of_a_new_value_is_seen_in_a_small_window() -> None:
    """30 of 145 rows have a value that 9,200 rows never had: the pool is compared exactly."""
    baseline = {"a": 4000, "b": 5000, "c": 100, "d": 90, "e": 10}
    before = cells({"a": 65, "b": 80}, baseline)
    after = cells({"a": 50, "b": 60, "c": 3, "d": 2, "new": 30}, baseline)
    assert p_value(before) > 0.1
    assert p_value(after) < 1e-20
    assert ("c", "d", "new", "e") == after.pooled


def test_one_value_alone_cannot_drift() -> None:
    """A constant column stays; what another value would have to be to show is still known."""
    table = cells({"a": 500}, {"a": 40_000})
    assert (0, 0.0, 1.0) == (table.tests, table.total_variation, p_value(table))
    assert 0.005 < smallest_total_variation(table, 1e-4) < 0.02


def test_two_samples_without_a_common_value_drift() -> None:
    """All of the baseline is in the pool: the cells have nothing to be compared with."""
    table = cells({"a": 31, "b": 31}, {"c": 30})
    assert (("a", "b"), (0, 0), (0, 30)) == (table.labels, table.baseline, table.few)
    assert (1, 0.0) == (table.tests, statistic(table))
    assert p_value(table) < 1e-6 < p_value(table, SWINGING)
    assert 0 < smallest_total_variation(table, 1e-4)


def test_what_moves_within_a_pool_is_not_called_detectable() -> None:
    """Tail numbers: every value is rare, so nothing below the whole could be seen to move."""
    baseline = {f"N{i}": 10 for i in range(1000)}
    table = cells({f"N{i}": 1 for i in range(500)}, baseline)
    assert 0.999 == table.unseen_inside
    assert smallest_total_variation(table, 1e-3) >= 0.999
    assert 0.0 == cells({"a": 500, "b": 500}, {"a": 500, "b": 501}).unseen_inside


def test_no_values_have_no_shares() -> None:
    """Not 0, which would be a silent pass."""
    with pytest.raises(ValueError, match="without values"):
        cells({}, {"a": 1})


def test_total_variation_is_half_the_sum_of_the_differences() -> None:
    """Shares 0.6, 0.4 against 0.5, 0.5."""
    assert 0.1 == pytest.approx(cells({"a": 60, "b": 40}, {"a": 500, "b": 500}).total_variation)


@settings(deadline=None)
@given(counts, counts)
def test_swinging_blocks_make_every_p_value_larger(
    current: dict[str, int], baseline: dict[str, int]
) -> None:
    """Never smaller than for independent rows, and at most 1."""
    table = cells(current, baseline)
    assert p_value(table) <= p_value(table, SWINGING) * (1 + 1e-9) <= 1 + 1e-9


@pytest.mark.parametrize("effect", [None, SWINGING])
@pytest.mark.parametrize("freedom", [2, 5, 60])
def test_the_critical_statistic_has_the_p_value_alpha(
    freedom: int, effect: DesignEffect | None
) -> None:
    """Counted back through a table that has this statistic, or by chi-squared itself."""
    critical = critical_statistic(freedom, 1000, 10_000, 1e-4, effect)
    if effect is None:
        assert 0.5e-4 == pytest.approx(stats.chi2.sf(critical, freedom))
    else:
        assert critical > critical_statistic(freedom, 1000, 10_000, 1e-4)


@pytest.mark.parametrize("effect", [None, SWINGING])
def test_the_verdicts_of_statistic_and_p_value_are_the_same(effect: DesignEffect | None) -> None:
    """On tables that drift more and more."""
    verdicts = set()
    for k in range(0, 300, 10):
        table = Cells(("a", "b", "c"), (400 + k, 300 - k, 300), (4000, 3000, 3000))
        by_p = p_value(table, effect) < 1e-3
        assert by_p == (statistic(table) > critical_statistic(2, 1000, 10_000, 1e-3, effect))
        verdicts.add(by_p)
    assert {True, False} == verdicts


@pytest.mark.parametrize("moved", [(0, 1), (2, 5), (4, 5)])
def test_a_detectable_total_variation_is_found_wherever_it_lies(moved: tuple[int, int]) -> None:
    """Moved from one category to another: found in at least 80 % of the windows."""
    shares, n, m, alpha = np.array([0.3, 0.3, 0.2, 0.1, 0.06, 0.04]), 2000, 20_000, 1e-4
    baseline = dict(zip("abcdef", (shares * m).astype(int).tolist(), strict=True))
    table = cells(dict(zip("abcdef", (shares * n).astype(int).tolist(), strict=True)), baseline)
    by = smallest_total_variation(table, alpha)
    changed, (source, target) = shares.copy(), moved
    changed[source], changed[target] = changed[source] - by, changed[target] + by
    if changed[source] < 0:  # moved from where there is not enough: the other way round
        changed[source], changed[target] = shares[source] + by, shares[target]
        changed[0] -= by
    rng = np.random.default_rng(3)
    found = []
    for x, y in zip(rng.multinomial(n, changed, 300), rng.multinomial(m, shares, 300), strict=True):
        table = cells(
            dict(zip("abcdef", x.tolist(), strict=True)),
            dict(zip("abcdef", y.tolist(), strict=True)),
        )
        found.append(p_value(table) < alpha)
    assert np.mean(found) > 0.75
