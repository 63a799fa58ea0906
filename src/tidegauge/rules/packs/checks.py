"""What a rule of a pack can ask: any of the checks, and what their fields cannot say alone."""

from __future__ import annotations

from tidegauge.rules.packs.of_batches import (
    Compare,
    Correlation,
    Distinct,
    Drift,
    Entropy,
    Mean,
    MutualInformation,
    Predicate,
    Quantile,
    Rows,
    StdDev,
    Sum,
)
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Exists,
    Freshness,
    Length,
    Pattern,
    Range,
    Sign,
    Type,
    Unique,
)

RuleCheck = (
    Exists
    | Completeness
    | Type
    | Domain
    | Range
    | Sign
    | Pattern
    | Length
    | Unique
    | Freshness
    | Rows
    | Compare
    | Correlation
    | Entropy
    | MutualInformation
    | Distinct
    | Quantile
    | Mean
    | StdDev
    | Sum
    | Predicate
    | Drift
)

# Checks of single rows, whose failing rows can be kept.
OF_SINGLE_ROWS = (
    Completeness,
    Domain,
    Range,
    Sign,
    Pattern,
    Length,
    Unique,
    Compare,
    Predicate,
)


def problems(check: RuleCheck) -> tuple[str, ...]:
    """What a check's fields cannot say together; nothing for a check that can be made."""
    match check:
        case Exists(expected=False):
            return ("expected true; a column that must not be there needs no rule: it is extra",)
        case Domain(values=()):
            return ("expected at least one value",)
        case Drift(compare=True, threshold=None, method=None):
            return ("expected a threshold, a method or `compare: false`",)
        case (
            Range()
            | Length()
            | Rows()
            | Correlation()
            | Entropy()
            | MutualInformation()
            | Distinct()
            | Quantile()
            | Mean()
            | StdDev()
            | Sum()
        ):
            if check.min is None and check.max is None:
                return ("expected `min`, `max` or both",)
            if check.min is not None and check.max is not None and check.min > check.max:
                return (f"expected min <= max, found {check.min} > {check.max}",)
        case _:
            pass
    return ()
