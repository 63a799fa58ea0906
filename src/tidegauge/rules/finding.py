"""Findings: what one check found; `evaluate` adds the feature and the check to make an outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, the sentence that says it, and the numbers (JSON values) that it stands on."""

    verdict: Verdict
    description: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


def not_evaluated(reason: str, **numbers: object) -> Finding:
    """The check could not be made, for this reason."""
    return Finding(Verdict.NOT_EVALUATED, f"Not evaluated: {reason}.", numbers)


def not_enough_data(reason: str, **numbers: object) -> Finding:
    """The check was made on too few values for either answer, for this reason."""
    return Finding(Verdict.NOT_ENOUGH_DATA, f"Not enough data: {reason}.", numbers)


def by_value(value: object, requirement: str, *, violated: bool, **numbers: object) -> Finding:
    """A check of one value, in the sentence that SageMaker's tools parse when it is violated."""
    if violated:
        sentence = f"Value: {value} does not meet the constraint requirement!"
        return Finding(Verdict.VIOLATED, sentence, numbers)
    return Finding(Verdict.HELD, f"Value: {value} meets the constraint: {requirement}.", numbers)
