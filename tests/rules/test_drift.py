"""Drift from the baseline, numeric and categorical, with the numbers behind each verdict."""

from __future__ import annotations

import json
import re
from itertools import product

import numpy as np
import pytest

from tidegauge.model.outcome import Check, Outcome, Verdict
from tidegauge.model.statistics import (
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    NumericStatistics,
    Sketch,
    Statistics,
    StringStatistics,
)
from tidegauge.rules.constraints import (
    CategoricalMethod,
    ComparisonMethod,
    Constraints,
    FeatureConstraints,
    MonitoringConfig,
)
from tidegauge.rules.distances import robust
from tidegauge.rules.evaluate import evaluate

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = InferredType
HELD, VIOLATED, NOT_EVALUATED = Verdict.HELD, Verdict.VIOLATED, Verdict.NOT_EVALUATED
SIMPLE = MonitoringConfig(
    comparison_method=ComparisonMethod.SIMPLE,
    comparison_threshold=0.25,
    categorical_comparison_threshold=0.25,
)
CHI_SQUARED = MonitoringConfig(
    categorical_drift_method=CategoricalMethod.CHI_SQUARED, categorical_comparison_threshold=0.05
)


def _numbers(*levels: list[float], inferred: InferredType = FRACTIONAL) -> FeatureStatistics:
    sketch = Sketch(tuple(np.array(level, np.float64) for level in levels))
    numeric = NumericStatistics(min=0.0, sketch=sketch)
    return FeatureStatistics("x", inferred, max(1, sketch.weight), 0, numeric)


def _texts(
    counts: dict[str, int] | None, frequent: FrequentValues | None = None
) -> FeatureStatistics:
    categories = None if counts is None else tuple(counts.items())
    detail = Detail(Kind.TEXT, frequent=frequent) if frequent else None
    return FeatureStatistics("x", STRING, 100, 0, None, StringStatistics(3.0, categories), detail)


def _drift(
    current: FeatureStatistics,
    baseline: FeatureStatistics | None,
    config: MonitoringConfig,
    inferred: InferredType,
) -> Outcome:
    outcomes = evaluate(
        Statistics(100, (current,)),
        Constraints((FeatureConstraints("x", inferred),), config),
        baseline and Statistics(100, (baseline,)),
    )
    (outcome,) = (outcome for outcome in outcomes if outcome.check is Check.BASELINE_DRIFT)
    return outcome


def test_a_drift_has_the_sentence_that_tools_parse() -> None:
    """Two of the service's own tools search for these patterns, and find the numbers."""
    found = _drift(_numbers([0, 0, 0, 1]), _numbers([0, 1, 1, 1]), SIMPLE, FRACTIONAL)
    match = re.search("distance: (.+) exceeds threshold: (.+)", found.description)
    assert match is not None
    assert ("0.5", "0.25") == match.groups()
    assert found == Outcome(
        "x",
        Check.BASELINE_DRIFT,
        VIOLATED,
        "Baseline drift distance: 0.5 exceeds threshold: 0.25",
        {
            "distance": 0.5,
            "threshold": 0.25,
            "method": "Simple",
            "distance_simple": 0.5,
            "n": 4,
            "baseline_n": 4,
        },
    )


def test_a_held_drift_has_its_numbers_and_another_sentence() -> None:
    """A distance that equals the threshold does not exceed it."""
    found = _drift(_numbers([0, 0, 0, 1]), _numbers([0, 0, 1, 1]), SIMPLE, FRACTIONAL)
    assert (HELD, 0.25) == (found.verdict, found.numbers["distance"])
    assert not re.search("distance: (.+) exceeds", found.description)


def test_robust_distances_are_corrected_by_the_weights() -> None:
    """n and m are the sketches' weights: an item of level 1 counts twice."""
    current, baseline = _numbers([0.0] * 10, [0.0] * 45), _numbers([0.0] * 200 + [1.0] * 200)
    found = _drift(current, baseline, MonitoringConfig(), FRACTIONAL)
    assert (100, 400) == (found.numbers["n"], found.numbers["baseline_n"])
    assert found.numbers["distance"] == robust(0.5, 100, 400)
    assert found.numbers["distance_simple"] == 0.5


