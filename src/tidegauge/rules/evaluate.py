"""Evaluation: statistics against constraints and a baseline; one outcome for every check.

A pure function of documents: it runs anywhere, and one check's trouble never hides another's. What
cannot be decided is an outcome of its own with the reason, never a silent pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from tidegauge.model.collector import held_back
from tidegauge.model.outcome import Check, Outcome, Verdict, Violation
from tidegauge.rules.alarms import shares, shifts
from tidegauge.rules.alarms.asking import concluded
from tidegauge.rules.alarms.plan import ROWS
from tidegauge.rules.alarms.typical import row_count
from tidegauge.rules.checks import (
    completeness,
    data_type,
    domain,
    extra_column,
    length,
    missing_column,
    non_negative,
)
from tidegauge.rules.constraints import (
    CategoricalDrift,
    Completeness,
    DataType,
    Disabled,
    Domain,
    Length,
    MissingColumn,
    NonNegative,
    NumericDrift,
    Range,
    expand,
)
from tidegauge.rules.drift import categorical_drift, numeric_drift
from tidegauge.rules.finding import Finding, not_evaluated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tidegauge.model.statistics import FeatureStatistics, Statistics
    from tidegauge.rules.alarms.asking import Asking
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.rules.alarms.policy import Test
    from tidegauge.rules.alarms.trial import Trial
    from tidegauge.rules.constraints import Constraint, Constraints, MonitoringConfig, OfFeature

_NO_ROWS = "the dataset has no rows"


@dataclass(frozen=True, slots=True)
class _Scene:
    """Both sides of the comparison, by name; `columns` are the current ones that are compared."""

    rows: int
    current: Mapping[str, FeatureStatistics]
    baseline: Mapping[str, FeatureStatistics]
    columns: Mapping[str, None]
    known: Mapping[str, None]
    has_baseline: bool
    trials: Mapping[Test, Trial]


@held_back()
def evaluate(
    statistics: Statistics,
    constraints: Constraints,
    baseline: Statistics | None,
    *,
    outputs: Collection[str] = (),
    plan: Plan | None = None,
) -> tuple[Outcome, ...]:
    """What became of each check: features as the constraints list them, extras, the row count.

    `baseline` holds the statistics that drift is measured from; without it drift is not evaluated.
    `outputs` names columns that are profiled but are no features: they are never extra. With a
    `plan` a budget of false alarms decides what it has trials for; all else, and everything without
    one, is decided as SageMaker does.
    """
    current = {feature.name: feature for feature in statistics.features}
    known = dict.fromkeys(feature.name for feature in constraints.features)
    scene = _Scene(
        rows=statistics.item_count,
        current=current,
        baseline={feature.name: feature for feature in baseline.features} if baseline else {},
        columns={name: None for name in current if name in known or name not in outputs},
        known=known,
        has_baseline=baseline is not None,
        trials=plan.trials(constraints) if plan else {},
    )
    expanded = expand(constraints)
    findings = concluded(_finding(constraint, scene) for constraint in expanded)
    checked = (
        _outcome(constraint.feature, constraint.check, finding)
        for constraint, finding in zip(expanded, findings, strict=True)
    )
    extras = (
        _outcome(name, Check.EXTRA_COLUMN, _extra_column(name, scene, constraints.config))
        for name in scene.columns
        if name not in known
    )
    rows = scene.trials.get(ROWS)
    counted = (_row_count(statistics.item_count, plan, rows),) if plan and rows else ()
    return (*checked, *extras, *counted)


def violations(outcomes: Iterable[Outcome]) -> tuple[Violation, ...]:
    """The violated ones among the outcomes, with their numbers as the extension."""
    return tuple(
        Violation(outcome.feature, outcome.check, outcome.description, outcome.numbers)
        for outcome in outcomes
        if outcome.verdict is Verdict.VIOLATED
    )


def _outcome(feature: str, check: Check, finding: Finding) -> Outcome:
    return Outcome(feature, check, finding.verdict, finding.description, finding.numbers)


def _row_count(rows: int, plan: Plan, trial: Trial) -> Outcome:
    return _outcome(*ROWS, row_count(rows, plan.rows_before, trial))


def _extra_column(name: str, scene: _Scene, config: MonitoringConfig) -> Finding:
    if not config.evaluate_constraints:
        return not_evaluated("evaluate_constraints is Disabled")
    if not scene.rows:
        return not_evaluated(_NO_ROWS)
    return extra_column(name, scene.columns, scene.known)


def _finding(constraint: Constraint, scene: _Scene) -> Finding | Asking:
    """The finding on one constraint; what no check can be made without is settled first."""
    name = constraint.feature
    if isinstance(constraint, Disabled):
        return not_evaluated(f"{constraint.setting} is Disabled")
    if not scene.rows:
        return not_evaluated(_NO_ROWS)
    if isinstance(constraint, MissingColumn):
        return missing_column(name, scene.columns, scene.known)
    if (current := scene.current.get(name)) is None:
        return not_evaluated("the column is missing")
    if current.failure is not None:
        return not_evaluated(f"the column could not be profiled: {current.failure}")
    return _feature_finding(constraint, current, scene)


def _feature_finding(
    constraint: OfFeature,
    current: FeatureStatistics,
    scene: _Scene,
) -> Finding | Asking:
    baseline = scene.baseline.get(constraint.feature)
    trial = scene.trials.get((constraint.feature, constraint.check))
    reason = _incomparable(constraint, current, baseline, has_baseline=scene.has_baseline)
    if trial is not None and baseline is not None and reason is None:
        return _tried(constraint, current, baseline, trial)
    match constraint:
        case DataType():
            return data_type(constraint, current, baseline)
        case Completeness():
            return completeness(constraint, current)
        case NonNegative():
            return non_negative(current)
        case Domain():
            return domain(constraint, current)
        case Length():
            return length(constraint, current)
        case Range():
            return not_evaluated(reason or "only a budget of false alarms decides on ranges")
        case NumericDrift() | CategoricalDrift():
            if reason is not None or baseline is None:
                return not_evaluated(reason or "")
            return _drift(constraint, current, baseline)
        case _:
            assert_never(constraint)


def _tried(
    constraint: OfFeature,
    current: FeatureStatistics,
    baseline: FeatureStatistics,
    trial: Trial,
) -> Finding | Asking:
    """The finding where a budget decides, or the check that asks for it."""
    match constraint:
        case DataType():
            return shares.other_types(constraint, current, baseline, trial)
        case Completeness():
            return shares.missing_share(constraint, current, baseline, trial)
        case NonNegative():
            return shares.negatives(current, baseline, trial)
        case Domain():
            return shares.unknown_values(constraint, current, baseline, trial)
        case Length():
            return length(constraint, current)
        case Range():
            return shares.out_of_range(constraint, current, baseline, trial)
        case NumericDrift():
            return shifts.numeric_shift(current, baseline, trial)
        case CategoricalDrift():
            return shifts.categorical_shift(current, baseline, trial)
        case _:
            assert_never(constraint)


def _drift(
    constraint: NumericDrift | CategoricalDrift,
    current: FeatureStatistics,
    baseline: FeatureStatistics,
) -> Finding:
    if isinstance(constraint, NumericDrift):
        return numeric_drift(constraint, current, baseline)
    return categorical_drift(constraint, current, baseline)


def _incomparable(
    constraint: Constraint,
    current: FeatureStatistics,
    baseline: FeatureStatistics | None,
    *,
    has_baseline: bool,
) -> str | None:
    """Why a window's column cannot be compared with the baseline's; None: it can be."""
    if not has_baseline:
        return "there are no baseline statistics"
    if baseline is None:
        return "the baseline statistics do not have the column"
    if baseline.failure is not None:
        return f"the baseline's column could not be profiled: {baseline.failure}"
    if constraint.check is Check.BASELINE_DRIFT:
        for which, feature in (("current", current), ("baseline", baseline)):
            if not feature.num_present:
                return f"the {which} column has no values"
    return None
