"""Drift: how far a feature has moved from the baseline, against the threshold.

The sentence of a violation is the one that the service's own tools parse
(`distance: (.+) exceeds threshold: (.+)`); a held one does not match it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Verdict
from tidegauge.rules.constraints import (
    CategoricalDrift,
    CategoricalMethod,
    ComparisonMethod,
    NumericDrift,
)
from tidegauge.rules.counts import value_counts
from tidegauge.rules.distances import category_distance, cdf_distance, chi_squared, robust
from tidegauge.rules.finding import Finding, not_enough_data, not_evaluated

if TYPE_CHECKING:
    from tidegauge.model.statistics import FeatureStatistics, Sketch
    from tidegauge.rules.counts import ValueCounts


def numeric_drift(
    constraint: NumericDrift, current: FeatureStatistics, baseline: FeatureStatistics
) -> Finding:
    """The largest gap between the two distribution functions, over the finite values.

    The numbers alone decide: a current column that is called String, because some of its values
    are text, is still compared by those that are numbers.
    """
    ours, theirs = _sketch("current", current), _sketch("baseline", baseline)
    if isinstance(ours, str):
        return not_evaluated(ours)
    if isinstance(theirs, str):
        return not_evaluated(theirs)
    return _judged(constraint, cdf_distance(ours, theirs), ours.weight, theirs.weight)


def _sketch(which: str, feature: FeatureStatistics) -> Sketch | str:
    """The feature's sketch, or the reason why there is none to compare."""
    if feature.numeric is None:
        return f"the {which} column has no numbers (it is {feature.inferred_type})"
    if feature.numeric.sketch is None:
        return f"the {which} statistics hold no sketch of the numbers"
    if not feature.numeric.sketch.weight:
        return f"the {which} column has no finite number"
    return feature.numeric.sketch


def categorical_drift(
    constraint: CategoricalDrift, current: FeatureStatistics, baseline: FeatureStatistics
) -> Finding:
    """The largest gap between two shares, or Pearson's test, as the configuration chooses.

    The baseline must list all its categories. Where the current data have too many, their most
    frequent values are compared, and the verdict takes the error of their counts into account.
    """
    if current.text is None:
        return not_evaluated(f"the current column has no text (it is {current.inferred_type})")
    if baseline.text is None or baseline.text.categories is None:
        return not_evaluated("the baseline statistics hold no counts of categories")
    ours, theirs = value_counts(current), value_counts(baseline)
    if ours is None or theirs is None:
        which = "current" if ours is None else "baseline"
        return not_evaluated(f"the {which} column has no text values that were counted")
    match constraint.drift_method:
        case CategoricalMethod.L_INFINITY:
            distance = category_distance(ours.shares, theirs.shares)
            return _judged(constraint, distance, ours.total, theirs.total, ours.error / ours.total)
        case CategoricalMethod.CHI_SQUARED:
            return _chi_squared(constraint, ours, theirs)


def _judged(
    constraint: NumericDrift | CategoricalDrift,
    distance: float,
    n: int,
    m: int,
    error: float = 0.0,
) -> Finding:
    """The verdict on a distance between `n` current and `m` baseline values, known to +-`error`."""
    threshold = constraint.threshold
    is_robust = constraint.method is ComparisonMethod.ROBUST
    compared, least, most, largest = (
        robust(value, n, m) if is_robust else value
        for value in (distance, max(0.0, distance - error), min(1.0, distance + error), 1.0)
    )
    numbers: dict[str, Any] = {
        "distance": compared,
        "threshold": threshold,
        "method": constraint.method.value,
        "distance_simple": distance,
        "n": n,
        "baseline_n": m,
    }
    if error:
        numbers["distance_error"] = error
    if largest <= threshold < 1.0:
        reason = f"with {n} and {m} values no distance could exceed the threshold {threshold}"
        return not_enough_data(reason, **numbers)
    if least <= threshold < most:
        reason = f"the listed values leave the distance between {least} and {most}"
        return not_evaluated(reason, **numbers)
    if compared > threshold:
        sentence = f"Baseline drift distance: {compared} exceeds threshold: {threshold}"
        return Finding(Verdict.VIOLATED, sentence, numbers)
    sentence = f"Baseline drift distance: {compared} does not exceed threshold: {threshold}"
    return Finding(Verdict.HELD, sentence, numbers)


def _chi_squared(constraint: CategoricalDrift, ours: ValueCounts, theirs: ValueCounts) -> Finding:
    """Drift when the p-value is below the threshold.

    The service does not document which way it compares. The sentence of a violation gives the
    statistic and its critical value at the threshold: the same test, as a distance that exceeds.
    """
    threshold = constraint.threshold
    numbers: dict[str, Any] = {
        "threshold": threshold,
        "method": constraint.drift_method.value,
        "direction": "p-value below threshold (our reading; the service does not document it)",
        "n": ours.total,
        "baseline_n": theirs.total,
    }
    if ours.error:
        return not_evaluated("the current column has too many categories to count all", **numbers)
    test = chi_squared(ours.counts, theirs.counts)
    if test is None:
        reason = "fewer than two groups of categories are expected 5 times or more"
        return not_enough_data(reason, **numbers)
    numbers |= {
        "p_value": test.p_value,
        "statistic": test.statistic,
        "degrees_of_freedom": test.degrees_of_freedom,
    }
    if test.p_value < threshold:
        critical = test.critical_value(min(threshold, 1.0))
        sentence = f"Baseline drift distance: {test.statistic} exceeds threshold: {critical}"
        return Finding(Verdict.VIOLATED, sentence, numbers | {"critical_value": critical})
    sentence = f"Baseline drift p-value: {test.p_value} is not below threshold: {threshold}"
    return Finding(Verdict.HELD, sentence, numbers)
