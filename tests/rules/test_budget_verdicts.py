"""Evaluation where a budget decides: each verdict, and the stated outcomes of small windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tests.rules.alarms.made import plan, statistics

from tidegauge.model.outcome import DATASET, Check, Outcome, Verdict
from tidegauge.model.statistics import FeatureStatistics, InferredType, Statistics
from tidegauge.rules.alarms.policy import Method, Override, Setting
from tidegauge.rules.alarms.trial import Trial
from tidegauge.rules.alarms.typical import row_count
from tidegauge.rules.evaluate import evaluate
from tidegauge.rules.suggest import suggest

HELD, VIOLATED, NOT_ENOUGH, NOT_EVALUATED = Verdict
RNG = np.random.default_rng(1)
ROWS = 20_000
BASELINE = statistics(
    {
        "number": RNG.random(ROWS),
        "flag": RNG.integers(0, 2, ROWS),
        "text": RNG.choice(["a", "b", "c"], ROWS, p=[0.7, 0.2, 0.1]),
        "when": pa.array(np.arange(ROWS), pa.timestamp("s")),
        "nothing": pa.nulls(ROWS),
    }
)
CONSTRAINTS = suggest(BASELINE)
DRIFT, MISSING, TYPE = Check.BASELINE_DRIFT, Check.COMPLETENESS, Check.DATA_TYPE


def window(rows: int, seed: int = 2, **changes: object) -> Statistics:
    """A window like the baseline, but for some columns."""
    rng = np.random.default_rng(seed)
    return statistics(
        {
            "number": rng.random(rows),
            "flag": rng.integers(0, 2, rows),
            "text": rng.choice(["a", "b", "c"], rows, p=[0.7, 0.2, 0.1]),
            "when": pa.array(np.arange(rows), pa.timestamp("s")),
            "nothing": pa.nulls(rows),
            **changes,
        }
    )


def judged(current: Statistics, **policy: object) -> dict[tuple[str, str], Outcome]:
    """Every outcome by feature and check."""
    found = evaluate(current, CONSTRAINTS, BASELINE, plan=plan(**policy))
    return {(outcome.feature, outcome.check): outcome for outcome in found}


def verdicts(found: dict[tuple[str, str], Outcome], feature: str) -> dict[str, Verdict]:
    """Those of one feature by check."""
    return {check: outcome.verdict for (name, check), outcome in found.items() if name == feature}


def test_a_window_like_the_baseline_holds_everything() -> None:
    """With enough rows for every floor; times are not compared, and nothing has no type."""
    found = judged(window(20_000))
    tested = [found["number", check] for check in (MISSING, TYPE, Check.NON_NEGATIVE, DRIFT)]
    tested += [found["text", check] for check in (MISSING, Check.CATEGORICAL_VALUES, DRIFT)]
    assert {HELD} == {outcome.verdict for outcome in tested}
    assert NOT_EVALUATED == found["when", DRIFT].verdict
    assert {MISSING: HELD, TYPE: NOT_EVALUATED, Check.MISSING_COLUMN: HELD} == verdicts(
        found, "nothing"
    )


def test_every_number_is_there_to_compute_the_verdict_again() -> None:
    """Effect, floor, sizes, p, alpha, threshold, what could have been seen, and the power."""
    for outcome in judged(window(500)).values():
        if "p_value" in outcome.numbers:
            numbers = outcome.numbers
            assert numbers["n"] == 500
            assert 0 <= numbers["p_value"] <= 1
            expected = (
                VIOLATED
                if numbers["p_value"] < numbers["alpha"]
                and numbers["effect"] > numbers["min_effect"]
                else NOT_ENOUGH
                if numbers["smallest_detectable"] > numbers["min_effect"]
                else HELD
            )
            assert expected == outcome.verdict
            assert {"baseline_n", "power", "critical_value", "extrapolated"} <= numbers.keys()


def test_an_empty_window_is_not_evaluated() -> None:
    """With or without its columns."""
    for current in (Statistics(0), window(0)):
        found = judged(current)
        assert {NOT_EVALUATED} == {outcome.verdict for outcome in found.values()}
        assert {"Not evaluated: the dataset has no rows."} == {
            outcome.description
            for (_, check), outcome in found.items()
            # A switched off check says so; the row count, how many windows it would take.
            if check != Check.ROW_COUNT and "Disabled" not in outcome.description
        }


def test_one_row_is_not_enough_for_any_share_or_distribution() -> None:
    """Nor is it ever fine; only facts hold."""
    found = judged(window(1))
    for feature in ("number", "flag", "text"):
        for check, verdict in verdicts(found, feature).items():
            fact = check == Check.MISSING_COLUMN or (feature == "text" and check == TYPE)
            assert (HELD if fact else NOT_ENOUGH) == verdict, (feature, check)
    told = found["number", DRIFT].description
    assert told.startswith("Not enough data: the effect ")
    assert "with 1 values against 20000 no effect at all would have shown" in told


def test_a_column_of_nulls_is_missing_and_nothing_else() -> None:
    """However few rows there are, if the baseline had no gap."""
    for rows in (8, 20_000):
        found = judged(window(rows, number=pa.nulls(rows, pa.float64())))
        assert {
            MISSING: VIOLATED,
            TYPE: NOT_EVALUATED,
            Check.NON_NEGATIVE: NOT_EVALUATED,
            DRIFT: NOT_EVALUATED,
            Check.RANGE: NOT_EVALUATED,
            Check.MISSING_COLUMN: HELD,
        } == verdicts(found, "number")
        assert "Not evaluated: the current column has no values." == (
            found["number", DRIFT].description
        )


def test_values_where_the_baseline_had_none() -> None:
    """There is nothing to compare them with, and no constraint against them."""
    found = judged(window(100, nothing=np.arange(100)))
    assert {VIOLATED} & set(verdicts(found, "nothing").values()) == set()


def test_a_stuck_sensor_is_seen_in_a_small_window() -> None:
    """100 rows of one value."""
    assert VIOLATED == judged(window(100, number=np.full(100, 0.5)))["number", DRIFT].verdict


def test_an_absent_column_leaves_its_other_checks_open() -> None:
    """And a failed one says why."""
    current = window(1000)
    absent = replace(current, features=current.features[1:])
    assert {VIOLATED, NOT_EVALUATED} == set(verdicts(judged(absent), "number").values())
    failed = FeatureStatistics("number", InferredType.UNKNOWN, 9, 1, failure="it broke")
    broken = replace(current, features=(failed, *current.features[1:]))
    told = judged(broken)["number", DRIFT].description
    assert told == "Not evaluated: the column could not be profiled: it broke."


def test_a_larger_budget_has_smaller_bands() -> None:
    """30 false alarms a month instead of one."""
    one, thirty = (judged(window(500), alarms=n)["number", DRIFT].numbers for n in (1, 30))
    assert 30 == pytest.approx(thirty["alpha"] / one["alpha"])
    assert thirty["smallest_detectable"] < one["smallest_detectable"]


def test_without_a_plan_and_by_their_method_sagemaker_decides() -> None:
    """The same outcomes to the last number."""
    current = window(700, number=np.random.default_rng(3).random(700) + 0.3)
    theirs = judged(current, default=Setting(method=Method.SAGEMAKER))
    plain = evaluate(current, CONSTRAINTS, BASELINE)
    assert plain == tuple(theirs.values())
    assert "p_value" not in theirs["number", DRIFT].numbers


def test_one_check_can_be_theirs_and_the_others_ours() -> None:
    """Drift of one feature by SageMaker's distance."""
    theirs = Override(method=Method.SAGEMAKER)
    found = judged(window(700), feature_checks={("number", DRIFT): theirs})
    assert "p_value" not in found["number", DRIFT].numbers
    assert "p_value" in found["flag", DRIFT].numbers


