r"""Texts to Arrow columns of a kind, and the kind of texts that nobody declared.

A number is what SageMaker Model Monitor's patterns call one (`^(-|\+)? ?\d+$` is Integral, so a
zip code `00501` is 501), and in practice also `.5`, `1.` and numbers with blanks around them.
`NaN`, `inf`, `NA`, `null` and hexadecimal digits are texts; only an absent value is null.
Nothing becomes a date or a time unless it is declared to be one, and 0/1 is not a boolean.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.statistics import Kind

TIMESTAMP = pa.timestamp("us", tz="UTC")
TEXT = pa.dictionary(pa.int32(), pa.string())

TRUE_WORDS = ("true", "True", "TRUE")
FALSE_WORDS = ("false", "False", "FALSE")

_TYPES = {
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGRAL: pa.int64(),
    Kind.FRACTIONAL: pa.float64(),
    Kind.DECIMAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: TIMESTAMP,
    Kind.TEXT: TEXT,
    Kind.BINARY: TEXT,  # a text format has no other way to say it
}
_PATTERNS = {
    Kind.INTEGRAL: r"^[ \t]*[-+]? ?[0-9]+[ \t]*$",
    Kind.FRACTIONAL: r"^[ \t]*[-+]? ?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?[ \t]*$",
}
_PATTERNS[Kind.DECIMAL] = _PATTERNS[Kind.FRACTIONAL]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONE = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_INT64_DIGITS = 18  # any number of that many digits fits
_HEAD = 64  # values that decide whether a kind is worth trying

# The values, and the texts that are not of the kind (they are null among the values).
Values = tuple[pa.Array, pa.Array | None]


def arrow_type(kind: Kind | None) -> pa.DataType | None:
    """The type of a column of this kind; None where the values must decide (None, EMPTY)."""
    return None if kind is None else _TYPES.get(kind)


def conform(column: pa.Array, kind: Kind | None) -> Values:
    """The column in the type of the kind, whatever type it was read in; without a kind, as it is.

    Strings become dictionary-encoded text. A value that is not of the kind is null in the first
    array and its text stands in the second one, which is None if there is no such value.
    """
    expected = arrow_type(kind)
    if expected is None or kind is None:
        return (_text(column) if _is_text(column.type) else column), None
    if column.type == expected or pa.types.is_nested(column.type):
        return column, None
    if expected == TEXT:
        return (_text(column if _is_text(column.type) else pc.cast(column, pa.string()))), None
    if pa.types.is_integer(column.type) and expected == pa.float64():
        return pc.cast(column, expected, safe=False), None
    if pa.types.is_floating(column.type) and expected == pa.int64():
        return _whole_numbers(column)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), expected), None
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        with suppress(pa.ArrowInvalid):
            return _moments(column, expected), None
    return read_texts(pc.cast(column, pa.string()), kind)


def infer(texts: pa.Array) -> pa.Array:
    """A column of texts in the narrowest type of all its values.

    Null (no value at all), then int64, float64, boolean (true and false), text: one value that is
    not of a type rules it out.
    An integer beyond 64 bits makes its column float64.
    """
    if texts.null_count == len(texts):
        return pa.nulls(len(texts))
    for kind in (Kind.INTEGRAL, Kind.FRACTIONAL):
        if _begins_with(texts, kind):
            values, mismatched = read_texts(texts, kind)
            if mismatched is None:
                return values
    values, mismatched = _booleans(texts, TRUE_WORDS, FALSE_WORDS)
    return values if mismatched is None else _text(texts)


def read_texts(texts: pa.Array, kind: Kind) -> Values:
    """A string array as values of the kind, and the texts that are not of it (None: all are)."""
    match kind:
        case Kind.INTEGRAL | Kind.FRACTIONAL | Kind.DECIMAL:
            return _numbers(texts, kind)
        case Kind.BOOLEAN:
            return _booleans(texts, (*TRUE_WORDS, "1"), (*FALSE_WORDS, "0"))
        case Kind.DATE | Kind.TIMESTAMP:
            return _times(texts, _TYPES[kind])
        case _:
            return _text(texts), None


def _numbers(texts: pa.Array, kind: Kind) -> Values:
    expected = _TYPES[kind]
    with suppress(pa.ArrowInvalid):
        values = pc.cast(texts, expected)
        if plain_numbers(values) and not _has_hexadecimal(texts, expected):
            return values, None
    cleaned = pc.if_else(pc.match_substring_regex(texts, _PATTERNS[kind]), texts, None)
    cleaned = pc.replace_substring_regex(cleaned, "[ \t+]", "")
    if expected == pa.int64():
        cleaned = _within_int64(cleaned)
    return pc.cast(cleaned, expected), _mismatched(texts, cleaned)


def _whole_numbers(column: pa.Array) -> Values:
    """JSON's 3 becomes 3.0 where another value of the column has a fraction."""
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63))
    values = pc.cast(pc.if_else(whole, column, None), pa.int64())
    return values, _mismatched(pc.cast(column, pa.string()), values)


