"""Suggested constraints: margins that an unchanged model passes, and what they can still see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.quality.folding import BINARY, MULTICLASS, REGRESSION, statistics

from tidegauge.model.quality import Costs, Estimate, Problem, QualityPlan, QualityStatistics
from tidegauge.quality.intervals import rate
from tidegauge.rules.alarms.proportions import Share, p_value
from tidegauge.rules.quality.constraints import Operator
from tidegauge.rules.quality.margins import bound
from tidegauge.rules.quality.suggest import as_service, suggest, suggested_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

PRICED = QualityPlan(Problem.BINARY, costs=Costs(false_negative=40, false_positive=5))

# The same numbers as another metric, or close to: once is enough.
TWINS = {
    *("true_positive_rate", "true_negative_rate", "false_negative_rate", "f0_5", "f2"),
    *("weighted_recall", "weighted_f0_5", "weighted_f2"),
}


def scored(rng: Generator, rows: int) -> QualityStatistics:
    """Answers of two classes with prices."""
    y = rng.random(rows) < 0.3
    s = 1 / (1 + np.exp(-(rng.normal(size=rows) + 2.0 * y - 1.0)))
    return statistics(PRICED, label=y, score=s)


def measured(rng: Generator, rows: int) -> QualityStatistics:
    """Numbers; one error in fifty is four times as large."""
    y = rng.gamma(2.0, size=rows)
    e = rng.normal(size=rows) * np.where(rng.random(rows) < 0.02, 4.0, 1.0)
    return statistics(REGRESSION, label=y, prediction=y + e)


def sorted_out(rng: Generator, rows: int) -> QualityStatistics:
    """Answers of three classes."""
    y = rng.choice(3, rows, p=[0.6, 0.3, 0.1])
    answer = np.where(rng.random(rows) < 0.7, y, rng.integers(0, 3, rows))
    return statistics(MULTICLASS, label=y, prediction=answer)


@pytest.mark.parametrize(
    ("world", "baselines", "windows"),
    [(scored, 10, 10), (measured, 25, 25), (sorted_out, 15, 12)],
    ids=["binary", "regression", "multiclass"],
)
def test_an_unchanged_model_keeps_the_budget(
    world: Callable[[Generator, int], QualityStatistics], baselines: int, windows: int
) -> None:
    """Fresh baselines and windows of one world, floors at 0: the alarms are those of the budget.

    At alpha = 0.02 each metric is allowed its expectation and three standard deviations, twice
    over in variance for the windows of one baseline are not independent.
    """
    rng, alpha = np.random.default_rng(12), 0.02
    alarms: dict[str, int] = {}
    for _ in range(baselines):
        constraints = suggest(world(rng, 3_000), alpha=alpha, expected_rows=300, min_effect=0.0)
        for _ in range(windows):
            window = world(rng, 300)
            for constraint in filter(lambda m: m.metric not in TWINS, constraints.metrics):
                found, basis = window.metrics[constraint.metric], constraint.basis
                assert basis is not None
                assert found.value is not None
                limit = bound(constraint.metric, constraint.operator, basis, found.n, found)
                assert limit is not None
                beyond = constraint.operator.sign * (found.value - limit) > 0
                alarms[constraint.metric] = alarms.get(constraint.metric, 0) + beyond
    expected = alpha * baselines * windows

    suggested = set(suggested_metrics(constraints.problem, costs=world is scored))
    assert suggested - TWINS == set(alarms)
    assert max(alarms.values()) <= expected + 3 * np.sqrt(2 * expected), alarms


def test_a_rate_has_the_exact_bound() -> None:
    """The threshold is where two shares compared exactly have a p-value of alpha."""
    baseline = statistics(BINARY, label=[1] * 1_000, prediction=[1] * 900 + [0] * 100)
    constraint = suggest(baseline, alpha=1e-3, expected_rows=200, min_effect=0.0).metrics[0]
    misses = round((1 - constraint.threshold) * 200 + 0.5)  # the fewest that violate
    share = Share(100, 1_000)

    assert "recall" == constraint.metric
    assert p_value(misses, 200, share) < 1e-3 <= p_value(misses - 1, 200, share)


@pytest.mark.parametrize("rows", [100, 400, 1_600])
def test_more_rows_make_a_narrower_margin(rows: int) -> None:
    """A window of four times the size has about half the margin, as the baseline is large."""
    baseline = scored(np.random.default_rng(13), 60_000)
    one, four = (
        {m.metric: m for m in suggest(
            baseline, alpha=1e-3, expected_rows=n, min_effect=0.0
        ).metrics}
        for n in (rows, 4 * rows)
    )  # fmt: skip
    for metric in ("accuracy", "auc", "f1", "cost_per_thousand"):
        value = baseline.value(metric)
        assert value is not None
        ratio = abs(four[metric].threshold - value) / abs(one[metric].threshold - value)
        assert 0.4 < ratio < 0.65, metric


def test_the_margin_is_at_least_the_least_effect() -> None:
    """On a million rows chance alone moves nothing: the effect floor is what remains."""
    baseline = statistics(MULTICLASS, label=[0, 1] * 50_000, prediction=[0, 1, 0, 0] * 25_000)
    found = suggest(baseline, alpha=1e-3, expected_rows=1_000_000, min_effect=0.05).metrics[0]

    assert ("accuracy", 0.75) == (found.metric, baseline.value("accuracy"))
    assert found.threshold == pytest.approx(0.70)


def test_blocks_that_swing_widen_the_margin() -> None:
    """Days of 80 and of 90 % right answers: a day of 80 % is no news."""

    def day(right: int) -> QualityStatistics:
        return statistics(
            MULTICLASS, label=[1] * 1_000, prediction=[1] * right + [0] * (1_000 - right)
        )

    days = [day(800 if i % 2 else 900) for i in range(20)]
    baseline = statistics(MULTICLASS, label=[1] * 20_000, prediction=[1] * 17_000 + [0] * 3_000)
    alone = suggest(baseline, alpha=1e-3, expected_rows=1_000).metrics[0]
    swinging = suggest(baseline, alpha=1e-3, expected_rows=1_000, blocks=days).metrics[0]
    few = suggest(baseline, alpha=1e-3, expected_rows=1_000, blocks=days[:7]).metrics[0]

    assert swinging.threshold < 0.8 < alone.threshold
    assert alone.threshold == few.threshold
    assert swinging.basis is not None
    assert swinging.basis.swing == pytest.approx(0.05, rel=0.1)


def test_blocks_of_few_rows_are_no_swing() -> None:
    """Of ten rows all or none are right by chance alone, and a block of nine is not asked."""
    rng = np.random.default_rng(23)

    def block(rows: int) -> QualityStatistics:
        right = int(rng.binomial(rows, 0.9))
        return statistics(
            MULTICLASS, label=[1] * rows, prediction=[1] * right + [0] * (rows - right)
        )

    baseline = statistics(MULTICLASS, label=[1] * 5_000, prediction=[1] * 4_500 + [0] * 500)
    for rows, least, most in ((9, 0.0, 0.0), (10, 0.0, 0.03)):
        found = suggest(
            baseline, alpha=1e-3, expected_rows=1_000, blocks=[block(rows) for _ in range(200)]
        ).metrics[0]
        assert found.basis is not None
        assert least <= found.basis.swing <= most


def test_blocks_without_a_swing_change_nothing() -> None:
    """Blocks that differ by the chance of their sizes are no reason for a wider margin."""
    rng = np.random.default_rng(14)
    baseline = sorted_out(rng, 20_000)
    blocks = [sorted_out(rng, 1_000) for _ in range(20)]
    one = suggest(baseline, alpha=1e-3, expected_rows=1_000).metrics[0]
    other = suggest(baseline, alpha=1e-3, expected_rows=1_000, blocks=blocks).metrics[0]

    assert one.threshold - other.threshold < 0.02


def test_what_cannot_be_constrained_is_dropped_with_the_reason() -> None:
    """Undefined in the baseline, or out of reach for windows of this size."""
    baseline = statistics(BINARY, label=[0] * 50 + [1] * 2, prediction=[0] * 52)
    found = suggest(baseline, alpha=1e-6, expected_rows=3)

    assert "no answer is of the positive class" in found.dropped["precision"]
    assert "could not show any worsening" in found.dropped["accuracy"]
    assert not {m.metric for m in found.metrics} & set(found.dropped)


def test_a_perfect_regression_has_no_scale_for_its_errors() -> None:
    """No error at all in the baseline says nothing of how large one may be."""
    found = suggest(
        statistics(REGRESSION, label=[1, 2, 3], prediction=[1, 2, 3]), alpha=0.01, expected_rows=9
    )

    assert () == found.metrics
    assert {"mae", "mse", "rmse", "r2"} == set(found.dropped)


def test_a_perfect_classifier_is_constrained_all_the_same() -> None:
    """What has not been seen in 1,000 rows may still be there: some misses are allowed."""
    baseline = statistics(BINARY, label=[0, 1] * 500, prediction=[0, 1] * 500)
    found = suggest(baseline, alpha=1e-3, expected_rows=200, min_effect=0.0).metrics[0]

    assert ("recall", Operator.LESS) == (found.metric, found.operator)
    assert 0.9 < found.threshold < 1.0


def test_the_services_way_is_the_value_itself() -> None:
    """Thresholds equal the baseline's values to the last digit; only metrics that it constrains."""
    baseline = scored(np.random.default_rng(15), 500)
    found = as_service(baseline)

    assert {m.metric: m.threshold for m in found.metrics} == {
        name: baseline.value(name) for name in suggested_metrics(Problem.BINARY, costs=True)
    }
    assert all(m.basis is None for m in found.metrics)


