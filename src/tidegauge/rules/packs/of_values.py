"""What a rule can ask of single values and rows.

One frozen dataclass a check, its fields those of the YAML: `word` is its key in a pack, `short` the
field that a bare value stands for. A share is that of the rows
in which the rule's columns have a value, unless a check says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tidegauge.model.outcome import Check
from tidegauge.rules.packs.terms import (
    ALL,
    Age,
    Count,
    Scalar,
    Scope,
    Share,
    SignWord,
    ValueType,
)


@dataclass(frozen=True, slots=True)
class Exists:
    """The batch has the column."""

    word: ClassVar = "exists"
    check: ClassVar = Check.MISSING_COLUMN
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "expected"
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Completeness:
    """At least this share of all rows has a value."""

    word: ClassVar = "completeness"
    check: ClassVar = Check.COMPLETENESS
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "min"
    min: Share


@dataclass(frozen=True, slots=True)
class Type:
    """At least this share of the values is of the type."""

    word: ClassVar = "type"
    check: ClassVar = Check.DATA_TYPE
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "expected"
    expected: ValueType
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Domain:
    """At least this share of the values is among those that are listed."""

    word: ClassVar = "domain"
    check: ClassVar = Check.CATEGORICAL_VALUES
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "values"
    values: tuple[Scalar, ...]
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Range:
    """At least this share of the numbers lies between `min` and `max` (inclusive); NaN does not."""

    word: ClassVar = "range"
    check: ClassVar = Check.RANGE
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Sign:
    """All numbers lie on one side of zero."""

    word: ClassVar = "sign"
    check: ClassVar = Check.SIGN
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "expected"
    expected: SignWord


@dataclass(frozen=True, slots=True)
class Pattern:
    """At least this share of the texts has a match of the regular expression somewhere in it.

    `^` and `$` tie it to the whole text. The expression is Java's, as in Spark's RLIKE.
    """

    word: ClassVar = "pattern"
    check: ClassVar = Check.PATTERN
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "regex"
    regex: str
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Length:
    """At least this share of the texts has between `min` and `max` characters."""

    word: ClassVar = "length"
    check: ClassVar = Check.LENGTH
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: Count | None = None
    max: Count | None = None
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Unique:
    """At least this share of the rows has a value, or values of all `columns`, that no other has.

    Rows in which one of the columns has no value do not count.
    """

    word: ClassVar = "unique"
    check: ClassVar = Check.UNIQUENESS
    scope: ClassVar = Scope.EITHER
    short: ClassVar = "columns"
    columns: tuple[str, ...] = ()
    share: Share = ALL


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest time in the column is at most so much older than the window's end."""

    word: ClassVar = "freshness"
    check: ClassVar = Check.FRESHNESS
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "max_age"
    max_age: Age
