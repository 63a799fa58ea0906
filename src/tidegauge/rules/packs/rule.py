"""Rules: a check, the columns that it is for, and what people say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Severity

if TYPE_CHECKING:
    from tidegauge.rules.packs.checks import RuleCheck


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a pack.

    `columns` are names, or patterns in which `*` stands for any characters; none for a rule about
    rows. `where` is a SQL predicate: only rows that make it true count. `keep_failing` is how many
    of the rows that fail are kept. A rule that is `disabled` takes another one out of force.
    """

    check: RuleCheck
    place: Place
    columns: tuple[str, ...] = ()
    name: str = ""
    where: str = ""
    severity: Severity = Severity.WARNING
    description: str = ""
    owner: str = ""
    keep_failing: int = 0
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """The content of one pack, rules in the order of the file."""

    rules: tuple[Rule, ...]
    description: str = ""
    owner: str = ""
