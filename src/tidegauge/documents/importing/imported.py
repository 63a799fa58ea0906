"""What came of an import, and the bounds that other tools leave open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import DocumentError
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.rule import Pack, Place, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.rules.packs.checks import RuleCheck

Bounds = tuple[float | None, float | None]


class NotCarried(Exception):
    """Why a rule of another tool has no counterpart; it becomes a line of what is left over."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A pack, and a sentence for each rule that has no counterpart in it."""

    pack: Pack
    left_over: tuple[str, ...] = ()


def rule(
    check: RuleCheck,
    *columns: str,
    where: str = "",
    description: str = "",
    severity: Severity = Severity.WARNING,
    name: str = "",
) -> Rule:
    """A rule that is not written anywhere yet."""
    return Rule(
        check, Place("", 0), columns, name, where, severity=severity, description=description
    )


def imported(rules: Sequence[Rule], left_over: Sequence[str], where: str, tool: str) -> Imported:
    """The pack of these rules, each once.

    Raises:
        DocumentError: there is none, since a pack must check something.
    """
    kept = tuple(dict.fromkeys(rules))
    if not kept:
        told = "".join(f"\n  - {line}" for line in left_over)
        raise DocumentError(f"{where}: no rule of it can be carried over to a pack:{told}")
    return Imported(Pack(kept, f"carried over from {tool}"), tuple(left_over))


def above(value: float) -> float:
    """The least number over a bound that is itself left out."""
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    """The greatest number under a bound that is itself left out."""
    return math.nextafter(value, -math.inf)


def bounds(operator: str, value: float) -> Bounds:
    """What a comparison with a number allows, both ends included.

    Raises:
        NotCarried: it is none that bounds express.
    """
    match operator:
        case "==" | "=":
            return value, value
        case ">=":
            return value, None
        case ">":
            return above(value), None
        case "<=":
            return None, value
        case "<":
            return None, below(value)
        case _:
            raise NotCarried(f"no bound says {operator!r}")


def whole(found: Bounds) -> tuple[int | None, int | None]:
    """Bounds of a count."""
    low, high = found
    return (
        None if low is None else max(0, math.ceil(low)),
        None if high is None else math.floor(high),
    )


def share_of(found: Bounds) -> float:
    """The least share that a rule asks for.

    Raises:
        NotCarried: it allows only shares below one.
    """
    low, high = found
    if low is None or (high is not None and high < 1):
        raise NotCarried("it asks for a share that is not too large")
    return min(1.0, max(0.0, low))
