"""The checks of shares: against Fisher's exact test, exact intervals, and by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.alarms.made import at_once, feature, statistics, trial

from tidegauge.model.outcome import Verdict
from tidegauge.model.statistics import (
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    StringStatistics,
    TypeCounts,
)
from tidegauge.rules.alarms import shares
from tidegauge.rules.alarms.calibration import FeatureCalibration
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.proportions import Share
from tidegauge.rules.constraints import Completeness, DataType, Domain

INTEGRAL, FRACTIONAL, STRING, _ = InferredType
NONE = Uncalibrated("not asked")
COUNTS = st.integers(0, 60)
missing_share, negatives = at_once(shares.missing_share), at_once(shares.negatives)
other_types, unknown_values = at_once(shares.other_types), at_once(shares.unknown_values)


def fisher(bad: int, good: int, baseline_bad: int, baseline_good: int) -> float:
    """scipy's one-sided p-value, towards more bad rows."""
    table = [[bad, good], [baseline_bad, baseline_good]]
    return float(stats.fisher_exact(table, "greater").pvalue)


def rows(present: int, missing: int) -> FeatureStatistics:
    """A feature of so many values and gaps."""
    return FeatureStatistics("x", FRACTIONAL, present, missing)


@settings(max_examples=100, deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_missing_values_are_compared_by_fishers_test(
    bad: int, good: int, baseline_bad: int, baseline_good: int
) -> None:
    """One-sided; the constraint as the baseline showed it. A side without rows has no answer."""
    baseline = rows(baseline_good, baseline_bad)
    threshold = 1.0 if baseline.completeness is None else baseline.completeness
    found = missing_share(Completeness("x", threshold), rows(good, bad), baseline, trial())
    if not bad + good or not baseline_bad + baseline_good:
        assert Verdict.NOT_EVALUATED == found.verdict
        return
    numbers = found.numbers
    expected = fisher(bad, good, baseline_bad, baseline_good)
    assert min(1.0, expected) == pytest.approx(numbers["p_value"], rel=1e-3)
    shares = bad / (bad + good), baseline_bad / (baseline_bad + baseline_good)
    assert shares[0] - shares[1] == pytest.approx(numbers["effect"])
    exact = stats.binomtest(bad, bad + good).proportion_ci(method="exact")
    assert [exact.low, exact.high] == pytest.approx(numbers["bad_share_interval_95"])
    critical = round(numbers["critical_value"] * numbers["n"])
    assert (numbers["p_value"] < 0.001) == (bad >= critical)


def test_an_edited_completeness_is_tested_as_if_the_baseline_had_shown_it() -> None:
    """30 % missing: far from the baseline's none, and just what was accepted."""
    baseline, current = rows(10_000, 0), rows(700, 300)
    asked = missing_share(Completeness("x", 1.0), current, baseline, trial())
    accepted = missing_share(Completeness("x", 0.7), current, baseline, trial())
    assert (Verdict.VIOLATED, 0.0) == (asked.verdict, accepted.numbers["effect"])
    assert accepted.numbers["p_value"] > 0.3
    assert "Value: 0.7 does not meet the constraint requirement!" == asked.description


def test_gaps_that_come_and_go_ask_for_more() -> None:
    """Blocks whose share of gaps swings threefold make 4 % against 2 % no news."""
    baseline, current = rows(9_800, 200), rows(960, 40)
    swinging = DesignEffect(30, 1000.0, 25.0, 1.0, 2.0, 3.0)
    known = trial(calibration=FeatureCalibration(NONE, swinging))
    found = [missing_share(Completeness("x", 0.98), current, baseline, t) for t in (trial(), known)]
    assert Verdict.VIOLATED == found[0].verdict != found[1].verdict
    assert 25.0 == found[1].numbers["design_effect"]["estimate"]


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS, COUNTS, st.integers(1, 60))
def test_types_are_compared_by_present_values(
    integral: int, fractional: int, text: int, baseline: int
) -> None:
    """A whole number is a fractional one too; the baseline had nothing else."""
    types = TypeCounts(integral=integral, fractional=fractional, string=text)
    current = FeatureStatistics("x", INTEGRAL, types.total, 5, detail=Detail(types=types))
    for expected, bad in ((INTEGRAL, fractional + text), (FRACTIONAL, text)):
        found = other_types(DataType("x", expected, 1.0), current, rows(baseline, 9), trial())
        if not types.total:
            assert Verdict.NOT_EVALUATED == found.verdict
            continue
        assert fisher(bad, types.total - bad, 0, baseline) == pytest.approx(
            found.numbers["p_value"], rel=1e-3
        )
        assert 1 - bad / types.total == pytest.approx(found.numbers["observed"])


