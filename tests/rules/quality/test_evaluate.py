"""Evaluation of metrics: verdicts, sentences, and the numbers that explain them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.quality.folding import BINARY, MULTICLASS, REGRESSION, statistics

from tidegauge.documents.outcomes import encode as encode_outcomes
from tidegauge.documents.text import dump
from tidegauge.model.outcome import Verdict
from tidegauge.model.quality import Problem, QualityStatistics
from tidegauge.rules.evaluate import violations
from tidegauge.rules.quality.constraints import (
    MetricConstraint,
    Operator,
    QualityConstraints,
)
from tidegauge.rules.quality.evaluate import evaluate
from tidegauge.rules.quality.suggest import suggest


def right(of: int, rows: int) -> QualityStatistics:
    """So many right answers of so many rows."""
    return statistics(MULTICLASS, label=["a"] * rows, prediction=["a"] * of + ["b"] * (rows - of))


def only(metric: str, threshold: float, operator: Operator) -> QualityConstraints:
    """One constraint as the service writes it."""
    return QualityConstraints(Problem.MULTICLASS, (MetricConstraint(metric, threshold, operator),))


BASELINE = right(9_000, 10_000)
SUGGESTED = suggest(BASELINE, alpha=1e-3, expected_rows=1_000)


def verdict(window: QualityStatistics, constraints: QualityConstraints = SUGGESTED) -> Verdict:
    """What becomes of the first constraint, which is on the accuracy."""
    return evaluate(window, constraints, BASELINE)[0].verdict


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (right(900, 1_000), Verdict.HELD),
        (right(880, 1_000), Verdict.HELD),
        (right(800, 1_000), Verdict.VIOLATED),
        (right(0, 30), Verdict.VIOLATED),
        (right(85, 100), Verdict.NOT_ENOUGH_DATA),
        (right(100, 100), Verdict.NOT_ENOUGH_DATA),
        (right(0, 29), Verdict.NOT_ENOUGH_DATA),
        (right(0, 0), Verdict.NOT_ENOUGH_DATA),
        (right(8_900, 10_000), Verdict.HELD),
        (right(8_500, 10_000), Verdict.VIOLATED),
    ],
)
def test_verdicts_of_a_suggested_constraint(window: QualityStatistics, expected: Verdict) -> None:
    """A flood of errors shows in 30 rows; few rows can neither condemn nor acquit."""
    assert expected == verdict(window)


def test_beyond_the_threshold_but_within_chance_is_not_enough_data() -> None:
    """80 of 100 is below the threshold for windows of 1,000, and what chance does to 100 rows."""
    outcome = evaluate(right(83, 100), SUGGESTED)[0]

    assert Verdict.NOT_ENOUGH_DATA is outcome.verdict
    assert "beyond the threshold" in outcome.description
    assert outcome.numbers["bound"] < 0.83 < outcome.numbers["threshold"]


def test_a_larger_window_is_held_to_the_threshold_itself() -> None:
    """What people read in the file is never undercut by a narrower margin."""
    outcome = evaluate(right(87_500, 100_000), SUGGESTED)[0]

    assert Verdict.HELD is outcome.verdict
    assert outcome.numbers["threshold"] == outcome.numbers["bound"]


@pytest.mark.parametrize(
    ("threshold", "operator", "expected"),
    [
        (0.9, Operator.LESS, Verdict.HELD),
        (0.9000001, Operator.LESS, Verdict.VIOLATED),
        (0.9, Operator.GREATER, Verdict.HELD),
        (0.8999999, Operator.GREATER, Verdict.VIOLATED),
    ],
)
def test_a_constraint_of_the_service_holds_as_it_stands(
    threshold: float, operator: Operator, expected: Verdict
) -> None:
    """Strictly less or greater, whatever the standard deviation."""
    found = evaluate(right(90, 100), only("accuracy", threshold, operator))

    assert expected == found[0].verdict


def test_an_edited_threshold_holds_as_it_stands() -> None:
    """Who writes another number into the file means that number."""
    first = SUGGESTED.metrics[0]
    edited = replace(SUGGESTED, metrics=(replace(first, threshold=0.89),))

    assert Verdict.HELD is verdict(right(89, 100), edited)
    assert Verdict.VIOLATED is verdict(right(88, 100), edited)


def test_the_sentence_of_a_violation() -> None:
    """SageMaker's pattern, with the standard deviation that its container prints."""
    outcome = evaluate(right(60, 100), only("accuracy", 0.6611, Operator.LESS), BASELINE)[0]

    assert "Metric accuracy with 0.6 +/- 0.049 was LessThanThreshold 0.6611" == outcome.description
    assert ("accuracy", "LessThanThreshold") == (outcome.feature, str(outcome.check))


