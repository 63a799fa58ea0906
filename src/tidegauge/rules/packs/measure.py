"""What a rule asks of the rows: one measure each, in SQL that every engine for rows understands.

A measure is a function of the rows that count (`among`), and for a share the condition that they
should meet. Both are texts of Spark SQL in which a null result is not true.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.model.statistics import Kind
from tidegauge.rules.packs.literals import as_number, as_text, quoted, text_literal
from tidegauge.rules.packs.of_batches import (
    Compare,
    Correlation,
    Distinct,
    Drift,
    Entropy,
    Mean,
    MutualInformation,
    Predicate,
    Quantile,
    Rows,
    StdDev,
    Sum,
)
from tidegauge.rules.packs.of_values import (
    Completeness,
    Domain,
    Exists,
    Freshness,
    Length,
    Pattern,
    Range,
    Sign,
    Type,
    Unique,
)
from tidegauge.rules.packs.overlay import unique_columns
from tidegauge.rules.packs.terms import SignWord

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tidegauge.rules.packs.checks import RuleCheck
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.rules.packs.terms import Scalar

NUMBERS = (Kind.INTEGRAL, Kind.FRACTIONAL, Kind.DECIMAL)
TIMES = (Kind.DATE, Kind.TIMESTAMP)
TEXTS = (Kind.TEXT, Kind.BINARY)

_SIGNS = {
    SignWord.NON_NEGATIVE: ">=",
    SignWord.POSITIVE: ">",
    SignWord.NON_POSITIVE: "<=",
    SignWord.NEGATIVE: "<",
}


_OF_NUMBERS = (Range, Sign, Quantile, Mean, StdDev, Sum, Correlation)


class Function(StrEnum):
    """What is computed of the rows that count; all but the first two of `columns`' values."""

    SHARE = "share"  # of them that meet the condition
    ROWS = "rows"  # how many there are
    UNIQUE = "unique"  # the share of them whose values no other has
    DISTINCT = "distinct"  # the number of different values
    ENTROPY = "entropy"  # in nats
    MUTUAL_INFORMATION = "mutual_information"  # of two columns, in nats
    CORRELATION = "correlation"  # Pearson's, of two columns
    QUANTILE = "quantile"  # at `at`: the smallest value whose rank is at least that share
    MEAN = "mean"
    STD_DEV = "std_dev"  # divided by n
    SUM = "sum"
    NEWEST = "newest"  # of times in microseconds since the Unix epoch


