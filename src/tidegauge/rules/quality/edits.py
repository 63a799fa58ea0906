"""Edits: what would make a metric's constraint accept a window, and other budgets and floors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Severity
from tidegauge.rules.alarms.edits import EDIT, Edit
from tidegauge.rules.quality.margins import holds_as_it_stands
from tidegauge.rules.quality.suggest import basis_of, constrained

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tidegauge.model.outcome import Violation
    from tidegauge.model.quality import Estimate, QualityStatistics
    from tidegauge.rules.quality.constraints import (
        Basis,
        MetricConstraint,
        QualityConstraints,
    )

THRESHOLD = "threshold"


def told(
    violations: Iterable[Violation],
    statistics: QualityStatistics,
    constraints: QualityConstraints,
    critical: Collection[str],
) -> tuple[Violation, ...]:
    """The violations with their severity, and with the edit that would accept each."""
    known = {constraint.metric: constraint for constraint in constraints.metrics}
    found = []
    for violation in violations:
        name = violation.feature_name
        severity = Severity.CRITICAL if name in critical else Severity.WARNING
        allowing = accepting(known[name], statistics.metrics[name], statistics.rows)
        edit = Edit(name, THRESHOLD, allowing.threshold)
        more = {"severity": severity.value, EDIT: edit.to_json()}
        found.append(replace(violation, extension={**violation.extension, **more}))
    return tuple(found)


def accepting(
    constraint: MetricConstraint, estimate: Estimate, rows: int, window: str = ""
) -> MetricConstraint:
    """The constraint that a window holds, whose metric is `estimate` and which has so many rows.

    A suggested constraint gets the margin that it would have, were the window the baseline: so
    that windows no worse than this one hold, and not every second of them by luck. A swing from
    window to window is not allowed for again: this one is as far as it may go. One that holds as
    it stands gets the window's value, and so does one of a window too small to tell a margin.
    `window` is the key that the constraint tells it by.
    """
    assert estimate.value is not None  # noqa: S101  (an undefined metric is never violated)
    as_it_stands = replace(constraint, threshold=estimate.value)
    former = constraint.basis
    if former is None or holds_as_it_stands(constraint):
        return as_it_stands
    basis = basis_of(estimate, rows, former.alpha, former.expected_rows, former.min_effect)
    if isinstance(basis, str):
        return as_it_stands
    return _margin(constraint, replace(basis, accepted=window)) or as_it_stands


def applied(constraints: QualityConstraints, accepted: MetricConstraint) -> QualityConstraints:
    """The constraints with this one in the place of the metric's own."""
    metrics = (accepted if c.metric == accepted.metric else c for c in constraints.metrics)
    return replace(constraints, metrics=tuple(metrics))


def under(constraints: QualityConstraints, alpha: float, min_effect: float) -> QualityConstraints:
    """What would have been suggested, had each test this to spend and this floor.

    Constraints that hold as they stand do so whatever the budget; one for which the budget then
    leaves no margin that could show anything is as it was.
    """
    return replace(
        constraints,
        metrics=tuple(_under(constraint, alpha, min_effect) for constraint in constraints.metrics),
    )


def _under(constraint: MetricConstraint, alpha: float, min_effect: float) -> MetricConstraint:
    basis = constraint.basis
    if basis is None or holds_as_it_stands(constraint):
        return constraint
    if (basis.alpha, basis.min_effect) == (alpha, min_effect):
        return constraint
    return _margin(constraint, replace(basis, alpha=alpha, min_effect=min_effect)) or constraint


def _margin(constraint: MetricConstraint, basis: Basis) -> MetricConstraint | None:
    made = constrained(constraint.metric, constraint.operator, basis)
    return None if isinstance(made, str) else made
