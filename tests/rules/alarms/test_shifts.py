"""The drift check: distances, counts and p-values against scipy, DuckDB and by hand."""

from __future__ import annotations

from math import inf, nan

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.alarms.made import ALPHA, at_once, feature, trial

from tidegauge.model.outcome import Verdict
from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms import shifts
from tidegauge.rules.alarms.calibration import FeatureCalibration, Season
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.listed import OTHERS

NONE = Uncalibrated("not asked")
NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=30, max_size=200)
numeric_shift, categorical_shift = map(at_once, (shifts.numeric_shift, shifts.categorical_shift))


def counts_by_value(column: pa.Array) -> dict[object, int]:
    """What DuckDB counts."""
    connection = duckdb.connect()
    connection.register("rows", pa.table({"x": column}))
    rows = connection.sql("select x, count(*) from rows group by x").fetchall()
    return {value: count for value, count in rows if value is not None}


@settings(max_examples=30, deadline=None)
@given(NUMBERS, NUMBERS)
def test_the_distance_is_kolmogorovs(ours: list[float], theirs: list[float]) -> None:
    """Ties included; while a sketch holds every value nothing is taken off for its error."""
    theirs = [*theirs, *range(25)]  # more than few values
    found = numeric_shift(feature(np.array(ours)), feature(np.array(theirs)), trial())
    expected = stats.ks_2samp(ours, theirs, method="asymp")
    if found.numbers["test"] == "Kolmogorov, two samples":
        assert expected.statistic == pytest.approx(found.numbers["distance"], abs=1e-12)
        assert found.numbers["distance"] == found.numbers["effect"]
        assert (len(ours), len(theirs)) == (found.numbers["n"], found.numbers["baseline_n"])


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2])
def test_the_p_value_is_hardly_above_scipys(shift: float) -> None:
    """An upper bound of the exact one, and within a third of it in the tail."""
    rng = np.random.default_rng(7)
    ours, theirs = rng.normal(shift, 1, 800), rng.normal(0, 1, 1500)
    found = numeric_shift(feature(ours), feature(theirs), trial()).numbers["p_value"]
    exact = stats.ks_2samp(ours, theirs, method="exact").pvalue
    assert exact <= found <= max(1.35 * exact, 1.0 if exact > 0.3 else 0.0)


def test_only_finite_numbers_are_compared() -> None:
    """NaN, infinities and nulls are in neither size, and are no drift."""
    theirs = np.linspace(0, 1, 500)
    ours = pa.array([nan, inf, -inf, None] * 100 + theirs.tolist())
    found = numeric_shift(feature(ours), feature(theirs), trial())
    assert (0.0, 500, 500) == tuple(found.numbers[k] for k in ("distance", "n", "baseline_n"))


def test_large_samples_allow_for_the_error_of_their_sketches() -> None:
    """The gap that is judged is smaller than the one that is seen, by both rank errors."""
    rng = np.random.default_rng(1)
    found = numeric_shift(feature(rng.random(50_000)), feature(rng.random(60_000)), trial())
    assert 0.004 == found.numbers["rank_error"]
    seen, judged = found.numbers["distance"], found.numbers["effect"]
    assert max(0.0, seen - 0.004) == pytest.approx(judged)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(60, 200), min_size=3, max_size=6),
    st.lists(st.integers(60, 200), min_size=3, max_size=6),
)
def test_three_cells_or_more_are_tested_by_g(ours: list[int], theirs: list[int]) -> None:
    """scipy's likelihood ratio over Williams' correction, and twice its chi-squared tail."""
    size = min(len(ours), len(theirs))
    table = np.array([ours[:size], theirs[:size]])
    texts = [feature(np.repeat([f"v{i}" for i in range(size)], row)) for row in table]
    found = categorical_shift(*texts, trial()).numbers
    assert size - 1 == found["degrees_of_freedom"]
    g, _, freedom, _ = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    total, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)
    q = 1 + ((total / rows).sum() - 1) * ((total / columns).sum() - 1) / (6 * total * freedom)
    assert g / q == pytest.approx(found["statistic"], abs=1e-9)
    assert min(1, 2 * stats.chi2.sf(g / q, freedom)) == pytest.approx(found["p_value"], rel=1e-6)
    assert found["p_value"] < ALPHA or found["statistic"] < found["critical_value"]


@settings(max_examples=40, deadline=None)
@given(*[st.integers(15, 400)] * 4)
def test_two_cells_are_tested_exactly(a: int, b: int, c: int, d: int) -> None:
    """Twice the smaller of Fisher's one-sided p-values; numbers and texts alike."""
    sides = [stats.fisher_exact([[a, b], [c, d]], way).pvalue for way in ("less", "greater")]
    words = [np.repeat(["no", "yes"], row) for row in ((a, b), (c, d))]
    flags = [np.repeat([0, 1], row) for row in ((a, b), (c, d))]
    for found in (
        categorical_shift(*map(feature, words), trial()),
        numeric_shift(*map(feature, flags), trial()),
    ):
        assert min(1.0, 2 * min(sides)) == pytest.approx(found.numbers["p_value"], rel=2e-3)


