"""Numbers worked out by hand, and what is said where there is no number."""

from __future__ import annotations

import pytest
from tests.quality.folding import BINARY, MULTICLASS, REGRESSION, statistics

from tidegauge.documents.quality import statistics as statistics_document
from tidegauge.documents.text import dump
from tidegauge.model.quality import Costs, Problem, QualityPlan
from tidegauge.quality.profile import QualityProfile
from tidegauge.quality.readout import read_out

TRUTH = [0, 1, 1, 0, 1, 0]
ANSWERS = [0, 1, 0, 0, 1, 1]


def test_six_answers_of_two_classes() -> None:
    """2 hits, 1 miss, 1 false alarm, 2 rightly refused: all four metrics are 2/3."""
    found = statistics(BINARY, label=TRUTH, prediction=ANSWERS)

    assert {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 2}} == found.confusion
    for metric in ("accuracy", "precision", "recall", "f1", "f0_5", "f2", "true_negative_rate"):
        assert found.value(metric) == pytest.approx(2 / 3)
    assert found.value("false_positive_rate") == pytest.approx(1 / 3)


def test_the_same_six_as_many_classes() -> None:
    """Both classes have precision, recall and F1 of 2/3, and so have their means."""
    found = statistics(MULTICLASS, label=TRUTH, prediction=ANSWERS)

    for metric in ("accuracy", "weighted_precision", "weighted_recall", "weighted_f1"):
        assert found.value(metric) == pytest.approx(2 / 3)


def test_the_published_multiclass_example() -> None:
    """A confusion matrix of the service's documentation, and the values it gives for it."""
    cells = {(0, 0): 1180, (0, 1): 510, (1, 0): 268, (1, 1): 138}
    label = [actual for (actual, _), n in cells.items() for _ in range(n)]
    prediction = [predicted for (_, predicted), n in cells.items() for _ in range(n)]
    found = statistics(MULTICLASS, label=label, prediction=prediction)
    expected = {
        "accuracy": 0.6288167938931297,
        "weighted_recall": 0.6288167938931297,
        "weighted_precision": 0.6983172269629505,
        "weighted_f0_5": 0.6803947317178771,
        "weighted_f1": 0.6571162346664904,
        "weighted_f2": 0.6384024354394601,
    }

    assert expected == pytest.approx({name: found.value(name) for name in expected}, rel=1e-14)


def test_the_published_binary_example() -> None:
    """The outcomes of the service's documentation: one hit, two false alarms, one refused."""
    found = statistics(BINARY, label=[0, 0, 0, 1], prediction=[0, 1, 1, 1])
    expected = {
        "recall": 1.0,
        "precision": 0.3333333333333333,
        "accuracy": 0.5,
        "true_negative_rate": 0.33333333333333337,
        "false_positive_rate": 0.6666666666666666,
        "f0_5": 0.3846153846153846,
        "f1": 0.5,
        "f2": 0.7142857142857143,
    }

    assert {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}} == found.confusion
    assert expected == pytest.approx({name: found.value(name) for name in expected}, rel=1e-14)


def test_a_ranking_by_hand() -> None:
    """Of the 2 x 3 pairs four are in order, one is tied and one is not: the area is 4.5/6."""
    found = statistics(BINARY, label=[1, 1, 0, 0, 0], score=[0.9, 0.3, 0.5, 0.3, 0.1])

    assert found.value("auc") == pytest.approx(4.5 / 6)
    # Precisions at the two positives: 1/1 and, among the four with at least 0.3, 2/4.
    assert found.value("average_precision") == pytest.approx((1 + 0.5) / 2)
    assert found.value("ks") == pytest.approx(0.5)


def test_errors_by_hand() -> None:
    """Errors of 1, -1, 0 and 2 on labels 0, 2, 4, 6: their squares sum to 6, the labels' to 20."""
    found = statistics(REGRESSION, label=[0, 2, 4, 6], prediction=[1, 1, 4, 8])

    assert (1.0, 1.5, 0.5) == (found.value("mae"), found.value("mse"), found.value("mean_error"))
    assert found.value("r2") == pytest.approx(1 - 6 / 20)


def test_costs_and_the_cheapest_threshold_by_hand() -> None:
    """A miss costs 40, a false alarm 5, a hit saves 10; calling all from 0.3 on is cheapest."""
    plan = QualityPlan(
        Problem.BINARY,
        costs=Costs(false_negative=40, false_positive=5, true_positive=-10, currency="USD"),
    )
    found = statistics(plan, label=[1, 0, 1, 0, 0], score=[0.8, 0.6, 0.3, 0.2, 0.1])

    # At 0.5: one hit (-10), one false alarm (5), one miss (40).
    assert found.value("total_cost") == pytest.approx(35)
    assert found.value("cost_per_thousand") == pytest.approx(7_000)
    # At 0.3: two hits and one false alarm.
    assert found.value("cheapest_threshold") == pytest.approx(0.3)
    assert found.value("cheapest_cost_per_thousand") == pytest.approx(-15 / 5 * 1000)
    assert {
        "true_negative": 0.0, "false_positive": 5.0, "false_negative": 40.0, "true_positive": -10.0
    } == found.detail["costs"]["by_outcome"]  # fmt: skip


