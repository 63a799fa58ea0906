"""Suggestion: the constraints that a baseline's metrics support, for people to review and keep."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from statistics import fmean, variance
from typing import TYPE_CHECKING

from tidegauge.model.quality import MIN_EFFECT
from tidegauge.rules.alarms.design_effect import LEAST_BLOCKS, LEAST_ROWS
from tidegauge.rules.quality.constraints import (
    OPERATORS,
    Basis,
    MetricConstraint,
    QualityConstraints,
)
from tidegauge.rules.quality.margins import Scale, bound, detectable, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.model.quality import Estimate, Problem, QualityStatistics
    from tidegauge.rules.quality.constraints import Operator


def suggested_metrics(problem: Problem, *, costs: bool = False) -> tuple[str, ...]:
    """The metrics that a suggestion may constrain: as many tests has a window of one variant."""
    return tuple(name for name in OPERATORS[problem] if costs or not name.startswith("cost"))


def as_service(statistics: QualityStatistics) -> QualityConstraints:
    """SageMaker's suggestion: the baseline's value itself is the threshold, without a margin."""
    return QualityConstraints(
        statistics.problem,
        tuple(
            MetricConstraint(metric, value, operator)
            for metric, operator in OPERATORS[statistics.problem].items()
            if (value := statistics.value(metric)) is not None
        ),
    )


def suggest(
    statistics: QualityStatistics,
    *,
    alpha: float,
    expected_rows: int,
    min_effect: float = MIN_EFFECT,
    blocks: Sequence[QualityStatistics] = (),
) -> QualityConstraints:
    """Thresholds that an unchanged model passes, each with a probability of at least 1 - alpha.

    The margin follows from the baseline's size and that of the windows to come (`expected_rows`
    with labels), and is at least `min_effect`: in points where a metric is at most 1, else as a
    part of its value. `blocks` are the statistics of the baseline's days or hours, each about a
    window long: with at least 8 of at least 10 rows what a metric swings from one to the next is
    allowed for; without them rows are taken as independent.
    """
    metrics: list[MetricConstraint] = []
    dropped: dict[str, str] = {}
    for metric, operator in OPERATORS[statistics.problem].items():
        if (estimate := statistics.metrics.get(metric)) is None:
            continue
        found = [e for block in blocks if (e := block.metrics.get(metric)) is not None]
        basis = basis_of(estimate, statistics.rows, alpha, expected_rows, min_effect)
        suggested = (
            basis
            if isinstance(basis, str)
            else constrained(metric, operator, _with_swing(basis, found))
        )
        if isinstance(suggested, str):
            dropped[metric] = suggested
        else:
            metrics.append(suggested)
    return QualityConstraints(statistics.problem, tuple(metrics), dropped)


def basis_of(
    estimate: Estimate, rows: int, alpha: float, expected_rows: int, min_effect: float
) -> Basis | str:
    """What a baseline tells of one metric, without a threshold yet, or why it tells too little."""
    if estimate.value is None:
        return f"undefined in the baseline: {estimate.undefined}"
    if estimate.standard_deviation is None or estimate.n < 2:
        return f"{estimate.n} rows of the baseline cannot tell how far it moves by chance"
    return Basis(
        threshold=estimate.value,
        value=estimate.value,
        standard_deviation=estimate.standard_deviation,
        n=estimate.n,
        rows_share=estimate.n / rows,
        alpha=alpha,
        min_effect=min_effect,
        expected_rows=expected_rows,
        detectable=0.0,
        skewness=estimate.skewness,
    )


def _with_swing(basis: Basis, blocks: Sequence[Estimate]) -> Basis:
    """The basis with what the blocks show beyond the chance of their own sizes.

    The chance is told by the baseline's deviation: a block of few rows does not know its own.
    """
    known = [(e.value, e.n) for e in blocks if e.value is not None and e.n >= LEAST_ROWS]
    if len(known) < LEAST_BLOCKS:
        return basis
    by_chance = fmean(basis.standard_deviation**2 * basis.n / n for _, n in known)
    excess = variance(value for value, _ in known) - by_chance
    return replace(basis, swing=sqrt(max(0.0, excess)), blocks=len(known))


def constrained(metric: str, operator: Operator, basis: Basis) -> MetricConstraint | str:
    """The constraint for windows of the expected size, or why there is none."""
    if not basis.standard_deviation and scale_of(metric) is not Scale.SHARE:
        return "all rows of the baseline are alike, which tells nothing of others"
    expected = max(1, round(basis.expected_rows * basis.rows_share))
    threshold = bound(metric, operator, basis, expected)
    if threshold is None:
        return (
            f"a window of {basis.expected_rows} rows could not show any worsening at alpha "
            f"{basis.alpha:.3g}"
        )
    basis = replace(
        basis, threshold=threshold, detectable=detectable(metric, operator, basis, expected)
    )
    return MetricConstraint(metric, threshold, operator, basis)