def test_without_baseline_statistics_shares_are_judged_as_sagemaker_does() -> None:
    """And drift is not evaluated, with the reason."""
    found = evaluate(window(100), CONSTRAINTS, None, plan=plan())
    drifts = [o for o in found if o.check == DRIFT and o.feature == "number"]
    assert ["Not evaluated: there are no baseline statistics."] == [o.description for o in drifts]
    counted = (DATASET, Check.ROW_COUNT, NOT_EVALUATED)
    assert plain_of(found) == [*plain_of(evaluate(window(100), CONSTRAINTS, None)), counted]


def test_a_window_is_counted_against_its_like_before_it() -> None:
    """Fewer rows, or none, are violated; as many as ever are held, too few like it say nothing."""
    before = (1_000_000, 1_002_000, 999_000, 1_001_500, 998_000, 1_000_500, 999_500, 1_001_000)
    for rows, known, verdict in (
        (1_000_700, before, HELD),
        (700_000, before, VIOLATED),
        (1_300_000, before, VIOLATED),
        (0, before, VIOLATED),
        (700_000, before[:7], NOT_EVALUATED),
    ):
        asked = replace(plan(), rows_before=known)
        *_, counted = evaluate(Statistics(rows), CONSTRAINTS, BASELINE, plan=asked)
        assert (DATASET, Check.ROW_COUNT, verdict) == (
            counted.feature, counted.check, counted.verdict,
        ), counted  # fmt: skip


def test_a_prediction_interval_covers_as_often_as_it_says() -> None:
    """Student's t of lognormal counts: alarms at the rate alpha, within sampling error."""
    rng = np.random.default_rng(3)
    trial = Trial(0.01, Setting(min_effect=0.0))
    alarms = sum(
        row_count(now, before, trial).verdict is VIOLATED
        for *before, now in np.exp(rng.normal(9, 0.2, (4_000, 13))).astype(int).tolist()
    )
    assert 22 <= alarms <= 62  # 40 are expected, four standard deviations either side


def plain_of(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str, Verdict]]:
    """What became of what."""
    return [(o.feature, o.check, o.verdict) for o in outcomes]
