"""Verdicts: what a test's numbers amount to. Never a silent pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from tidegauge.model.outcome import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test of one feature in one window: all that its verdict stands on.

    `effect`, `floor` and `detectable` share a unit: a gap between distribution functions, a total
    variation, or a difference of shares. `detectable` is the smallest effect that the test finds
    with probability `power`. `critical` is the value at which the p-value reaches `alpha`, of the
    statistic that the test is made on; None where several tests make one p-value. `extrapolated`:
    alpha asks for rarer swings than the baseline's blocks have shown.
    """

    p_value: float
    alpha: float
    effect: float
    floor: float
    n: int
    m: int
    critical: float | None
    detectable: float
    power: float = 0.8
    extrapolated: bool = False


def verdict(evidence: Evidence) -> Verdict:
    """In this order, so that a flood of bad rows is seen in the smallest window.

    Not evaluated when a side has no values; violated when `p < alpha` and the effect exceeds its
    floor, at any size; not enough data when the floor itself could not have been detected; held.
    """
    if not evidence.n or not evidence.m:
        return Verdict.NOT_EVALUATED
    if evidence.p_value < evidence.alpha and evidence.effect > evidence.floor:
        return Verdict.VIOLATED
    if evidence.detectable > evidence.floor:
        return Verdict.NOT_ENOUGH_DATA
    return Verdict.HELD


def reason(evidence: Evidence) -> str:
    """The verdict's reason in a clause, with the numbers that decided."""
    found = f"the effect {evidence.effect:.4g} (p {evidence.p_value:.3g})"
    asked = f"the floor {evidence.floor:.4g} at p < {evidence.alpha:.3g}"
    match verdict(evidence):
        case Verdict.NOT_EVALUATED:
            side = "window" if not evidence.n else "baseline"
            return f"the {side} has no values"
        case Verdict.VIOLATED:
            return f"{found} exceeds {asked}"
        case Verdict.NOT_ENOUGH_DATA:
            least = evidence.detectable
            shown = f"only an effect of {least:.4g}" if least <= 1 else "no effect at all"
            return (
                f"{found} does not exceed {asked}, but with {evidence.n} values against"
                f" {evidence.m} {shown} would have shown with {100 * evidence.power:.4g} % power"
            )
        case Verdict.HELD:
            return f"{found} does not exceed {asked}"
        case other:
            assert_never(other)


def numbers(evidence: Evidence) -> Mapping[str, Any]:
    """The evidence as JSON values, under the names that documents and `explain` use."""
    return {
        "p_value": evidence.p_value,
        "alpha": evidence.alpha,
        "effect": evidence.effect,
        "min_effect": evidence.floor,
        "n": evidence.n,
        "baseline_n": evidence.m,
        "critical_value": evidence.critical,
        "smallest_detectable": evidence.detectable,
        "power": evidence.power,
        "extrapolated": evidence.extrapolated,
    }