@dataclass(frozen=True, slots=True)
class Measure:
    """One number to be had from rows; `columns` are SQL expressions."""

    function: Function
    columns: tuple[str, ...] = ()
    condition: str = ""
    among: str = "true"
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out: the value (None: no row counts), over how many rows, how many of them fail."""

    value: float | None
    n: int
    failing: int | None = None


class Unmeasurable(Exception):
    """Why a rule cannot be asked of the rows; it becomes the reason of an outcome."""


def measure_of(one: InForce, kinds: Mapping[str, Kind], hidden: Collection[str] = ()) -> Measure:
    """What a rule asks of rows whose columns are of these kinds.

    `hidden` columns were profiled as hashes, so that all that is known of them is that they are
    texts; a rule about numbers reads the numbers in them.

    Raises:
        Unmeasurable: a column is missing, or of a kind of which this cannot be asked.
    """
    rule = one.rule
    where = f"({rule.where}\n)" if rule.where else "true"  # a comment at its end must not go on
    for name in columns_of(one):
        if name not in kinds:
            raise Unmeasurable(f"the column {name!r} is missing, or could not be profiled")
    casts: frozenset[str] = frozenset()
    if isinstance(rule.check, _OF_NUMBERS):
        texts = (name for name in columns_of(one) if kinds[name] is Kind.TEXT)
        casts = frozenset(name for name in texts if name in hidden)
    known = {**kinds, **dict.fromkeys(casts, Kind.FRACTIONAL)}
    return _Asked(one, known, where, casts).measure(rule.check)


def columns_of(one: InForce) -> tuple[str, ...]:
    """The columns that a rule names, but for those in its SQL."""
    check = one.rule.check
    if isinstance(check, Unique):
        return unique_columns(one)
    named = (one.column, getattr(check, "to", ""))
    return tuple(name for name in named if name)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One rule on its way to SQL."""

    one: InForce
    kinds: Mapping[str, Kind]
    where: str
    casts: Collection[str]  # columns of texts in which a number is looked for

    def measure(self, check: RuleCheck) -> Measure:  # noqa: C901, PLR0912  (a table)
        column = self.one.column
        q, present = self._q(column), f"{self._q(column)} IS NOT NULL"
        match check:
            case Rows():
                return Measure(Function.ROWS, among=self.where)
            case Predicate():
                return Measure(Function.SHARE, condition=f"({check.sql}\n)", among=self.where)
            case Completeness():
                return Measure(Function.SHARE, condition=present, among=self.where)
            case Domain():
                return self._share(self._among(check.values), present)
            case Range():
                low = "" if check.min is None else f"{q} >= {self._number(column, check.min)}"
                high = "" if check.max is None else f"{q} <= {self._number(column, check.max)}"
                return self._share(self._numeric(" AND ".join(filter(None, (low, high)))), present)
            case Sign():
                return self._share(self._numeric(f"{q} {_SIGNS[check.expected]} 0"), present)
            case Pattern():
                texts = q if self.kinds[column] is Kind.TEXT else f"CAST({q} AS STRING)"
                return self._share(f"{texts} RLIKE {text_literal(check.regex)}", present)
            case Length():
                return self._share(self._length(check), present)
            case Compare():
                return self._compare(check)
            case Unique():
                columns = tuple(map(self._q, unique_columns(self.one)))
                return self._of(Function.UNIQUE, *columns)
            case Distinct():
                return self._of(Function.DISTINCT, q)
            case Entropy():
                return self._of(Function.ENTROPY, q)
            case MutualInformation():
                return self._of(Function.MUTUAL_INFORMATION, q, self._q(check.to))
            case Correlation():
                return self._of_numbers(Function.CORRELATION, column, check.to)
            case Quantile():
                return self._of_numbers(Function.QUANTILE, column, at=check.at)
            case Mean():
                return self._of_numbers(Function.MEAN, column)
            case StdDev():
                return self._of_numbers(Function.STD_DEV, column)
            case Sum():
                return self._of_numbers(Function.SUM, column)
            case Freshness():
                return self._newest(column)
            case Exists() | Type() | Drift():
                raise Unmeasurable(f"a {check.word} rule is not about rows")

    def _q(self, column: str) -> str:
        q = quoted(column)
        return f"try_cast({q} AS DOUBLE)" if column in self.casts else q

    def _share(self, condition: str, present: str) -> Measure:
        return Measure(Function.SHARE, (), condition, self._and(present))

    def _of(self, function: Function, *columns: str, at: float = 0.0) -> Measure:
        present = (f"{column} IS NOT NULL" for column in columns)
        return Measure(function, columns, among=self._and(*present), at=at)

    def _of_numbers(self, function: Function, *columns: str, at: float = 0.0) -> Measure:
        finite = (self._finite(column) for column in columns)
        values = tuple(f"CAST({self._q(column)} AS DOUBLE)" for column in columns)
        return Measure(function, values, among=self._and(*finite), at=at)

    def _and(self, *conditions: str) -> str:
        return " AND ".join((self.where, *conditions))

    def _numeric(self, condition: str) -> str:
        """A condition on numbers; Spark's NaN is greater than any number, ours meets nothing."""
        column = self.one.column
        self._refuse_others(column, NUMBERS, "numbers")
        fractional = self.kinds[column] is Kind.FRACTIONAL
        return f"NOT isnan({self._q(column)}) AND {condition}" if fractional else condition

    def _finite(self, column: str) -> str:
        self._refuse_others(column, NUMBERS, "numbers")
        q = self._q(column)
        if self.kinds[column] is not Kind.FRACTIONAL:
            return f"{q} IS NOT NULL"
        return f"{q} IS NOT NULL AND NOT isnan({q}) AND abs({q}) < double('Infinity')"

    def _length(self, check: Length) -> str:
        self._refuse_others(self.one.column, TEXTS, "texts")
        length = f"length({self._q(self.one.column)})"
        low = "" if check.min is None else f"{length} >= {check.min}"
        high = "" if check.max is None else f"{length} <= {check.max}"
        return " AND ".join(filter(None, (low, high)))

    def _compare(self, check: Compare) -> Measure:
        left, right = self.one.column, check.to
        families = [_family(self.kinds[name]) for name in (left, right)]
        if families[0] != families[1]:
            raise Unmeasurable(f"{left!r} holds {families[0]} and {right!r} holds {families[1]}")
        ql, qr = self._q(left), self._q(right)
        condition = f"{ql} {check.operator.value} {qr}"
        for name in (left, right):
            if self.kinds[name] is Kind.FRACTIONAL:
                condition = f"NOT isnan({self._q(name)}) AND {condition}"
        return Measure(Function.SHARE, (), condition, self._and(*_both_present(ql, qr)))

    def _newest(self, column: str) -> Measure:
        self._refuse_others(column, TIMES, "dates or times")
        q = self._q(column)
        micros = (
            f"unix_date({q}) * 86400000000"
            if self.kinds[column] is Kind.DATE
            else f"unix_micros({q})"
        )
        return Measure(Function.NEWEST, (micros,), among=self._and(f"{q} IS NOT NULL"))

    def _among(self, values: tuple[Scalar, ...]) -> str:
        column = self.one.column
        if self.kinds[column] in NUMBERS:
            numbers = [n for n in map(as_number, values) if n is not None]
            listed = ", ".join(self._number(column, n) for n in numbers) or "null"
            return f"{self._q(column)} IN ({listed})"
        listed = ", ".join(text_literal(as_text(value)) for value in values)
        texts = (
            self._q(column)
            if self.kinds[column] is Kind.TEXT
            else f"CAST({self._q(column)} AS STRING)"
        )
        return f"{texts} IN ({listed})"

    def _number(self, column: str, value: float) -> str:
        """A bound in SQL: digits where the column's numbers are whole, so that none gets lost."""
        if self.kinds[column] is Kind.INTEGRAL and float(value).is_integer() and abs(value) < 2**63:
            return str(int(value))
        return f"double('{value!r}')"

    def _refuse_others(self, column: str, kinds: tuple[Kind, ...], wanted: str) -> None:
        found = self.kinds[column]
        if found not in kinds:
            raise Unmeasurable(f"the column {column!r} holds {_family(found)}, not {wanted}")


def _both_present(one: str, other: str) -> tuple[str, str]:
    return f"{one} IS NOT NULL", f"{other} IS NOT NULL"


def _family(kind: Kind) -> str:
    if kind in NUMBERS:
        return "numbers"
    return "texts" if kind is Kind.TEXT else f"{kind} values"