def test_costs_are_tests_only_where_there_are_costs() -> None:
    """The number of tests divides the budget of alarms."""
    assert "cost_per_thousand" not in suggested_metrics(Problem.BINARY)
    assert 1 + len(suggested_metrics(Problem.BINARY)) == len(
        suggested_metrics(Problem.BINARY, costs=True)
    )


def test_rarer_large_errors_than_the_baseline_shows_do_not_alarm() -> None:
    """One swollen error raises the mean and its deviation alike: by Student's t it is nothing."""
    rng = np.random.default_rng(16)
    baseline = statistics(REGRESSION, label=np.zeros(5_000), prediction=rng.normal(size=5_000))
    constraints = suggest(baseline, alpha=1e-3, expected_rows=200, min_effect=0.0)
    errors = rng.normal(size=200)
    errors[0] = 40.0
    window = statistics(REGRESSION, label=np.zeros(200), prediction=errors)
    mse = next(m for m in constraints.metrics if m.metric == "mse")
    found: Estimate = window.metrics["mse"]
    assert mse.basis is not None
    assert found.value is not None
    limit = bound("mse", mse.operator, mse.basis, found.n, found)

    assert limit is not None
    assert mse.threshold < found.value < limit
    assert replace(mse.basis, skewness=0.0) != mse.basis


