"""Overlay: several packs in order become the rules that are in force, column by column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.model.outcome import DATASET
from tidegauge.rules.packs.of_batches import (
    Compare,
    Correlation,
    MutualInformation,
    Predicate,
    Quantile,
)
from tidegauge.rules.packs.of_values import Pattern, Unique

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable

    from tidegauge.rules.packs.rule import Pack, Rule

_ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it holds for one column; `column` is empty for a rule about rows."""

    rule: Rule
    column: str = ""

    @property
    def feature(self) -> str:
        """What the rule's outcome is about: its column, or columns joined by a comma."""
        check = self.rule.check
        if isinstance(check, Unique):
            return ",".join(unique_columns(self))
        return self.column or DATASET

    @property
    def id(self) -> str:
        """Tells rules apart that make the same check of the same feature.

        It is made of what makes a later rule take another one's place, so that it stays the same
        when bounds change, or lines of the pack.
        """
        said = repr(_key(self)).encode("utf-8", "backslashreplace")
        return sha256(said).hexdigest()[:_ID_DIGITS]


def unique_columns(rule: InForce) -> tuple[str, ...]:
    """The columns whose values together are asked to be unique."""
    check = rule.rule.check
    named = check.columns if isinstance(check, Unique) else ()
    return tuple(dict.fromkeys((*((rule.column,) if rule.column else ()), *named)))


def overlay(packs: Iterable[Pack], columns: Collection[str]) -> tuple[InForce, ...]:
    """The rules in force for these columns, each in the place where it was first written.

    A later rule takes the place of an earlier one with the same `name` for the same column; without
    a name, of one that makes the same check of the same column under the same `where`. A pattern
    that no column matches keeps its rule as it is written, and the rule is then not evaluated.

    Raises:
        UsageError: no rule is in force at all.
    """
    found: dict[Hashable, InForce] = {}
    for pack in packs:
        for rule in pack.rules:
            for one in _spread(rule, columns):
                key = _key(one)
                if rule.disabled:
                    found.pop(key, None)
                else:
                    found[key] = one
    if not found:
        raise UsageError(
            "the packs yield no rule: expected at least one that is not switched off; add one, or "
            "remove `packs` from the conf"
        )
    return tuple(found.values())


def matches(pattern: str, columns: Collection[str]) -> tuple[str, ...]:
    """The columns that a name or a pattern stands for, in their order."""
    if "*" not in pattern or pattern in columns:
        return (pattern,)
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    return tuple(column for column in columns if wanted.fullmatch(column))


def _spread(rule: Rule, columns: Collection[str]) -> Iterable[InForce]:
    if not rule.columns:
        return (InForce(rule),)
    names = (name for pattern in rule.columns for name in matches(pattern, columns) or (pattern,))
    return tuple(InForce(rule, name) for name in dict.fromkeys(names))


def _key(one: InForce) -> Hashable:
    rule, check = one.rule, one.rule.check
    if rule.name:
        return (rule.name, one.column)
    match check:
        case Quantile():
            which: tuple[object, ...] = (check.at,)
        case Compare():
            which = (check.operator, check.to)
        case Correlation() | MutualInformation():
            which = (check.to,)
        case Pattern():
            which = (check.regex,)
        case Predicate():
            which = (check.sql,)
        case Unique():
            return (check.word, tuple(sorted(unique_columns(one))), rule.where)
        case _:
            which = ()
    return (check.word, one.column, rule.where, *which)