def test_costs_of_each_row_by_hand() -> None:
    """Misses cost what their row says; an amount that is missing costs nothing and is counted."""
    plan = QualityPlan(Problem.BINARY, costs=Costs(false_negative="loss", false_positive=5))
    found = statistics(
        plan,
        label=[1, 1, 1, 0],
        score=[0.4, 0.3, 0.2, 0.45],
        loss=[3.0, 100.0, None, 7.0],
    )

    assert found.value("total_cost") == pytest.approx(103)
    assert 1 == found.detail["costs"]["unpriced"]
    # From 0.3 on both priced misses are caught, for one false alarm of 5.
    assert found.value("cheapest_threshold") == pytest.approx(0.3)
    assert found.value("cheapest_cost_per_thousand") == pytest.approx(5 / 4 * 1000)


def test_constant_costs_are_those_of_a_column_that_is_constant() -> None:
    """Two ways to say the same prices give the same numbers."""
    rows = {"label": [1, 0, 1, 0, 1], "score": [0.7, 0.6, 0.2, 0.1, 0.5]}
    constant = QualityPlan(Problem.BINARY, costs=Costs(false_negative=40, true_positive=-1))
    column = QualityPlan(Problem.BINARY, costs=Costs(false_negative="miss", true_positive=-1))
    one = statistics(constant, **rows)
    other = statistics(column, **rows, miss=[40.0] * 5)

    for metric in ("total_cost", "cost_per_thousand", "cheapest_threshold"):
        assert one.value(metric) == other.value(metric)
    assert one.metrics["total_cost"].standard_deviation == pytest.approx(
        other.metrics["total_cost"].standard_deviation
    )


def test_where_calling_nothing_is_cheapest_there_is_no_threshold() -> None:
    """A threshold above all scores has no number of its own: the reason stands in its place."""
    plan = QualityPlan(Problem.BINARY, costs=Costs(false_positive=5))
    found = statistics(plan, label=[0, 0, 1], score=[0.9, 0.8, 0.1])

    assert found.value("cheapest_threshold") is None
    assert "no row positive" in found.metrics["cheapest_threshold"].undefined
    assert 0.0 == found.value("cheapest_cost_per_thousand")


def test_the_best_constant_classifier_answers_the_more_frequent_label() -> None:
    """Three of four are negative: right three times, and never a hit."""
    found = statistics(BINARY, label=[0, 0, 0, 1], prediction=[0, 1, 0, 1])
    suffix = "_best_constant_classifier"

    assert 0.75 == found.value(f"accuracy{suffix}")
    for metric in ("recall", "precision", "f1"):
        assert 0.0 == found.value(metric + suffix)
    mostly = statistics(BINARY, label=[1, 1, 1, 0], prediction=[0, 1, 0, 1])
    assert (1.0, 0.75) == (mostly.value(f"recall{suffix}"), mostly.value(f"precision{suffix}"))


@pytest.mark.parametrize(
    ("label", "metric", "reason"),
    [
        ([0, 0, 0], "recall", "no label is of the positive class"),
        ([0, 0, 0], "auc", "no label is of the positive class"),
        ([1, 1, 1], "auc", "no label is of the negative class"),
        ([1, 1, 1], "false_positive_rate", "no label is of the negative class"),
        ([0, 1, 1], "precision", "no answer is of the positive class"),
        ([0, 0, 0], "f1", "no label and no answer is of the positive class"),
        ([1, 1, 1], "ks", "no label is of the negative class"),
        ([None, None, None], "accuracy", "no row has both a label and an answer"),
    ],
)
def test_an_undefined_metric_says_why(label: list[int], metric: str, reason: str) -> None:
    """0/0, one class only, no rows: no value, no NaN, and the document can still be written."""
    found = statistics(BINARY, label=label, score=[0.1, 0.2, 0.3])

    if metric not in ("auc", "ks") or found.rows:
        assert (None, reason) == (found.value(metric), found.metrics[metric].undefined)
    assert b"NaN" not in dump(statistics_document.encode(found))


def test_scores_beyond_one_are_ranked_but_are_no_probabilities() -> None:
    """Margins have an area under their curve, and neither a log loss nor a calibration."""
    found = statistics(BINARY, label=[1, 0, 1], score=[3.2, -1.0, 0.4])

    assert 1.0 == found.value("auc")
    assert (None, []) == (found.value("log_loss"), found.detail["calibration"])
    assert "1 scores" not in found.metrics["brier_score"].undefined
    assert "2 scores are no probabilities" in found.metrics["brier_score"].undefined


@pytest.mark.parametrize("problem", list(Problem))
def test_a_window_without_rows_has_statistics(problem: Problem) -> None:
    """No rows, no values, a reason each, and a document that can be written."""
    found = read_out(QualityProfile(QualityPlan(problem)))

    assert 0 == found.rows
    assert all(metric.value is None and metric.undefined for metric in found.metrics.values())
    assert dump(statistics_document.encode(found))


def test_equal_labels_have_no_r2() -> None:
    """There is no spread that could be explained."""
    found = statistics(REGRESSION, label=[2.0, 2.0], prediction=[1.0, 4.0])

    assert (None, "all labels are equal") == (found.value("r2"), found.metrics["r2"].undefined)
    assert 1.5 == found.value("mae")


def test_a_certain_answer_that_is_wrong_costs_36_nats() -> None:
    """The log loss is cut off where float64 ends, not infinite."""
    found = statistics(BINARY, label=[1], score=[0.0])

    assert found.value("log_loss") == pytest.approx(36.04365338911715)
