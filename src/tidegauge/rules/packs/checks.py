"""What a rule of a pack can ask: one frozen dataclass a check, its fields those of the YAML.

`word` is its key in a pack; `short` the field that a bare value stands for. A share is that of the
rows in which the rule's columns have a value, unless a check says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from tidegauge.model.outcome import Check
from tidegauge.rules.constraints import ComparisonMethod  # noqa: TC001  (its hints are read)

Share = Annotated[float, "share"]  # from 0 to 1
Age = Annotated[str, "age"]  # a duration such as 6h or PT6H
Count = Annotated[int, "count"]  # from 0 on
Scalar = str | int | float | bool

_ALL = 1.0


class Scope(StrEnum):
    """What a rule is about: each column of its `for`, or the rows, and then it has no `for`."""

    COLUMN = "column"
    ROWS = "rows"
    EITHER = "either"


class ValueType(StrEnum):
    """The types that a column can be asked to have; an Integral value is Fractional as well."""

    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"
    STRING = "String"
    BOOLEAN = "Boolean"
    DATE = "Date"
    TIMESTAMP = "Timestamp"


class SignWord(StrEnum):
    """On which side of zero the values lie."""

    NON_NEGATIVE = "non_negative"
    POSITIVE = "positive"
    NON_POSITIVE = "non_positive"
    NEGATIVE = "negative"


class Operator(StrEnum):
    """How one column compares with another."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    UNEQUAL = "<>"
    AT_LEAST = ">="
    GREATER = ">"


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
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Domain:
    """At least this share of the values is among those that are listed."""

    word: ClassVar = "domain"
    check: ClassVar = Check.CATEGORICAL_VALUES
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "values"
    values: tuple[Scalar, ...]
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Range:
    """At least this share of the numbers lies between `min` and `max` (inclusive); NaN does not."""

    word: ClassVar = "range"
    check: ClassVar = Check.RANGE
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None
    share: Share = _ALL


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
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Length:
    """At least this share of the texts has between `min` and `max` characters."""

    word: ClassVar = "length"
    check: ClassVar = Check.LENGTH
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: Count | None = None
    max: Count | None = None
    share: Share = _ALL


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
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest time in the column is at most so much older than the window's end."""

    word: ClassVar = "freshness"
    check: ClassVar = Check.FRESHNESS
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "max_age"
    max_age: Age


@dataclass(frozen=True, slots=True)
class Rows:
    """The batch has between `min` and `max` rows."""

    word: ClassVar = "rows"
    check: ClassVar = Check.ROW_COUNT
    scope: ClassVar = Scope.ROWS
    short: ClassVar = "min"
    min: Count | None = None
    max: Count | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """At least this share of the rows that have both values has them in this relation."""

    word: ClassVar = "compare"
    check: ClassVar = Check.COMPARISON
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    operator: Operator
    to: str
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's correlation with the column `to`, over the rows in which both are finite."""

    word: ClassVar = "correlation"
    check: ClassVar = Check.CORRELATION
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    to: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Entropy:
    """The Shannon entropy of the values, in nats: 0 for a constant, log(k) for k equal shares."""

    word: ClassVar = "entropy"
    check: ClassVar = Check.ENTROPY
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class MutualInformation:
    """What one column tells of the column `to`, in nats, over the rows that have both values."""

    word: ClassVar = "mutual_information"
    check: ClassVar = Check.MUTUAL_INFORMATION
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    to: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Distinct:
    """The number of different values."""

    word: ClassVar = "distinct"
    check: ClassVar = Check.DISTINCT_COUNT
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: Count | None = None
    max: Count | None = None


@dataclass(frozen=True, slots=True)
class Quantile:
    """The smallest number that at least the share `at` of the finite numbers does not exceed."""

    word: ClassVar = "quantile"
    check: ClassVar = Check.QUANTILE
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    at: Share
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the finite numbers."""

    word: ClassVar = "mean"
    check: ClassVar = Check.MEAN
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class StdDev:
    """The standard deviation of the finite numbers (of a population: divided by n)."""

    word: ClassVar = "std_dev"
    check: ClassVar = Check.STD_DEV
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the finite numbers."""

    word: ClassVar = "sum"
    check: ClassVar = Check.SUM
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Predicate:
    """At least this share of the rows makes the SQL predicate true (a null result is not true)."""

    word: ClassVar = "predicate"
    check: ClassVar = Check.PREDICATE
    scope: ClassVar = Scope.ROWS
    short: ClassVar = "sql"
    sql: str
    share: Share = _ALL


@dataclass(frozen=True, slots=True)
class Drift:
    """Other settings of the drift check for these columns; `compare: false` switches it off."""

    word: ClassVar = "drift"
    check: ClassVar = Check.BASELINE_DRIFT
    scope: ClassVar = Scope.COLUMN
    short: ClassVar = "compare"
    compare: bool = True
    threshold: float | None = None
    method: ComparisonMethod | None = None


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
