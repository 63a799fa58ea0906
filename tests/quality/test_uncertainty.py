"""Standard deviations and intervals against the plain way: draw samples, look how they spread."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from tests.quality.folding import BINARY, MULTICLASS, REGRESSION, statistics

from tidegauge.model.quality import Costs, Problem, QualityPlan, QualityStatistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

SAMPLES = 200
ROWS = 500
PRICED = QualityPlan(Problem.BINARY, costs=Costs(false_negative=40, false_positive=5))


def binary(rng: Generator, rows: int) -> QualityStatistics:
    """A fifth are positive; their logits are one and a half deviations higher."""
    y = rng.random(rows) < 0.2
    s = 1 / (1 + np.exp(-(rng.normal(size=rows) + 1.5 * y - 1.0)))
    return statistics(PRICED, label=y, score=s)


def regression(rng: Generator, rows: int) -> QualityStatistics:
    """Errors grow with the label, which is skewed itself."""
    y = rng.gamma(2.0, size=rows)
    e = rng.normal(size=rows) * (0.5 + 0.2 * y)
    return statistics(REGRESSION, label=y, prediction=y + e)


def multiclass(rng: Generator, rows: int) -> QualityStatistics:
    """Three classes of different sizes; two in three answers are right."""
    y = rng.choice(3, rows, p=[0.6, 0.3, 0.1])
    answer = np.where(rng.random(rows) < 0.67, y, rng.integers(0, 3, rows))
    return statistics(MULTICLASS, label=y, prediction=answer)


WORLDS: dict[Callable[[Any, int], QualityStatistics], tuple[str, ...]] = {
    binary: (
        *("accuracy", "precision", "recall", "f0_5", "f1", "f2", "auc", "au_prc"),
        *("average_precision", "log_loss", "brier_score", "cost_per_thousand"),
    ),
    regression: ("mae", "mse", "rmse", "r2", "mean_error"),
    multiclass: (
        *("accuracy", "weighted_precision", "weighted_f0_5", "weighted_f1", "weighted_f2"),
        *("weighted_precision_best_constant_classifier", "weighted_f2_best_constant_classifier"),
    ),
}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_deviations_and_intervals_are_those_of_repeated_samples(
    world: Callable[[Any, int], QualityStatistics],
) -> None:
    """The mean deviation is the samples' own, and 95 % intervals cover the truth that often.

    The truth is taken from 400,000 rows. The share of 200 intervals that cover has a standard error
    of 1.5 points, and skewed metrics come short of 95 % by one or two: below 90 % is no chance.
    """
    rng = np.random.default_rng(7)
    truth = world(rng, 400_000)
    samples = [world(rng, ROWS) for _ in range(SAMPLES)]
    for name in WORLDS[world]:
        found = [sample.metrics[name] for sample in samples]
        values = np.array([metric.value for metric in found], np.float64)
        claimed = np.array([metric.standard_deviation for metric in found], np.float64)
        lows = np.array([metric.low for metric in found], np.float64)
        highs = np.array([metric.high for metric in found], np.float64)
        true = truth.value(name)
        assert true is not None
        covered = np.mean((lows <= true) & (true <= highs))

        assert sqrt(np.mean(claimed**2)) == pytest.approx(values.std(ddof=1), rel=0.15), name
        assert covered >= 0.9, (name, covered)


def test_errors_in_step_with_the_labels_leave_r2_certain() -> None:
    """Answers that are half the label: whatever rows are drawn, r2 is 0.75."""
    y = np.random.default_rng(19).normal(size=1_000)
    y -= y.mean()
    found = statistics(REGRESSION, label=y, prediction=y / 2).metrics["r2"]

    assert found.value == pytest.approx(0.75)
    assert found.standard_deviation == pytest.approx(0.0, abs=1e-8)


def test_the_gap_between_the_classes_spreads_as_its_bootstrap_says() -> None:
    """KS has no closed form; its largest gap leans upwards, so only the spread is held to it."""
    rng = np.random.default_rng(8)
    samples = [binary(rng, 600).metrics["ks"] for _ in range(50)]
    values = np.array([metric.value for metric in samples], np.float64)
    claimed = np.array([metric.standard_deviation for metric in samples], np.float64)

    assert claimed.mean() == pytest.approx(values.std(ddof=1), rel=0.2)


def test_the_cheapest_threshold_lies_where_it_says() -> None:
    """The best threshold of a calibrated score is 5 / 45: a false alarm's part of both costs."""
    rng = np.random.default_rng(21)
    hits, costs, claimed = [], [], []
    for _ in range(60):
        s = rng.random(2_000) ** 2
        found = statistics(PRICED, label=rng.random(2_000) < s, score=s).metrics
        threshold, cost = found["cheapest_threshold"], found["cheapest_cost_per_thousand"]
        assert threshold.low is not None
        assert threshold.high is not None
        hits.append(threshold.low <= 5 / 45 <= threshold.high)
        costs.append(cost.value)
        claimed.append(cost.standard_deviation)

    assert np.mean(hits) >= 0.85
    assert np.mean(np.array(claimed, float)) == pytest.approx(
        np.std(np.array(costs, float), ddof=1), rel=0.3
    )


