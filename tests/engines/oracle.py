"""What each statistic is by its definition, in plain Python: no kernel, no state, no sketch."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tidegauge.model.statistics import Kind, TypeCounts

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

_INTEGRAL = re.compile(r"(-|\+)? ?\d+", re.ASCII)
_FRACTIONAL = re.compile(r"(-|\+)? ?\d+((\.\d+)|((\.\d+)?[Ee][-+]?\d+))", re.ASCII)
_MICROSECONDS = {"s": Fraction(10**6), "ms": Fraction(1000), "us": Fraction(1)}
_MICROSECONDS["ns"] = Fraction(1, 1000)
_DAY_MILLISECONDS = 86_400_000
_KINDS = (
    (Kind.EMPTY, pa.types.is_null),
    (Kind.BOOLEAN, pa.types.is_boolean),
    (Kind.INTEGRAL, pa.types.is_integer),
    (Kind.FRACTIONAL, pa.types.is_floating),
    (Kind.DECIMAL, pa.types.is_decimal),
    (Kind.DATE, pa.types.is_date),
    (Kind.TIMESTAMP, pa.types.is_timestamp),
    (Kind.BINARY, lambda t: t in (pa.binary(), pa.large_binary(), pa.binary_view())),
    (Kind.BINARY, pa.types.is_fixed_size_binary),
    (Kind.TEXT, lambda t: t in (pa.string(), pa.large_string(), pa.string_view())),
)


@dataclass(frozen=True)
class Truth:
    """One column: its kind, its rows, and the values that are not null.

    Dates are whole days and timestamps whole microseconds since the Unix epoch, earlier if need be.
    """

    kind: Kind
    rows: int
    values: Sequence[Any]

    @cached_property
    def is_numeric(self) -> bool:
        """Whether the kind has a mean."""
        return self.kind not in (Kind.EMPTY, Kind.BOOLEAN, Kind.TEXT, Kind.BINARY)

    @cached_property
    def finite(self) -> Sequence[Any]:
        """The numbers without NaN and infinities; nothing where the kind has no mean."""
        if self.kind is not Kind.FRACTIONAL:
            return self.values if self.is_numeric else ()
        return [value for value in self.values if math.isfinite(value)]

    def count(self, special: float) -> int:
        """How many values are NaN, or this infinity."""
        floats = self.values if self.kind is Kind.FRACTIONAL else ()
        return sum(math.isnan(v) if math.isnan(special) else v == special for v in floats)

    @property
    def zeros(self) -> int:
        """Values equal to zero, of either sign; false is zero."""
        numeric = self.is_numeric or self.kind is Kind.BOOLEAN
        return sum(value == 0 for value in self.values) if numeric else 0

    @property
    def negatives(self) -> int:
        """Values below zero, minus infinity too."""
        return sum(value < 0 for value in self.values) if self.is_numeric else 0

    @property
    def types(self) -> TypeCounts:
        """The present values by the type of their text."""
        n = len(self.values)
        match self.kind:
            case Kind.TEXT:
                integral = sum(bool(_INTEGRAL.fullmatch(text)) for text in self.values)
                fractional = sum(bool(_FRACTIONAL.fullmatch(text)) for text in self.values)
                boolean = sum(text in ("true", "false") for text in self.values)
                return TypeCounts(
                    integral, fractional, boolean, n - integral - fractional - boolean
                )
            case Kind.INTEGRAL | Kind.DATE:
                return TypeCounts(integral=n)
            case Kind.BOOLEAN:
                return TypeCounts(boolean=n)
            case _:
                return TypeCounts(fractional=n) if self.is_numeric else TypeCounts(string=n)

    @property
    def distinct(self) -> int:
        """How many different values there are, to their last digit."""
        return len(set(self.finite)) if self.is_numeric else len(self.frequencies)

    @cached_property
    def frequencies(self) -> Counter[Any]:
        """How often each value occurs; decimals are counted as the nearest float64, but for ids."""
        if self.kind is Kind.BOOLEAN:
            return Counter(str(value).lower() for value in self.values)
        if not self.is_numeric:
            return Counter(self.values)
        if self.kind is not Kind.DECIMAL:
            return Counter(value + 0 for value in self.finite)
        return Counter(int(value) if self.are_ids else float(value) for value in self.finite)

    @cached_property
    def are_ids(self) -> bool:
        """Whether all are decimals without places that fit 64 bits."""
        if self.kind is not Kind.DECIMAL:
            return False
        exponents = {value.as_tuple().exponent for value in self.finite}
        return exponents <= {0} and all(-(2**63) <= value < 2**63 for value in self.finite)

    @property
    def lengths(self) -> list[int]:
        """Characters of texts, bytes of binary values."""
        return [len(v) for v in self.values] if self.kind in (Kind.TEXT, Kind.BINARY) else []

    @cached_property
    def powers(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """The sum, and the sums of the 2nd to 4th powers of the deviations from the mean, exact."""
        fractions = [Fraction(value) for value in self.finite]
        unit = math.lcm(*(f.denominator for f in fractions))
        whole = [f.numerator * (unit // f.denominator) for f in fractions]
        n = len(whole)
        s1, s2, s3, s4 = (sum(v**power for v in whole) for power in (1, 2, 3, 4))
        m2 = s2 - Fraction(s1 * s1, n)
        m3 = s3 - Fraction(3 * s1 * s2, n) + Fraction(2 * s1**3, n * n)
        m4 = s4 - Fraction(4 * s1 * s3, n) + Fraction(6 * s1 * s1 * s2, n**2)
        m4 -= Fraction(3 * s1**4, n**3)
        return Fraction(s1, unit), m2 / unit**2, m3 / unit**3, m4 / unit**4

    @property
    def extremes(self) -> tuple[str | None, str | None]:
        """The least and the greatest finite value, as the documents write them."""
        if not self.finite:
            return None, None
        ends = (min(self.finite), max(self.finite))
        # Zero has no sign; a decimal keeps its digits, which adding would round.
        least, greatest = ends if self.kind is Kind.DECIMAL else (ends[0] + 0, ends[1] + 0)
        return self.text(least), self.text(greatest)

    def text(self, value: object) -> str:
        """A value as the documents write it."""
        match self.kind:
            case Kind.DATE if isinstance(value, int):
                return _calendar(timedelta(days=1), value, "")
            case Kind.TIMESTAMP if isinstance(value, int):
                return _calendar(timedelta(microseconds=1), value, "Z")
            case _:
                return str(value)


def truths(table: pa.Table, skip: Container[str] = ()) -> Iterator[tuple[str, Truth]]:
    """The truth of each column, those inside structs and lists by their path."""
    for field, column in zip(table.schema, table.columns, strict=True):
        if field.name in skip:
            continue
        if pa.types.is_nested(field.type):
            yield from _inside(field.name, field.type, column.to_pylist())
        else:
            yield field.name, _truth(column)


def _inside(path: str, type_: pa.DataType, rows: list[Any]) -> Iterator[tuple[str, Truth]]:
    """What is below a column whose values are these, as Python has them: dicts, lists, pairs."""
    if pa.types.is_struct(type_):
        for field in type_:
            values = [None if row is None else row[field.name] for row in rows]
            yield from _inside(f"{path}.{field.name}", field.type, values)
    elif pa.types.is_nested(type_):
        lengths = [None if row is None else len(row) for row in rows]
        elements = [element for row in rows if row is not None for element in row]
        yield f"{path}.length", _truth(pa.chunked_array([pa.array(lengths, pa.int64())]))
        if pa.types.is_map(type_):
            yield from _inside(f"{path}[].key", type_.key_type, [key for key, _ in elements])
            yield from _inside(f"{path}[].value", type_.item_type, [value for _, value in elements])
        else:
            yield from _inside(f"{path}[]", type_.value_type, elements)
    else:
        yield path, _truth(pa.chunked_array([pa.array(rows, type_)]))


def _truth(column: pa.ChunkedArray) -> Truth:
    type_ = column.type
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
        column = pa.chunked_array([pa.array(column.to_pylist(), type_)])
    kind = next((kind for kind, fits in _KINDS if fits(type_)), Kind.EMPTY)
    match kind:
        case Kind.DATE if type_ == pa.date64():
            values = [v and v // _DAY_MILLISECONDS for v in _integers(column, pa.int64())]
        case Kind.DATE:
            values = _integers(column, pa.int32())
        case Kind.TIMESTAMP:
            unit = _MICROSECONDS[type_.unit]
            values = [v and math.floor(v * unit) for v in _integers(column, pa.int64())]
        case _:
            values = column.to_pylist()
    return Truth(kind, len(values), [value for value in values if value is not None])


def _integers(column: pa.ChunkedArray, type_: pa.DataType) -> list[int | None]:
    chunks: list[list[int | None]] = [chunk.view(type_).to_pylist() for chunk in column.chunks]
    return [value for chunk in chunks for value in chunk]


def _calendar(unit: timedelta, value: int, zone: str) -> str:
    """ISO 8601; the bare number beyond the years that the calendar has names for."""
    try:
        moment = datetime(1970, 1, 1) + unit * value  # noqa: DTZ001  (a count, not a time)
    except OverflowError:
        return str(value)
    if not zone:
        return date.isoformat(moment)
    return moment.isoformat(timespec="microseconds") + zone
