"""Evaluation of one dataset against constraints: each check, each verdict, each sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tidegauge.model.outcome import Check, Outcome, Verdict, Violation
from tidegauge.model.statistics import (
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    NumericStatistics,
    Statistics,
    StringStatistics,
    TypeCounts,
)
from tidegauge.rules.constraints import Constraints, FeatureConstraints, MonitoringConfig
from tidegauge.rules.evaluate import evaluate, violations

if TYPE_CHECKING:
    from collections.abc import Iterable

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = InferredType
HELD, VIOLATED, NOT_EVALUATED = Verdict.HELD, Verdict.VIOLATED, Verdict.NOT_EVALUATED


def _number(
    name: str = "x",
    inferred: InferredType = FRACTIONAL,
    types: TypeCounts | None = None,
    least: float = 0.0,
) -> FeatureStatistics:
    detail = Detail(Kind.FRACTIONAL, types=types) if types else None
    return FeatureStatistics(name, inferred, 1_000, 0, NumericStatistics(min=least), None, detail)


def _text(counts: dict[str, int], types: TypeCounts | None = None) -> FeatureStatistics:
    detail = Detail(Kind.TEXT, types=types) if types else None
    text = StringStatistics(len(counts), tuple(counts.items()))
    return FeatureStatistics("x", STRING, sum(counts.values()), 0, None, text, detail)


def _frequent(frequent: FrequentValues) -> FeatureStatistics:
    detail = Detail(Kind.TEXT, frequent=frequent)
    return FeatureStatistics("x", STRING, 100, 0, None, StringStatistics(900.0), detail)


def _outcomes(
    current: Iterable[FeatureStatistics],
    *required: FeatureConstraints,
    config: MonitoringConfig | None = None,
    baseline: Iterable[FeatureStatistics] | None = None,
    rows: int = 1_000,
) -> tuple[Outcome, ...]:
    return evaluate(
        Statistics(rows, tuple(current)),
        Constraints(required, config or MonitoringConfig()),
        None if baseline is None else Statistics(rows, tuple(baseline)),
    )


def _one(outcomes: Iterable[Outcome], check: Check) -> Outcome:
    (outcome,) = (outcome for outcome in outcomes if outcome.check is check)
    return outcome


MIXED = TypeCounts(integral=990, fractional=6, string=4)


@pytest.mark.parametrize(
    ("expected", "current", "verdict", "share"),
    [
        (INTEGRAL, _number(inferred=FRACTIONAL), VIOLATED, 0.0),
        (INTEGRAL, _number(inferred=INTEGRAL), HELD, 1.0),
        (FRACTIONAL, _number(inferred=INTEGRAL), HELD, 1.0),
        (FRACTIONAL, _text({"a": 9}), VIOLATED, 0.0),
        (INTEGRAL, _number(types=MIXED), VIOLATED, 0.99),
        (FRACTIONAL, _number(types=MIXED), VIOLATED, 0.996),
        (FRACTIONAL, _number(types=TypeCounts(integral=1, fractional=1)), HELD, 1.0),
        (STRING, _text({"a": 1, "7": 999}, TypeCounts(integral=999, string=1)), HELD, 1.0),
        (STRING, _text({"true": 9}, TypeCounts(boolean=9)), HELD, 1.0),
        (STRING, _number(), VIOLATED, 0.0),
        (STRING, FeatureStatistics("x", UNKNOWN, 0, 9), NOT_EVALUATED, None),
        (FRACTIONAL, FeatureStatistics("x", FRACTIONAL, 0, 9), NOT_EVALUATED, None),
        (UNKNOWN, _number(), NOT_EVALUATED, None),
    ],
)
def test_the_share_of_matching_types_decides(
    expected: InferredType, current: FeatureStatistics, verdict: Verdict, share: float | None
) -> None:
    """By the counts of types where they are known, else by the column's type."""
    found = _one(_outcomes([current], FeatureConstraints("x", expected)), Check.DATA_TYPE)
    assert (verdict, share) == (found.verdict, found.numbers.get("observed"))


def test_the_sentence_of_the_type_check_is_the_services() -> None:
    """To the letter, as in the churn demo's violations."""
    current = _number(types=TypeCounts(integral=999, fractional=1))
    found = _one(_outcomes([current], FeatureConstraints("x", INTEGRAL)), Check.DATA_TYPE)
    assert found.description == (
        "Data type match requirement is not met. Expected data type: Integral,"
        " Expected match: 100.0%. Observed: Only 99.9% of data is Integral."
    )


def test_numbers_are_text_where_the_baseline_had_both() -> None:
    """A small window of a column like '12', '12A' may hold nothing but numbers."""
    baseline = _text({"12": 5, "12A": 5}, TypeCounts(integral=5, string=5))
    current = _number(inferred=INTEGRAL, types=TypeCounts(integral=1_000))
    required = FeatureConstraints("x", STRING)
    found = _one(_outcomes([current], required, baseline=[baseline]), Check.DATA_TYPE)
    assert found.verdict is HELD