def test_quantiles_of_errors_are_covered() -> None:
    """Each interval of the table covers the true quantile of the errors."""
    rng = np.random.default_rng(9)
    true = np.quantile(rng.standard_exponential(1_000_000), (0.5, 0.9))
    hits = []
    for _ in range(SAMPLES):
        e = rng.standard_exponential(400)
        table = statistics(REGRESSION, label=np.zeros(400), prediction=e).detail["error_quantiles"]
        rows = {row["quantile"]: row for row in table}
        hits.append(
            [rows[q]["low"] <= t <= rows[q]["high"] for q, t in zip((0.5, 0.9), true, strict=True)]
        )

    assert (np.mean(hits, axis=0) >= 0.915).all()


def test_the_services_own_rule_on_request() -> None:
    """Over five random subsamples of 80 %: half the deviation of a sample, for a mean."""
    rng = np.random.default_rng(10)
    plan = QualityPlan(Problem.REGRESSION, subsamples=True)
    found = [
        statistics(plan, label=np.zeros(400), prediction=rng.normal(size=400)).detail[
            "subsample_standard_deviations"
        ]["mean_error"]
        for _ in range(100)
    ]

    assert sqrt(np.mean(np.square(found))) == pytest.approx(0.5 / sqrt(400), rel=0.15)


@pytest.mark.parametrize(("rows", "known"), [(199, False), (200, True)])
def test_the_services_rule_needs_200_rows(rows: int, *, known: bool) -> None:
    """Below, there is no standard deviation, as the service has none."""
    plan = QualityPlan(Problem.BINARY, subsamples=True)
    label = np.arange(rows) % 2
    found = statistics(plan, label=label, score=(label + np.arange(rows) % 3) / 4)

    assert known == (found.detail["subsample_standard_deviations"]["accuracy"] is not None)


def test_rows_of_one_id_are_in_the_same_subsamples() -> None:
    """The choice comes from the row's id, wherever the row stands: parts merge to the same."""
    plan = QualityPlan(Problem.BINARY, subsamples=True)
    ids = [f"row {i}" for i in range(300)]
    label = [i % 2 for i in range(300)]
    one = statistics(plan, id=ids, label=label, prediction=[i % 3 == 0 for i in range(300)])
    other = statistics(
        plan,
        id=ids[::-1],
        label=label[::-1],
        prediction=[i % 3 == 0 for i in range(299, -1, -1)],
    )

    assert one.detail == other.detail


def test_cells_are_resampled_as_rows_are() -> None:
    """The bootstrap on the cells' counts against one that draws the rows themselves."""
    rng = np.random.default_rng(11)
    y = rng.random(600) < 0.3
    s = rng.normal(size=600) + y
    drawn = [rng.integers(0, 600, 600) for _ in range(500)]
    values = [average_precision_score(y[at], s[at]) for at in drawn]
    found = statistics(BINARY, label=y, score=s).metrics["average_precision"]

    assert found.standard_deviation == pytest.approx(np.std(values), rel=0.2)
