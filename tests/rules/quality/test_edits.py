"""What accepts a window: a margin around it, or its value where people chose the number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.quality.folding import MULTICLASS, REGRESSION, statistics

from tidegauge.documents.quality import constraints as document
from tidegauge.documents.text import dump, load
from tidegauge.model.outcome import Verdict
from tidegauge.model.quality import Estimate, QualityStatistics
from tidegauge.rules.quality.constraints import MetricConstraint, Operator
from tidegauge.rules.quality.edits import accepting, applied, under
from tidegauge.rules.quality.evaluate import evaluate
from tidegauge.rules.quality.suggest import suggest

WINDOW = "2024-03-03T0000Z_P1D"


def right(correct: int, rows: int) -> QualityStatistics:
    """Answers of which so many are right."""
    answers = np.where(np.arange(rows) < correct, 0, 1)
    return statistics(MULTICLASS, label=np.zeros(rows, int), prediction=answers)


def missed(scale: float, rows: int, seed: int) -> QualityStatistics:
    """Numbers with normal errors of a scale."""
    rng = np.random.default_rng(seed)
    y = rng.gamma(2.0, size=rows)
    return statistics(REGRESSION, label=y, prediction=y + scale * rng.normal(size=rows))


BASELINE = right(9_000, 10_000)
SUGGESTED = suggest(BASELINE, alpha=1e-3, expected_rows=1_000)


def verdict(window: QualityStatistics, constraint: MetricConstraint) -> Verdict:
    """What becomes of the one constraint."""
    return evaluate(window, replace(SUGGESTED, metrics=(constraint,)), BASELINE)[0].verdict


def accuracy() -> MetricConstraint:
    """The suggested one."""
    return next(one for one in SUGGESTED.metrics if one.metric == "accuracy")


def test_windows_no_worse_than_an_accepted_one_keep_the_budget() -> None:
    """Of 4,000 windows like it alpha = 1 / 1,000 each lets 4 alarm; the plain value lets half."""
    bad = right(800, 1_000)
    assert Verdict.VIOLATED is verdict(bad, accuracy())
    accepted = accepting(accuracy(), bad.metrics["accuracy"], bad.rows, WINDOW)
    rng = np.random.default_rng(3)
    # Each time another window of a true accuracy of 0.8 is accepted, and another one judged by it.
    seen = rng.binomial(1_000, 0.8, (4_000, 2))
    made = {
        int(k): accepting(accuracy(), right(int(k), 1_000).metrics["accuracy"], 1_000)
        for k in np.unique(seen[:, 0])
    }
    violated = sum(judged / 1_000 < made[int(k)].threshold for k, judged in seen)

    assert Verdict.HELD is verdict(bad, accepted)
    assert violated <= 12  # 4 expected at most; 13 or more in one of 4,000 tries
    assert Verdict.VIOLATED is verdict(right(680, 1_000), accepted)


def test_a_regression_is_accepted_in_its_own_unit() -> None:
    """The worse direction is up there."""
    baseline = missed(1.0, 5_000, 0)
    suggested = suggest(baseline, alpha=1e-3, expected_rows=500)
    bad = missed(1.5, 500, 1)
    for constraint in suggested.metrics:
        accepted = accepting(constraint, bad.metrics[constraint.metric], bad.rows)
        sign, value = constraint.operator.sign, bad.metrics[constraint.metric].value
        assert value is not None
        assert sign * constraint.threshold < sign * value < sign * accepted.threshold


def test_what_people_wrote_gets_the_value_itself() -> None:
    """Edited, or the service's: neither has a margin to move."""
    bad = right(800, 1_000)
    edited = replace(accuracy(), threshold=0.89)
    service = MetricConstraint("accuracy", 0.89, Operator.LESS)
    for constraint in (edited, service):
        accepted = accepting(constraint, bad.metrics["accuracy"], bad.rows)
        assert 0.8 == accepted.threshold
        assert (Verdict.HELD, Verdict.VIOLATED) == (
            verdict(bad, accepted), verdict(right(799, 1_000), accepted)
        )  # fmt: skip


def test_a_value_without_a_margin_is_taken_as_it_stands() -> None:
    """One row tells nothing of the others."""
    accepted = accepting(accuracy(), Estimate(0.0, n=1), 1)
    assert 0.0 == accepted.threshold


def test_the_document_keeps_where_a_margin_comes_from() -> None:
    """And a suggested basis has no such key."""
    bad = right(800, 1_000)
    accepted = accepting(accuracy(), bad.metrics["accuracy"], bad.rows, WINDOW)
    made = applied(SUGGESTED, accepted)
    encoded = document.encode(made)

    assert made == document.decode(load(dump(encoded), "x"), "x")
    assert {"accuracy"} == {
        metric for metric, basis in encoded["tidegauge"]["metrics"].items() if "accepted" in basis
    }


@pytest.mark.parametrize(("alpha", "min_effect"), [(1e-5, 0.02), (0.05, 0.02), (1e-3, 0.1)])
def test_another_budget_is_as_if_it_had_been_there_before(alpha: float, min_effect: float) -> None:
    """All thresholds to the last digit, and with the same settings nothing is another."""
    again = suggest(BASELINE, alpha=alpha, expected_rows=1_000, min_effect=min_effect)
    assert again.metrics == under(SUGGESTED, alpha, min_effect).metrics
    assert again.metrics != SUGGESTED.metrics
    assert SUGGESTED == under(SUGGESTED, 1e-3, 0.02)


def test_no_budget_moves_what_people_wrote() -> None:
    """It holds as it stands."""
    edited = replace(SUGGESTED, metrics=(replace(accuracy(), threshold=0.89),))
    assert edited == under(edited, 0.05, 0.1)