def test_too_few_values_are_not_enough_data() -> None:
    """Where even a distance of 1 would be put down to chance, holding would be a silent pass."""
    found = _drift(_numbers([5.0] * 3), _numbers([1.0] * 1_000), MonitoringConfig(), FRACTIONAL)
    assert Verdict.NOT_ENOUGH_DATA is found.verdict
    assert found.numbers["n"] == 3


def test_a_threshold_that_nothing_exceeds_is_held() -> None:
    """1.0, as in files of 2019, is someone's choice, and no lack of data."""
    config = MonitoringConfig(comparison_threshold=1.0)
    found = _drift(_numbers([5.0] * 1_000), _numbers([1.0] * 1_000), config, FRACTIONAL)
    assert found.verdict is HELD


def test_numbers_are_compared_though_the_column_became_text() -> None:
    """One stray text makes a column String; the others have drifted all the same."""
    current = _numbers([0, 0, 0, 1], inferred=STRING)
    found = _drift(current, _numbers([0, 1, 1, 1]), SIMPLE, FRACTIONAL)
    assert found.verdict is VIOLATED


@pytest.mark.parametrize(
    ("current", "config", "verdict", "distance"),
    [
        (_texts({"a": 50, "b": 50}), SIMPLE, HELD, 0.0),
        (_texts({"a": 75, "b": 25}), SIMPLE, HELD, 0.25),
        (_texts({"a": 20, "b": 50, "new": 30}), SIMPLE, VIOLATED, 0.3),
        (_texts({"new": 100}), MonitoringConfig(), VIOLATED, robust(1.0, 100, 100)),
        (_texts(None, FrequentValues((("a", 90), ("b", 10)))), SIMPLE, VIOLATED, 0.4),
        (_texts(None, FrequentValues((("a", 30), ("b", 40)), 30, 1)), SIMPLE, NOT_EVALUATED, 0.2),
        (_texts(None, FrequentValues((("a", 8), ("b", 48)), 8)), SIMPLE, NOT_EVALUATED, 0.375),
        (_texts(None, FrequentValues((("c", 60), ("a", 10)), 30, 1)), SIMPLE, VIOLATED, 0.6),
    ],
    ids=[
        "same",
        "at the threshold",
        "new",
        "robust",
        "all frequent",
        "undecided",
        "just undecided",
        "by far",
    ],
)
def test_the_largest_gap_of_shares_decides(
    current: FeatureStatistics, config: MonitoringConfig, verdict: Verdict, distance: float
) -> None:
    """A list of frequent values decides only where its error leaves no doubt."""
    found = _drift(current, _texts({"a": 50, "b": 50}), config, STRING)
    assert (verdict, pytest.approx(distance)) == (found.verdict, found.numbers["distance"])


def test_chi_squared_says_which_way_it_is_read() -> None:
    """The p-value against the threshold; the sentence has the statistic and its critical value."""
    found = _drift(_texts({"a": 65, "b": 35}), _texts({"a": 500, "b": 500}), CHI_SQUARED, STRING)
    match = re.search("distance: (.+) exceeds threshold: (.+)", found.description)
    assert match is not None
    assert [9.0, pytest.approx(3.8414588)] == [float(number) for number in match.groups()]
    assert found.verdict is VIOLATED
    assert found.numbers["p_value"] < 0.05
    assert found.numbers["direction"].startswith("p-value below threshold (our reading;")


@pytest.mark.parametrize(
    ("current", "verdict"),
    [
        (_texts({"a": 52, "b": 48}), HELD),
        (_texts({"a": 2, "b": 2}), Verdict.NOT_ENOUGH_DATA),
        (_texts(None, FrequentValues((("a", 30), ("b", 40)), 30, 1)), NOT_EVALUATED),
    ],
    ids=["held", "few", "not all counted"],
)
def test_chi_squared_is_not_forced(current: FeatureStatistics, verdict: Verdict) -> None:
    """Too few values, or counts with an error, give no p-value."""
    found = _drift(current, _texts({"a": 500, "b": 500}), CHI_SQUARED, STRING)
    assert verdict is found.verdict


