"""Evaluation: a window's metrics against the constraints; one outcome for every constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import did_you_mean
from tidegauge.model.outcome import Outcome, Verdict
from tidegauge.rules.finding import Finding, not_enough_data, not_evaluated
from tidegauge.rules.quality.constraints import OPERATORS
from tidegauge.rules.quality.margins import (
    POWER,
    bound,
    detectable,
    holds_as_it_stands,
    least_effect,
)
from tidegauge.rules.quality.moved import moved_most

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tidegauge.model.quality import Estimate, QualityStatistics
    from tidegauge.rules.quality.constraints import Basis, MetricConstraint, QualityConstraints

FEWEST_ROWS = 30
# A window of a quarter of the expected rows sees half as well: with less it cannot hold anything.
_BLINDER = 2.0


def evaluate(
    statistics: QualityStatistics,
    constraints: QualityConstraints,
    baseline: QualityStatistics | None = None,
    *,
    fewest_rows: int = FEWEST_ROWS,
) -> tuple[Outcome, ...]:
    """What became of each constraint, in their order; `feature` is the metric's name.

    A suggested constraint allows a window that is smaller than expected the wider margin of its
    size, so that few labels are no bad model; a larger window must meet the threshold itself. A
    constraint that was edited, or came from SageMaker, is compared as it stands. A window with
    fewer than `fewest_rows` labelled rows decides nothing. `baseline` tells what moved. A metric
    that could not be constrained is an outcome, too, with the reason.
    """
    moved = moved_most(statistics, baseline) if baseline is not None else None
    outcomes = []
    for constraint in constraints.metrics:
        finding = _finding(constraint, statistics, fewest_rows)
        facts = _facts(constraint, statistics, baseline)
        numbers = {**facts, **finding.numbers}
        if finding.verdict is Verdict.VIOLATED and moved:
            numbers["moved"] = moved
        outcomes.append(
            Outcome(
                constraint.metric,
                constraint.operator,
                finding.verdict,
                finding.description,
                numbers,
            )
        )
    return (*outcomes, *_unconstrained(constraints))


def _unconstrained(constraints: QualityConstraints) -> Iterator[Outcome]:
    """The metrics without a constraint, unless people have written one since."""
    known = {constraint.metric for constraint in constraints.metrics}
    operators = OPERATORS[constraints.problem]
    for metric, reason in constraints.dropped.items():
        if metric in operators and metric not in known:
            finding = not_evaluated(f"{metric} has no constraint: {reason}")
            yield Outcome(metric, operators[metric], finding.verdict, finding.description)


def _finding(
    constraint: MetricConstraint, statistics: QualityStatistics, fewest_rows: int
) -> Finding:
    estimate = statistics.metrics.get(constraint.metric)
    if statistics.rows < fewest_rows:
        return not_enough_data(
            f"{statistics.rows} rows have a label and an answer, and at least {fewest_rows} are "
            "needed"
        )
    if estimate is None:
        hint = did_you_mean(constraint.metric, statistics.metrics)
        return not_evaluated(f"there is no metric {constraint.metric!r}{hint}")
    if estimate.value is None:
        return not_enough_data(f"{constraint.metric} is undefined: {estimate.undefined}")
    if constraint.basis is None or holds_as_it_stands(constraint):
        return _compared(constraint, estimate, estimate.value, constraint.threshold)
    return _by_size(constraint, constraint.basis, estimate, estimate.value)


def _by_size(
    constraint: MetricConstraint, basis: Basis, estimate: Estimate, value: float
) -> Finding:
    """A suggested constraint, held to the window's own size."""
    metric, operator, threshold = constraint.metric, constraint.operator, constraint.threshold
    own = bound(metric, operator, basis, estimate.n, estimate)
    shows = detectable(metric, operator, basis, estimate.n)
    numbers: dict[str, Any] = {"alpha": basis.alpha, "power": POWER}
    if own is None:
        reason = f"{estimate.n} rows could not show any worsening of {metric}"
        return not_enough_data(reason, **numbers)
    limit = max(own, threshold) if operator.sign > 0 else min(own, threshold)
    numbers |= {"bound": limit, "smallest_detectable": shows}
    finding = _compared(constraint, estimate, value, limit, numbers)
    if finding.verdict is Verdict.VIOLATED:
        return finding
    if _beyond(constraint, value, threshold):
        reason = (
            f"{_measured(metric, estimate, value)} is beyond the threshold {threshold:.6g}, but of "
            f"{estimate.n} rows chance alone reaches {limit:.6g}"
        )
        return not_enough_data(reason, **numbers)
    if shows > max(least_effect(metric, basis), _BLINDER * basis.detectable):
        reason = (
            f"{_measured(metric, estimate, value)} of {estimate.n} rows; only a worsening by "
            f"{shows:.4g} would have shown with {100 * POWER:.4g} % power"
        )
        return not_enough_data(reason, **numbers)
    return finding


def _compared(
    constraint: MetricConstraint,
    estimate: Estimate,
    value: float,
    limit: float,
    numbers: Mapping[str, Any] | None = None,
) -> Finding:
    """The comparison with one number, in the sentence of SageMaker's samples."""
    found = {"bound": limit, **(numbers or {})}
    measured = _measured(constraint.metric, estimate, value)
    if _beyond(constraint, value, limit):
        sentence = f"{measured} was {constraint.operator} {limit:.6g}"
        return Finding(Verdict.VIOLATED, sentence, found)
    sentence = f"{measured} was not {constraint.operator} {limit:.6g}"
    return Finding(Verdict.HELD, sentence, found)


def _beyond(constraint: MetricConstraint, value: float, limit: float) -> bool:
    return constraint.operator.sign * (value - limit) > 0


def _measured(metric: str, estimate: Estimate, value: float) -> str:
    deviation = estimate.standard_deviation
    return f"Metric {metric} with {value:.6g}" + (
        "" if deviation is None else f" +/- {deviation:.3g}"
    )


def _facts(
    constraint: MetricConstraint,
    statistics: QualityStatistics,
    baseline: QualityStatistics | None,
) -> dict[str, Any]:
    """The numbers that every outcome has, as JSON values."""
    facts: dict[str, Any] = {"metric": constraint.metric, "threshold": constraint.threshold}
    if (estimate := statistics.metrics.get(constraint.metric)) is not None:
        facts |= {
            "value": estimate.value,
            "standard_deviation": estimate.standard_deviation,
            "low": estimate.low,
            "high": estimate.high,
            "n": estimate.n,
        }
    basis = constraint.basis
    before = None if baseline is None else baseline.metrics.get(constraint.metric)
    if basis is not None and not basis.accepted:
        facts |= {"baseline": basis.value, "baseline_n": basis.n}
    elif before is not None:
        facts |= {"baseline": before.value, "baseline_n": before.n}
    if basis is not None and basis.accepted:
        facts |= {"accepted": basis.value, "accepted_n": basis.n, "accepted_in": basis.accepted}
    return facts