def test_a_violation_explains_itself() -> None:
    """Value, bound, interval, both sizes, alpha, power, what moved."""
    outcome = evaluate(right(700, 1_000), SUGGESTED, BASELINE)[0]
    numbers = outcome.numbers

    assert Verdict.VIOLATED is outcome.verdict
    assert (0.7, 0.9, 1_000, 10_000) == (
        numbers["value"], numbers["baseline"], numbers["n"], numbers["baseline_n"]
    )  # fmt: skip
    assert (
        numbers["low"] < 0.7 < numbers["high"] < numbers["bound"] == SUGGESTED.metrics[0].threshold
    )
    assert (1e-3, 0.8) == (numbers["alpha"], numbers["power"])
    assert 0.02 < numbers["smallest_detectable"] < 0.1
    moved = {"actual": "a", "predicted": "a", "share": 0.7, "baseline_share": 0.9}
    assert moved == {k: pytest.approx(v) if isinstance(v, float) else v
                     for k, v in numbers["moved"].items()}  # fmt: skip
    assert b"NaN" not in dump(encode_outcomes((outcome,)))
    assert "accuracy" == violations((outcome,))[0].feature_name


def test_what_moved_among_numbers_is_a_size_of_error() -> None:
    """Errors twice as large: more of them lie above the baseline's upper quantiles."""
    rng = np.random.default_rng(17)
    errors = np.abs(rng.normal(size=4_000))
    baseline = statistics(REGRESSION, label=np.zeros(4_000), prediction=errors)
    window = statistics(REGRESSION, label=np.zeros(4_000), prediction=2 * errors)
    outcome = evaluate(window, suggest(baseline, alpha=1e-3, expected_rows=4_000), baseline)[0]
    moved = outcome.numbers["moved"]

    assert Verdict.VIOLATED is outcome.verdict
    share = np.mean(2 * errors > moved["errors_above"])
    assert moved["share"] == pytest.approx(share, abs=0.03)
    assert moved["share"] > moved["baseline_share"] + 0.2


def test_an_undefined_metric_is_not_enough_data() -> None:
    """A window without late flights has no recall, and so no bad one."""
    window = statistics(BINARY, label=[0] * 50, score=[0.1] * 50)
    found = evaluate(
        window,
        QualityConstraints(Problem.BINARY, (MetricConstraint("recall", 0.5, Operator.LESS),)),
    )

    assert Verdict.NOT_ENOUGH_DATA is found[0].verdict
    assert "no label is of the positive class" in found[0].description


def test_an_unknown_metric_is_not_evaluated() -> None:
    """A custom metric of someone's own container is no metric of ours, and says so."""
    outcome = evaluate(right(90, 100), only("gini", 0.6, Operator.LESS))[0]

    assert Verdict.NOT_EVALUATED is outcome.verdict
    assert "Not evaluated: there is no metric 'gini'." == outcome.description


def test_outcomes_keep_the_order_of_the_constraints() -> None:
    """One outcome a constraint."""
    found = evaluate(right(900, 1_000), SUGGESTED, BASELINE)

    assert [m.metric for m in SUGGESTED.metrics] == [o.feature for o in found]


def test_a_metric_without_a_constraint_is_not_evaluated_and_says_why() -> None:
    """Unless people have written one since; it is never passed over in silence."""
    own = only("accuracy", 0.6, Operator.LESS)
    dropped = replace(
        own, dropped={"weighted_recall": "days swing too much", "accuracy": "as well"}
    )
    first, last = evaluate(right(70, 100), dropped)

    assert ("accuracy", Verdict.HELD) == (first.feature, first.verdict)
    assert ("weighted_recall", Verdict.NOT_EVALUATED) == (last.feature, last.verdict)
    assert "weighted_recall has no constraint: days swing too much" in last.description