def test_strays_of_the_products_own_counting_are_other_types() -> None:
    """4 texts in a column that is read as whole numbers."""
    column = pa.array([1, 2, 3, None, None, None, None], pa.int64())
    current = statistics({"x": column}, strays={"x": ["a", "b", "c", "3.5"]}).features[0]
    found = other_types(DataType("x", INTEGRAL, 1.0), current, rows(50_000, 0), trial())
    assert (7, 4, "violated") == (found.numbers["n"], found.numbers["bad"], found.verdict)
    assert "Observed: Only 42.857" in found.description


@pytest.mark.parametrize(
    ("values", "bad"),
    [
        ([1.0, 2.0, 0.0], 0),
        ([-1.0, 2.0, -3.0], 2),
        ([float("-inf"), 2.0, -3.0], 2),
        ([float("-inf")] * 5, 5),
        ([float("nan"), -0.0, float("inf")], 0),
    ],
)
def test_negative_numbers_are_counted_once(values: list[float], bad: int) -> None:
    """Minus infinity is one of them; minus zero and NaN are none."""
    found = negatives(feature(np.array(values)), rows(1000, 0), trial())
    assert (bad, len(values)) == (found.numbers["bad"], found.numbers["n"])
    assert fisher(bad, len(values) - bad, 0, 1000) == pytest.approx(found.numbers["p_value"])


@pytest.mark.parametrize("values", [[float("nan")] * 3, [None] * 3])
def test_no_numbers_have_no_sign(values: list[float | None]) -> None:
    """Nor has a baseline without values one to compare with."""
    assert "not evaluated" == negatives(feature(values), rows(10, 0), trial()).verdict
    assert "not evaluated" == negatives(feature([1.0]), rows(0, 10), trial()).verdict


def texts(counts: dict[str, int]) -> FeatureStatistics:
    """A feature of these values, all of them listed."""
    text = StringStatistics(len(counts), tuple(counts.items()))
    return FeatureStatistics("x", STRING, sum(counts.values()), text=text)


def test_new_values_are_compared_with_the_baselines_singletons() -> None:
    """3 of 1,000 rows were the only ones of their value: so many new ones are to be expected."""
    baseline = texts({"a": 900, "b": 93, "c": 2, "d": 2, "x": 1, "y": 1, "z": 1})
    domain = Domain("x", tuple(value for value, _ in baseline.text.categories or ()), 1.0)  # type: ignore[union-attr]
    for new, verdict in ((0, "held"), (2, "held"), (60, "violated")):
        current = texts({"a": 1000 - new} | ({"n": new} if new else {}))
        found = unknown_values(domain, current, baseline, trial(min_share=0.03))
        assert (verdict, 3, new) == (
            found.verdict,
            found.numbers["baseline_bad"],
            found.numbers["bad"],
        )
        assert ({"n": new} if new else {}) == found.numbers["unexpected"]
        assert 2 * 3 / (1000 * 4) == pytest.approx(found.numbers["alike"])


def test_what_an_edit_allows_is_added_to_what_is_expected() -> None:
    """A domain content of 0.9 over 1,000 rows: 100, and the singleton."""
    baseline = texts({"a": 999, "x": 1})
    found = unknown_values(Domain("x", ("a", "x"), 0.9), texts({"b": 50}), baseline, trial())
    assert 101 == found.numbers["baseline_bad"]


def test_blocks_tell_more_of_new_values_than_singletons() -> None:
    """Where they are known they are what counts."""
    effect = DesignEffect(10, 100.0, 3.0, 1.0, 2.0)
    known = FeatureCalibration(NONE, NONE, Share(70, 1000, effect))
    found = unknown_values(
        Domain("x", ("a",), 1.0), texts({"a": 93, "b": 7}), texts({"a": 1000}),
        trial(calibration=known),
    )  # fmt: skip
    assert (70, 0.0) == (found.numbers["baseline_bad"], found.numbers["alike"])
    assert 3.0 == found.numbers["design_effect"]["estimate"]


def test_values_that_are_not_listed_may_be_outside() -> None:
    """9,000 of 10,000 rows of unlisted values decide, so that nothing is."""
    listed = (("a", 500), ("b", 500))
    detail = Detail(Kind.TEXT, frequent=FrequentValues(listed, other=9_000, undercount=20))
    current = FeatureStatistics("x", STRING, 10_000, text=StringStatistics(9e3), detail=detail)
    baseline = texts({"a": 20_000, "b": 20_000})
    found = unknown_values(Domain("x", ("a", "b"), 1.0), current, baseline, trial())
    assert ("not evaluated", 1.0) == (found.verdict, found.numbers["observed"])
    assert pytest.approx(0.1) == found.numbers["observed_at_least"]
    outside = unknown_values(Domain("x", ("a",), 1.0), current, baseline, trial())
    assert "violated" == outside.verdict


def test_a_domain_without_counts_is_not_evaluated() -> None:
    """Of the window, or of the baseline."""
    domain, number, text = Domain("x", ("a",), 1.0), rows(9, 0), texts({"a": 9})
    assert "not evaluated" == unknown_values(domain, number, text, trial()).verdict
    assert "not evaluated" == unknown_values(domain, text, number, trial()).verdict