@pytest.mark.parametrize(
    ("current", "baseline", "inferred", "reason"),
    [
        (_numbers([1.0]), None, FRACTIONAL, "there are no baseline statistics"),
        (
            _numbers([1.0]),
            FeatureStatistics("y", FRACTIONAL, 1, 0),
            FRACTIONAL,
            "the baseline statistics do not have the column",
        ),
        (
            _numbers([1.0]),
            FeatureStatistics("x", UNKNOWN, failure="odd"),
            FRACTIONAL,
            "the baseline's column could not be profiled: odd",
        ),
        (
            _texts({"a": 1}),
            _numbers([1.0]),
            FRACTIONAL,
            "the current column has no numbers (it is String)",
        ),
        (
            _numbers([1.0]),
            _texts({"a": 1}),
            FRACTIONAL,
            "the baseline column has no numbers (it is String)",
        ),
        (
            _numbers([1.0]),
            FeatureStatistics("x", FRACTIONAL, 1, 0, NumericStatistics(mean=1.0)),
            FRACTIONAL,
            "the baseline statistics hold no sketch of the numbers",
        ),
        (
            FeatureStatistics("x", FRACTIONAL, 0, 9),
            _numbers([1.0]),
            FRACTIONAL,
            "the current column has no values",
        ),
        (
            _texts({"a": 1}),
            FeatureStatistics("x", STRING),
            STRING,
            "the baseline column has no values",
        ),
        (_numbers([]), _numbers([1.0]), FRACTIONAL, "the current column has no finite number"),
        (
            _numbers([1.0]),
            _texts({"a": 1}),
            STRING,
            "the current column has no text (it is Fractional)",
        ),
        (
            _texts({"a": 1}),
            _texts(None),
            STRING,
            "the baseline statistics hold no counts of categories",
        ),
        (
            _texts({}),
            _texts({"a": 1}),
            STRING,
            "the current column has no text values that were counted",
        ),
        (
            _texts({"a": 1}),
            _texts({}),
            STRING,
            "the baseline column has no text values that were counted",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_what_cannot_be_compared_says_why(
    current: FeatureStatistics,
    baseline: FeatureStatistics | None,
    inferred: InferredType,
    reason: str,
) -> None:
    """Never a silent pass."""
    found = _drift(current, baseline, MonitoringConfig(), inferred)
    assert (NOT_EVALUATED, f"Not evaluated: {reason}.") == (found.verdict, found.description)


def test_no_statistics_make_a_rule_raise_and_all_numbers_are_json() -> None:
    """Every odd feature against every other, every type and method: one outcome a check."""
    odd = [
        _numbers([1.0, 2.0]),
        _numbers([]),
        _numbers(),
        _texts({"a": 3}),
        _texts({}),
        _texts(None),
        _texts(None, FrequentValues()),
        _texts(None, FrequentValues((("a", 0),), 0, 0)),
        FeatureStatistics("x", UNKNOWN),
        FeatureStatistics("x", INTEGRAL, 3, 0),
        FeatureStatistics("x", STRING, 0, 3, NumericStatistics(), StringStatistics()),
        FeatureStatistics("x", FRACTIONAL, 3, 0, detail=Detail(Kind.FRACTIONAL)),
        FeatureStatistics("x", UNKNOWN, failure="odd"),
    ]
    thresholds = [
        MonitoringConfig(
            datatype_check_threshold=share,
            domain_content_threshold=share,
            comparison_threshold=share,
            comparison_method=method,
            categorical_comparison_threshold=share,
            categorical_drift_method=drift_method,
        )
        for share, method, drift_method in product((0.0, 1.0), ComparisonMethod, CategoricalMethod)
    ]
    for current, baseline, inferred, config in product(odd, odd, InferredType, thresholds):
        required = FeatureConstraints("x", inferred, 0.5, is_non_negative=True, domains=("a",))
        outcomes = evaluate(
            Statistics(3, (current,)), Constraints((required,), config), Statistics(3, (baseline,))
        )
        assert len({outcome.check for outcome in outcomes}) == len(outcomes)
        json.dumps([dict(outcome.numbers) for outcome in outcomes], allow_nan=False)