def test_numbers_are_no_text_where_the_baseline_had_only_numbers() -> None:
    """A constraint that someone edited to String is taken at its word."""
    types = TypeCounts(fractional=1_000)
    required = FeatureConstraints("x", STRING)
    outcomes = _outcomes([_number(types=types)], required, baseline=[_number(types=types)])
    assert _one(outcomes, Check.DATA_TYPE).verdict is VIOLATED


def test_a_type_threshold_is_the_least_share_that_matches() -> None:
    """Equal to the threshold is met."""
    config = MonitoringConfig(datatype_check_threshold=0.99)
    required = FeatureConstraints("x", INTEGRAL)
    found = _one(_outcomes([_number(types=MIXED)], required, config=config), Check.DATA_TYPE)
    assert found.verdict is HELD


@pytest.mark.parametrize(
    ("present", "missing", "verdict", "description"),
    [
        (9, 1, HELD, "Value: 0.9 meets the constraint: at least 0.9."),
        (8, 2, VIOLATED, "Value: 0.8 does not meet the constraint requirement!"),
        (0, 10, VIOLATED, "Value: 0.0 does not meet the constraint requirement!"),
        (0, 0, NOT_EVALUATED, "Not evaluated: the feature has no rows."),
    ],
)
def test_completeness_is_the_share_of_rows_with_a_value(
    present: int, missing: int, verdict: Verdict, description: str
) -> None:
    """Below the share that is asked for it is violated, at it it is held."""
    current = FeatureStatistics("x", INTEGRAL, present, missing)
    outcomes = _outcomes([current], FeatureConstraints("x", INTEGRAL, 0.9))
    found = _one(outcomes, Check.COMPLETENESS)
    assert (verdict, description) == (found.verdict, found.description)


@pytest.mark.parametrize(
    ("current", "verdict"),
    [
        (_number(least=0.0), HELD),
        (_number(least=-0.0), HELD),
        (_number(least=-3.0), VIOLATED),
        (replace(_number(), detail=Detail(Kind.FRACTIONAL, negative_infinity=1)), VIOLATED),
        (FeatureStatistics("x", FRACTIONAL, 0, 9), NOT_EVALUATED),
        (_text({"-3": 1}), NOT_EVALUATED),
    ],
    ids=["zero", "minus zero", "negative", "minus infinity", "no values", "text"],
)
def test_a_negative_value_violates_non_negative(
    current: FeatureStatistics, verdict: Verdict
) -> None:
    """The service has the constraint and no check for it; ours has a type of its own."""
    required = FeatureConstraints("x", FRACTIONAL, is_non_negative=True)
    assert _one(_outcomes([current], required), Check.NON_NEGATIVE).verdict is verdict


DOMAIN = FeatureConstraints("x", STRING, domains=("a", "b"))


@pytest.mark.parametrize(
    ("current", "threshold", "verdict", "observed"),
    [
        (_text({"a": 1, "b": 3}), 1.0, HELD, 1.0),
        (_text({"a": 1, "c": 3}), 1.0, VIOLATED, 0.25),
        (_text({"a": 3, "c": 1}), 0.75, HELD, 0.75),
        (_frequent(FrequentValues((("a", 60), ("b", 40)))), 1.0, HELD, 1.0),
        (_frequent(FrequentValues((("a", 60), ("c", 10)), 30, 2)), 0.95, VIOLATED, 0.6),
        (_frequent(FrequentValues((("a", 60), ("c", 10)), 30, 2)), 0.9, NOT_EVALUATED, 0.6),
        (_frequent(FrequentValues((("a", 60), ("c", 10)), 30, 2)), 0.5, HELD, 0.6),
        (_number(), 1.0, NOT_EVALUATED, None),
        (_text({}), 1.0, NOT_EVALUATED, None),
    ],
)
def test_the_share_inside_the_domain_decides(
    current: FeatureStatistics, threshold: float, verdict: Verdict, observed: float | None
) -> None:
    """Exact where all values are listed; else the bounds must lie on one side."""
    config = MonitoringConfig(domain_content_threshold=threshold)
    found = _one(_outcomes([current], DOMAIN, config=config), Check.CATEGORICAL_VALUES)
    assert (verdict, observed) == (found.verdict, found.numbers.get("observed"))


def test_values_outside_the_domain_are_named() -> None:
    """The most frequent first, and no more than a few."""
    current = _text({"a": 6, "c": 1, "d": 2})
    found = _one(_outcomes([current], DOMAIN), Check.CATEGORICAL_VALUES)
    assert list(found.numbers["unexpected"].items()) == [("d", 2), ("c", 1)]
    assert found.description == (f"Value: {6 / 9} does not meet the constraint requirement!")


