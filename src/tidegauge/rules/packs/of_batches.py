"""What a rule can ask of a whole batch: counts, moments, quantiles, relations, drift.

One frozen dataclass a check, its fields those of the YAML: `word` is its key in a pack, `short` the
field that a bare value stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tidegauge.model.outcome import Check
from tidegauge.rules.constraints import ComparisonMethod  # noqa: TC001  (its hints are read)
from tidegauge.rules.packs.terms import (
    ALL,
    Count,
    Operator,
    Scope,
    Share,
)


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
    share: Share = ALL


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
    share: Share = ALL


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
