"""The checks of one dataset against a constraint, drift apart: type, completeness, sign, domain.

Each takes its constraint and the feature's statistics; the semantics are SageMaker's (developer
guide, "Constraint Violations"), the open points are decided here and say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Verdict
from tidegauge.model.statistics import InferredType
from tidegauge.rules.counts import value_counts
from tidegauge.rules.finding import Finding, by_value, not_evaluated

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegauge.model.statistics import FeatureStatistics, TypeCounts
    from tidegauge.rules.constraints import Completeness, DataType, Domain, Length

_NAMED_VALUES = 5  # how many of the values outside a domain an outcome names


def missing_column(name: str, current: Collection[str], baseline: Collection[str]) -> Finding:
    """Is there a column of this name? SageMaker only compares the counts; the tail names ours."""
    numbers = {"columns": len(current), "baseline_columns": len(baseline)}
    if name in current:
        return Finding(Verdict.HELD, f"The column {name!r} is there.", numbers)
    return Finding(
        Verdict.VIOLATED,
        f"{_column_counts('missing', current, baseline)} The column {name!r} is missing.",
        numbers,
    )


def extra_column(name: str, current: Collection[str], baseline: Collection[str]) -> Finding:
    """A column that the constraints do not know: always a violation, which names it."""
    return Finding(
        Verdict.VIOLATED,
        f"{_column_counts('extra', current, baseline)} The column {name!r} is extra.",
        {"columns": len(current), "baseline_columns": len(baseline)},
    )


def _column_counts(which: str, current: Collection[str], baseline: Collection[str]) -> str:
    return (
        f"There are {which} columns in current dataset."
        f" Number of columns in current dataset: {len(current)},"
        f" Number of columns in baseline constraints: {len(baseline)}."
    )


def data_type(
    constraint: DataType, current: FeatureStatistics, baseline: FeatureStatistics | None
) -> Finding:
    """The share of present values whose type satisfies the expected one, against the threshold.

    An Integral value satisfies Fractional. A String feature is judged as a column, since text may
    look like a number by chance: it satisfies String while any value is text, or where the
    baseline's column held texts that look like numbers. A column of nothing but numbers does not
    (the service reports it too: the SDK's test of a changed constraint relies on it).
    """
    if constraint.expected is InferredType.UNKNOWN:
        return not_evaluated("the baseline had no values to tell the type from")
    if not current.num_present or current.inferred_type is InferredType.UNKNOWN:
        return not_evaluated("there are no values to tell the type of")
    expected, types = constraint.expected, current.detail.types if current.detail else None
    if expected is InferredType.STRING:
        observed = float(current.inferred_type is expected or _held_numbers(baseline))
    elif types is not None and types.total:
        observed = _matching(expected, types) / types.total
    else:
        observed = float(current.inferred_type in (expected, InferredType.INTEGRAL))
    numbers = {
        "observed": observed,
        "threshold": constraint.threshold,
        "expected": expected.value,
        "inferred": current.inferred_type.value,
        "n": current.num_present,
    }
    terms = f"Expected data type: {expected}, Expected match: {100 * constraint.threshold}%."
    share = f"{100 * observed}% of data is {expected}."
    if observed < constraint.threshold:
        sentence = f"Data type match requirement is not met. {terms} Observed: Only {share}"
        return Finding(Verdict.VIOLATED, sentence, numbers)
    sentence = f"Data type match requirement is met. {terms} Observed: {share}"
    return Finding(Verdict.HELD, sentence, numbers)


def _matching(expected: InferredType, types: TypeCounts) -> int:
    return types.integral + (types.fractional if expected is InferredType.FRACTIONAL else 0)


def _held_numbers(baseline: FeatureStatistics | None) -> bool:
    """Whether the baseline's String column held texts that look like numbers."""
    if baseline is None or baseline.inferred_type is not InferredType.STRING:
        return False
    types = baseline.detail.types if baseline.detail else None
    return types is not None and types.integral + types.fractional > 0


def completeness(constraint: Completeness, current: FeatureStatistics) -> Finding:
    """The share of rows that have a value, against the least share that is allowed."""
    observed = current.completeness
    if observed is None:
        return not_evaluated("the feature has no rows")
    return by_value(
        observed,
        f"at least {constraint.threshold}",
        violated=observed < constraint.threshold,
        observed=observed,
        threshold=constraint.threshold,
        present=current.num_present,
        missing=current.num_missing,
    )


def non_negative(current: FeatureStatistics) -> Finding:
    """Is no value below zero? Minus infinity is, and is told by its count alone.

    SageMaker's documents have the constraint, but no check type of their own for it; ours is
    `non_negative_check`.
    """
    infinite = current.detail.negative_infinity if current.detail else 0
    least = current.numeric.min if current.numeric else None
    if least is None and not infinite:
        return not_evaluated("there are no numbers")
    numbers: dict[str, Any] = {"observed": least, "threshold": 0.0, "negative_infinity": infinite}
    if current.detail:
        numbers["negatives"] = current.detail.negatives
    value = "-Infinity" if infinite else least
    violated = infinite > 0 or (least is not None and least < 0)
    return by_value(value, "not below 0", violated=violated, **numbers)


def length(constraint: Length, current: FeatureStatistics) -> Finding:
    """Do the shortest and the longest text lie within the bounds, in characters?"""
    detail = current.detail
    if detail is None or detail.min_length is None or detail.max_length is None:
        return not_evaluated("there are no texts whose lengths are known")
    shortest, longest = detail.min_length, detail.max_length
    too_short, too_long = shortest < constraint.at_least, longest > constraint.up_to
    value = shortest if too_short else longest
    return by_value(
        value,
        f"from {constraint.at_least} to {constraint.up_to} characters",
        violated=too_short or too_long,
        observed=value,
        threshold=constraint.at_least if too_short else constraint.up_to,
        shortest=shortest,
        longest=longest,
        n=current.num_present,
    )


def domain(constraint: Domain, current: FeatureStatistics) -> Finding:
    """The share of present values that lie in the domain, against the threshold.

    With too many categories to list, the frequent values bound the share from both sides: what is
    listed in the domain is the least, what is listed outside takes from the most.
    """
    values = value_counts(current)
    if values is None:
        return not_evaluated("there are no text values that were counted")
    known = frozenset(constraint.values)
    inside = sum(count for value, count in values.counts.items() if value in known)
    outside = {value: n for value, n in values.counts.items() if value not in known}
    observed = inside / values.total
    numbers: dict[str, Any] = {
        "observed": observed,
        "threshold": constraint.threshold,
        "n": values.total,
        "unexpected": dict(sorted(outside.items(), key=lambda item: -item[1])[:_NAMED_VALUES]),
    }
    at_most = observed
    if values.error:
        at_most = 1.0 - sum(outside.values()) / values.total
        numbers |= {"observed_at_most": at_most, "undercount": values.error}
    if observed < constraint.threshold <= at_most:
        reason = f"the listed values leave the share between {observed} and {at_most}"
        return not_evaluated(reason, **numbers)
    requirement = f"at least {constraint.threshold}"
    return by_value(observed, requirement, violated=observed < constraint.threshold, **numbers)