def test_missing_and_extra_columns_are_named() -> None:
    """By name even where the counts agree, as after a rename."""
    required = [FeatureConstraints(name, INTEGRAL) for name in ("kept", "old")]
    outcomes = _outcomes([_number("kept"), _number("new")], *required)
    found = [o for o in outcomes if o.check in (Check.MISSING_COLUMN, Check.EXTRA_COLUMN)]
    counts = (
        "Number of columns in current dataset: 2, Number of columns in baseline constraints: 2."
    )
    assert [(o.feature, o.check, o.verdict, o.description) for o in found] == [
        ("kept", Check.MISSING_COLUMN, HELD, "The column 'kept' is there."),
        (
            "old",
            Check.MISSING_COLUMN,
            VIOLATED,
            f"There are missing columns in current dataset. {counts} The column 'old' is missing.",
        ),
        (
            "new",
            Check.EXTRA_COLUMN,
            VIOLATED,
            f"There are extra columns in current dataset. {counts} The column 'new' is extra.",
        ),
    ]


def test_a_missing_column_leaves_its_other_checks_not_evaluated() -> None:
    """They are not held, and not violated a second time."""
    outcomes = _outcomes([_number("y")], FeatureConstraints("x", INTEGRAL, 1.0), baseline=[])
    found = [o for o in outcomes if o.feature == "x" and o.check is not Check.MISSING_COLUMN]
    assert {(NOT_EVALUATED, "Not evaluated: the column is missing.")} == {
        (o.verdict, o.description) for o in found
    }


def test_outputs_are_never_extra_columns() -> None:
    """What the endpoint answered is profiled beside its inputs; one that is constrained counts."""
    statistics = Statistics(9, (_number("x"), _number("score")))
    constraints = Constraints((FeatureConstraints("x", FRACTIONAL),))
    outcomes = evaluate(statistics, constraints, None, outputs=("score", "x"))
    assert {"x"} == {outcome.feature for outcome in outcomes}
    assert _one(outcomes, Check.MISSING_COLUMN).verdict is HELD
    assert _one(outcomes, Check.MISSING_COLUMN).numbers["columns"] == 1


def test_an_empty_dataset_is_not_evaluated() -> None:
    """Every check says so, the columns' own included."""
    required = (FeatureConstraints("x", INTEGRAL, 1.0), FeatureConstraints("gone", INTEGRAL))
    found = _outcomes([_number("x"), _number("new")], *required, rows=0, baseline=[])
    assert {(NOT_EVALUATED, "Not evaluated: the dataset has no rows.")} == {
        (o.verdict, o.description) for o in found
    }
    assert {"x", "gone", "new"} == {o.feature for o in found}


def test_a_failed_column_is_there_and_not_evaluated() -> None:
    """With the reason; the next feature's checks go on."""
    failed = FeatureStatistics("x", UNKNOWN, failure="too odd")
    required = (FeatureConstraints("x", INTEGRAL, 1.0), FeatureConstraints("y", INTEGRAL, 1.0))
    outcomes = _outcomes([failed, _number("y", INTEGRAL)], *required, baseline=[])
    found = [(o.verdict, o.description) for o in outcomes if o.feature == "x"]
    reason = (NOT_EVALUATED, "Not evaluated: the column could not be profiled: too odd.")
    assert [(HELD, "The column 'x' is there."), reason, reason, reason] == found
    assert [o.verdict for o in outcomes if o.feature == "y"][:3] == [HELD] * 3


def test_what_is_disabled_is_not_evaluated() -> None:
    """For one feature, and for the whole dataset, extra columns included."""
    off = FeatureConstraints("x", INTEGRAL, overrides={"evaluate_constraints": False})
    found = _outcomes([_number()], off)
    assert {(NOT_EVALUATED, "Not evaluated: evaluate_constraints is Disabled.")} == {
        (o.verdict, o.description) for o in found
    }
    config = MonitoringConfig(evaluate_constraints=False)
    outcomes = _outcomes([_number(), _number("new")], replace(off, overrides={}), config=config)
    assert {NOT_EVALUATED} == {outcome.verdict for outcome in outcomes}


def test_violations_are_the_violated_outcomes_with_their_numbers() -> None:
    """Held ones and open ones are for outcomes.json alone."""
    outcomes = (
        Outcome("x", Check.COMPLETENESS, HELD, "fine"),
        Outcome("y", Check.COMPLETENESS, VIOLATED, "bad", {"observed": 0.5}),
        Outcome("z", Check.COMPLETENESS, NOT_EVALUATED, "why"),
    )
    assert violations(outcomes) == (Violation("y", Check.COMPLETENESS, "bad", {"observed": 0.5}),)