def test_days_that_swing_keep_the_budget() -> None:
    """Accuracy and error move from day to day with nothing wrong: 30 days tell how far.

    Windows are days of the same world, rows of one day alike. Without the blocks the same windows
    alarm ten times as often as they may.
    """
    rng, alpha, rows, days = np.random.default_rng(20), 0.02, 400, 30

    def day() -> dict[str, Estimate]:
        right = rng.binomial(rows, np.clip(0.85 + 0.03 * rng.normal(), 0, 1))
        errors = np.abs(rng.normal(size=rows)) * np.exp(0.1 * rng.normal())
        return {"accuracy": rate(right, rows, ""), "mae": _mean_of(errors)}

    alarms = {True: 0, False: 0}
    baselines, windows = 60, 10
    for _ in range(baselines):
        blocks = [day() for _ in range(days)]
        for metric, problem in (("accuracy", Problem.MULTICLASS), ("mae", Problem.REGRESSION)):
            baseline = QualityStatistics(problem, rows * days, {metric: _pooled(blocks, metric)})
            by_day = [QualityStatistics(problem, rows, {metric: b[metric]}) for b in blocks]
            for calibrated in alarms:
                (constraint,) = suggest(
                    baseline,
                    alpha=alpha,
                    expected_rows=rows,
                    min_effect=0.0,
                    blocks=by_day if calibrated else (),
                ).metrics
                for _ in range(windows):
                    found = day()[metric]
                    assert found.value is not None
                    sign = constraint.operator.sign
                    alarms[calibrated] += sign * (found.value - constraint.threshold) > 0
    expected = alpha * 2 * baselines * windows

    assert alarms[True] <= expected + 3 * np.sqrt(2 * expected)
    assert alarms[False] > 5 * expected


def _mean_of(values: NDArray[np.float64]) -> Estimate:
    n = len(values)
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n=n)


def _pooled(blocks: list[dict[str, Estimate]], metric: str) -> Estimate:
    values = np.array([block[metric].value for block in blocks], np.float64)
    deviations = np.array([block[metric].standard_deviation for block in blocks], np.float64)
    pooled = float(np.sqrt((deviations**2).mean() / len(blocks)))
    return Estimate(float(values.mean()), pooled, n=sum(block[metric].n for block in blocks))
