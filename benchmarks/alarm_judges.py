"""Who judges a window: our budget, SageMaker's two methods, and plain tests at the same alpha."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from tidegauge.model.outcome import Check, Verdict
from tidegauge.rules.alarms.budget import Budget
from tidegauge.rules.alarms.plan import Plan
from tidegauge.rules.alarms.policy import Policy, Setting
from tidegauge.rules.evaluate import evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alarm_world import Known, Rows
    from tidegauge.model.outcome import Outcome
    from tidegauge.model.statistics import Statistics
    from tidegauge.rules.constraints import ComparisonMethod

DAY = timedelta(days=1)
Test = tuple[str, str]
Judge = Callable[["Known", "Rows", "Statistics"], "set[Test]"]
"""The tests that alarm: feature and check, of a window's rows and their statistics."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The budget: `alpha` for each test; floors at 0, or the defaults (0.05 and 0.005)."""

    alpha: float
    floors: bool = False
    calibrated: bool = True

    def outcomes(self, baseline: Known, rows: Rows, statistics: Statistics) -> tuple[Outcome, ...]:
        """Every outcome of a window."""
        setting = Setting() if self.floors else Setting(min_effect=0.0, min_share=0.0)
        calibration = baseline.calibration if self.calibrated else None
        plan = Plan(Policy(default=setting), DAY, 1, calibration, rows.season)
        tests = len(plan.trials(baseline.constraints))
        policy = replace(plan.policy, false_alarms=Budget(self.alpha * tests, DAY))
        return evaluate(
            statistics, baseline.constraints, baseline.statistics, plan=replace(plan, policy=policy)
        )

    def __call__(self, baseline: Known, rows: Rows, statistics: Statistics) -> set[Test]:
        """The tests that alarm."""
        return violated(self.outcomes(baseline, rows, statistics))


@dataclass(frozen=True, slots=True)
class SageMaker:
    """`method: sagemaker`: a constraints.json of the service's, thresholds at its default 0.1."""

    method: ComparisonMethod

    def __call__(self, baseline: Known, _: Rows, statistics: Statistics) -> set[Test]:
        """The tests that alarm."""
        config = replace(baseline.constraints.config, comparison_method=self.method)
        theirs = replace(baseline.constraints, config=config)
        return violated(evaluate(statistics, theirs, baseline.statistics))


@dataclass(frozen=True, slots=True)
class Plain:
    """scipy's tests for independent rows: Kolmogorov-Smirnov, or Pearson's chi-squared."""

    alpha: float

    def __call__(self, baseline: Known, rows: Rows, _: Statistics) -> set[Test]:
        """The tests that alarm; drift is all that they look at."""
        found = set()
        for name in rows.table.column_names:
            ours, theirs = rows.table.column(name), baseline.rows.table.column(name)
            p = _p_value(ours.drop_null(), theirs.drop_null())
            if p < self.alpha:
                found.add((name, Check.BASELINE_DRIFT.value))
        return found


def violated(outcomes: tuple[Outcome, ...]) -> set[Test]:
    """The tests that alarm."""
    return {(o.feature, o.check) for o in outcomes if o.verdict is Verdict.VIOLATED}


def _p_value(ours: object, theirs: object) -> float:
    from scipy import stats

    if not len(ours) or not len(theirs):  # type: ignore[arg-type]
        return 1.0
    if str(ours.type) not in {"string", "large_string"}:  # type: ignore[attr-defined]
        numbers = [np.asarray(side, np.float64) for side in (ours, theirs)]
        return float(stats.ks_2samp(*numbers, method="asymp").pvalue)
    table = _counts(ours, theirs)
    return float(stats.chi2_contingency(table, correction=False).pvalue) if table.size > 2 else 1.0


def _counts(ours: object, theirs: object) -> NDArray[np.int64]:
    counted = [
        {one["values"]: one["counts"] for one in pc.value_counts(side).to_pylist()}
        for side in (ours, theirs)
    ]
    values = sorted(counted[0].keys() | counted[1].keys())
    return np.array([[side.get(value, 0) for value in values] for side in counted])