def test_the_cells_are_those_that_duckdb_counts() -> None:
    """Numbers of few values, texts and booleans; the rare ones together."""
    rng = np.random.default_rng(3)
    for draw in (
        lambda n: pa.array(rng.poisson(1.5, n)),
        lambda n: pa.array(rng.choice(["a", "b", "c", None], n, p=[0.5, 0.3, 0.1, 0.1])),
        lambda n: pa.array(rng.random(n) < 0.3),
    ):
        ours, theirs = draw(2000), draw(5000)
        check = numeric_shift if pa.types.is_integer(ours.type) else categorical_shift
        found = check(feature(ours), feature(theirs), trial()).numbers
        expected = counts_by_value(ours), counts_by_value(theirs)
        for cell in found["cells"]:
            if cell["value"] is not None:
                value = {"false": False, "true": True}.get(cell["value"], cell["value"])
                key = float(value) if pa.types.is_integer(ours.type) else value
                assert (cell["count"], cell["baseline_count"]) == (
                    expected[0].get(key, 0),
                    expected[1].get(key, 0),
                )
        pooled = [c["count"] for c in found["cells"]], [c["baseline_count"] for c in found["cells"]]
        assert (sum(expected[0].values()), sum(expected[1].values())) == (
            sum(pooled[0]) + found["few"][0],
            sum(pooled[1]) + found["few"][1],
        )


def test_a_flag_is_seen_where_kolmogorov_is_blind() -> None:
    """0.03 of the rows in 4,000 of a column of 0 and 1."""
    ours, theirs = np.repeat([0, 1], (3480, 520)), np.repeat([0, 1], (36_000, 4_000))
    found = numeric_shift(feature(ours), feature(theirs), trial(alpha=1e-6))
    assert found.verdict is Verdict.VIOLATED
    assert stats.ks_2samp(ours, theirs, method="asymp").pvalue > 1e-4


def test_the_sentence_is_the_services_when_it_is_violated() -> None:
    """The distance that is judged, and the larger of floor and critical gap."""
    rng = np.random.default_rng(5)
    found = numeric_shift(feature(rng.random(500) + 0.5), feature(rng.random(5000)), trial())
    numbers = found.numbers
    assert f"Baseline drift distance: {numbers['effect']} exceeds threshold: " in found.description
    assert str(numbers["threshold"]) == found.description.rpartition(": ")[2]
    assert numbers["threshold"] == max(numbers["critical_value"], 0.0) < numbers["effect"]
    low, high = numbers["interval_95"]
    assert low < 0.5 < high
    assert numbers["moved"][0]["share"] != numbers["moved"][0]["baseline_share"]


@pytest.mark.parametrize(("floor", "verdict"), [(0.3, "violated"), (0.7, "held")])
def test_the_floor_is_asked_beside_the_level(floor: float, verdict: str) -> None:
    """A gap of a half, certain enough either way."""
    rng = np.random.default_rng(5)
    ours, theirs = feature(rng.random(5000) + 0.5), feature(rng.random(5000))
    assert verdict == numeric_shift(ours, theirs, trial(min_effect=floor)).verdict


def test_columns_without_numbers_are_not_compared() -> None:
    """Which of the two it is, is told."""
    nothing, numbers = feature([nan, inf]), feature(np.arange(50.0))
    for ours, theirs, which in ((nothing, numbers, "current"), (numbers, nothing, "baseline")):
        found = numeric_shift(ours, theirs, trial())
        assert (Verdict.NOT_EVALUATED, True) == (found.verdict, which in found.description)
        texts = categorical_shift(
            feature(["a"]) if ours is numbers else nothing,
            feature(["a"]) if theirs is numbers else nothing,
            trial(),
        )
        assert (Verdict.NOT_EVALUATED, True) == (texts.verdict, which in texts.description)


def seasonal(season: Season) -> FeatureCalibration:
    """What is known of a feature whose first season this is."""
    return FeatureCalibration(NONE, NONE, seasons={0: season})


def test_a_season_is_compared_only_where_its_distribution_is_known() -> None:
    """Its own rows, counted at 40 edges, are no gap at all; those of another season are one."""
    rng = np.random.default_rng(2)
    values = np.sort(rng.normal(size=1000))
    edges = values[24::25]
    known = seasonal(Season("Monday", Sketch.of_counts(edges.tolist(), [25] * 40)))
    other = feature(rng.normal(3, 1, 3000))
    found = numeric_shift(feature(values), other, trial(calibration=known, season=0))
    assert (0.0, "Monday") == (found.numbers["distance"], found.numbers["season"])
    assert numeric_shift(feature(values), other, trial(calibration=known)).verdict == "violated"
    moved = numeric_shift(feature(values + 1), other, trial(calibration=known, season=0))
    assert 0.35 < moved.numbers["distance"] < 0.42
    above = numeric_shift(feature(values + 99), other, trial(calibration=known, season=0))
    assert 1.0 == above.numbers["distance"]


def test_a_seasons_other_values_are_compared_as_one() -> None:
    """Values that its blocks did not list one by one are no news."""
    season = Season("Monday", counts={"a": 500, "b": 0, OTHERS: 500})
    known, baseline = seasonal(season), feature(["z"] * 100)
    ours = feature(["a"] * 50 + [f"rare {i}" for i in range(50)])
    found = categorical_shift(ours, baseline, trial(calibration=known, season=0))
    assert 1.0 == found.numbers["p_value"]
    new = feature(["a"] * 50 + ["b"] * 50)
    found = categorical_shift(new, baseline, trial(calibration=known, season=0))
    assert "violated" == found.verdict


def test_days_that_swing_ask_for_more() -> None:
    """The same gap is drift where blocks do not differ, and is none where they do."""
    rng = np.random.default_rng(4)
    ours, theirs = feature(rng.normal(0.3, 1, 1000)), feature(rng.normal(0, 1, 20_000))
    swinging = DesignEffect(20, 1000.0, 60.0, 0.8225, 0.4)
    known = FeatureCalibration(swinging, NONE)
    calm = numeric_shift(ours, theirs, trial())
    wild = numeric_shift(ours, theirs, trial(calibration=known))
    assert ("violated", 60.0) == (calm.verdict, wild.numbers["design_effect"]["estimate"])
    assert wild.verdict != "violated"
    assert wild.numbers["p_value"] > calm.numbers["p_value"]
    assert wild.numbers["extrapolated"]