def plain_numbers(values: pa.Array) -> bool:
    """Whether an array has no NaN and no infinity, which are texts here and no numbers."""
    if not pa.types.is_floating(values.type):
        return True
    return bool(pc.all(pc.is_finite(values), min_count=0).as_py())


def _has_hexadecimal(texts: pa.Array, expected: pa.DataType) -> bool:
    """Arrow reads 0x1F as the integer 31; SageMaker's patterns call it a string."""
    return expected == pa.int64() and bool(
        pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py()
    )


def _within_int64(digits: pa.Array) -> pa.Array:
    """The digits with null in place of integers that 64 bits cannot hold."""
    long = digits.filter(pc.greater(pc.binary_length(digits), _INT64_DIGITS)).unique()
    beyond = [text for text in long.to_pylist() if not -(2**63) <= int(text) < 2**63]
    if not beyond:
        return digits
    return pc.if_else(pc.is_in(digits, pa.array(beyond, pa.string())), None, digits)


def _booleans(texts: pa.Array, true: tuple[str, ...], false: tuple[str, ...]) -> Values:
    is_true = pc.is_in(texts, pa.array(true))
    is_false = pc.is_in(texts, pa.array(false))
    values = pc.if_else(pc.or_(is_true, is_false), is_true, None)
    return values, _mismatched(texts, values)


def _times(texts: pa.Array, expected: pa.DataType) -> Values:
    """ISO 8601 dates, or times with or without a zone (UTC then), mixed as they may be."""
    with suppress(pa.ArrowInvalid):
        if expected == pa.date32():
            return pc.cast(texts, expected), None
        zoned = pc.match_substring_regex(texts, r"[0-9]{2}:[0-9.:]*" + _ZONE)
        with_zone = pc.cast(pc.if_else(zoned, texts, None), TIMESTAMP)
        without = pc.cast(pc.if_else(zoned, None, texts), pa.timestamp("us"))
        return pc.coalesce(with_zone, pc.assume_timezone(without, "UTC")), None
    codes = texts.dictionary_encode()
    read = [_time(text, expected) for text in codes.dictionary.to_pylist()]
    values = pa.array(read, expected).take(codes.indices)
    return values, _mismatched(texts, values)


def _time(text: str, expected: pa.DataType) -> int | None:
    """Days or microseconds since the epoch, None for a text that is no ISO 8601 date or time."""
    try:
        time = datetime.fromisoformat(text.strip(" \t"))
    except ValueError:
        return None
    since = (time.replace(tzinfo=UTC) if time.tzinfo is None else time) - _EPOCH
    if expected == TIMESTAMP:
        return since // timedelta(microseconds=1)
    days, rest = divmod(since, timedelta(days=1))
    return None if rest else days


def _moments(column: pa.Array, expected: pa.DataType) -> pa.Array:
    """Dates and timestamps of any unit and zone in the expected type."""
    if pa.types.is_timestamp(column.type) and column.type.tz is None and expected == TIMESTAMP:
        column = pc.assume_timezone(column, "UTC")
    if pa.types.is_date(column.type) and expected == TIMESTAMP:
        column = pc.assume_timezone(pc.cast(column, pa.timestamp("us")), "UTC")
    return pc.cast(column, expected, safe=expected == pa.date32())


def _begins_with(texts: pa.Array, kind: Kind) -> bool:
    """Whether the first values are of the kind; a glance that spares most columns a long look."""
    fits = pc.match_substring_regex(texts.slice(0, _HEAD), _PATTERNS[kind])
    return bool(pc.all(fits, min_count=0).as_py())


def _mismatched(texts: pa.Array, values: pa.Array) -> pa.Array | None:
    if values.null_count == texts.null_count:
        return None
    return texts.filter(pc.and_(pc.is_valid(texts), pc.is_null(values)))


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _text(texts: pa.Array) -> pa.Array:
    if pa.types.is_large_string(texts.type):
        texts = pc.cast(texts, pa.string())
    return texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
