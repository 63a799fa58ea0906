"""From a number to a finding: the bounds of a rule, and the sentence that says them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.model.window import parse_duration
from tidegauge.rules.finding import Finding, by_value, not_evaluated
from tidegauge.rules.packs.checks import (
    Completeness,
    Freshness,
    Length,
    Range,
    Rows,
    Sign,
)
from tidegauge.rules.packs.words import requirement

if TYPE_CHECKING:
    from datetime import datetime

    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.measure import Measured
    from tidegauge.rules.packs.rule import Rule

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Open:
    """The profile does not decide a rule, for this reason."""

    reason: str


Answer = Finding | Open


def bounds_of(check: RuleCheck) -> Bounds:
    """The least and the greatest number that meet a rule, both included; None: no bound.

    The number is a share where the rule is one of shares; an age in seconds for freshness.
    """
    match check:
        case Completeness():
            return check.min, None
        case Freshness():
            return None, parse_duration(check.max_age).total_seconds()
        case Sign():
            return 1.0, None
        case _:
            pass
    share = getattr(check, "share", None)
    if share is not None:
        return share, None
    return getattr(check, "min", None), getattr(check, "max", None)


def meets(value: float, bounds: Bounds) -> bool:
    """Whether a number lies within bounds; NaN never does."""
    low, high = bounds
    if value != value:  # noqa: PLR0124  (NaN)
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def judged(value: float, rule: Rule, **numbers: object) -> Finding:
    """The finding on the number that a rule is about."""
    bounds = bounds_of(rule.check)
    return found(value, rule, violated=not meets(value, bounds), observed=value, **numbers)


def found(value: object, rule: Rule, *, violated: bool, **numbers: object) -> Finding:
    """A finding with the bounds among its numbers and what people said of the rule behind it."""
    low, high = bounds_of(rule.check)
    bounds: dict[str, Any] = {}
    if isinstance(rule.check, Range | Length) and "share" not in numbers:
        bounds = {"at_least": rule.check.min, "at_most": rule.check.max}
    thresholds = {"threshold": low} if high is None else {"threshold": high} if low is None else {}
    if low is not None and high is not None:
        thresholds = {"threshold": low, "threshold_max": high}
    given = {k: v for k, v in (thresholds | bounds).items() if v is not None}
    made = by_value(value, requirement(rule), violated=violated, **(given | numbers))
    told = f"{made.description} {rule.description}".strip() if violated else made.description
    return Finding(made.verdict, told, made.numbers)


def of_measured(measured: Measured, rule: Rule, end: datetime | None) -> Finding:
    """The finding on what was measured of the rows; `end` is the window's.

    A number of no rows is none, but for their count.
    """
    numbers: dict[str, Any] = {"n": measured.n}
    if measured.failing is not None:
        numbers["failing"] = measured.failing
    value = measured.value
    if value is None:
        kind = "row" if isinstance(rule.check, Rows | Completeness) else "value"
        return not_evaluated(f"there is no {kind} that counts", **numbers)
    if isinstance(rule.check, Freshness):
        return judged(age_seconds(value / 1e6, end), rule, **numbers)
    return judged(value, rule, **numbers)


def age_seconds(newest_seconds: float, end: datetime | None) -> float:
    """How much older the newest time is than the window's end."""
    if end is None:
        raise ValueError("freshness is measured from a window's end, and there is no window")
    return end.timestamp() - newest_seconds
