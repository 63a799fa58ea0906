"""What a rule requires, in words: `completeness at least 0.99`, `range 0 to 1439`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.rules.packs.of_batches import (
    Compare,
    Correlation,
    Drift,
    MutualInformation,
    Predicate,
    Quantile,
)
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Exists,
    Freshness,
    Pattern,
    Sign,
    Type,
    Unique,
)

if TYPE_CHECKING:
    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.rule import Rule

_SHOWN = 60


def requirement(rule: Rule) -> str:
    """The check with its bounds, the share that must meet it unless all must, and its `where`."""
    share = getattr(rule.check, "share", 1.0)
    parts = [f"{rule.check.word} {_asked(rule.check)}".strip().replace("_", " ")]
    if share != 1.0:
        parts.append(f"for a share of at least {share:g}")
    if rule.where:
        parts.append(f"where {rule.where}")
    return " ".join(parts)


def _asked(check: RuleCheck) -> str:
    match check:
        case Exists():
            return ""
        case Completeness():
            return f"at least {check.min:g}"
        case Type() | Sign():
            return check.expected.value
        case Domain():
            return _cut(", ".join(map(str, check.values)))
        case Pattern():
            return check.regex
        case Predicate():
            return check.sql
        case Unique():
            return ", ".join(check.columns)
        case Freshness():
            return f"at most {check.max_age} before the window's end"
        case Compare():
            return f"{check.operator.value} {check.to}"
        case Drift():
            return _drift(check)
        case _:
            return f"{_of(check)} {_between(check.min, check.max)}".strip()


def _of(check: RuleCheck) -> str:
    match check:
        case Quantile():
            return f"at {check.at:g}"
        case Correlation() | MutualInformation():
            return f"with {check.to}"
        case _:
            return ""


def _between(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}"


def _drift(check: Drift) -> str:
    if not check.compare:
        return "is not checked"
    threshold = "" if check.threshold is None else f"over {check.threshold:g}"
    return " by ".join(filter(None, (threshold, check.method)))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
