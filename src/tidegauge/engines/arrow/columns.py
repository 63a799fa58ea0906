"""From one Arrow column to the profile of its feature, by the column's type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.engines.arrow.decimals import (
    decimal_distinct,
    decimal_extremes,
    decimal_numbers,
)
from tidegauge.engines.arrow.numbers import Numbers, profile_numbers, profile_ordered
from tidegauge.engines.arrow.texts import profile_texts
from tidegauge.model.statistics import Kind
from tidegauge.profile.feature import FeatureProfile
from tidegauge.states.counts import Counts
from tidegauge.states.distinct import Distinct
from tidegauge.states.frequencies import Frequencies
from tidegauge.states.hashing import hash_numbers, seed
from tidegauge.states.sums import Sum
from tidegauge.states.types import FRACTIONAL, Types

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegauge.states.extremes import Extremes


_FLOATS = (pa.float64(), pa.float32())
_DAY_MILLISECONDS = 86_400_000
_MICROSECOND_NANOSECONDS = 1_000


def profile_column(
    name: str, position: int, values: pa.ChunkedArray, strays: pa.Array | None, part: str
) -> FeatureProfile:
    """The profile of one column of a chunk; a kernel that fails makes a failed column.

    `strays` are the texts that stand at some of the nulls; `part` seeds the sketch.
    """
    try:
        profile = _profile(name, position, values, int(seed(name, part)))
        return profile if strays is None else _with_strays(profile, strays, part)
    except (pa.ArrowException, ValueError, ArithmeticError, TypeError) as error:
        return failed_column(name, position, values, f"{type(error).__name__}: {error}")


def failed_column(name: str, position: int, values: pa.ChunkedArray, reason: str) -> FeatureProfile:
    """The profile of a column of which no more is known than its rows and its nulls."""
    counts = Counts(rows=len(values), nulls=values.null_count)
    return FeatureProfile(name, position, failure=reason, counts=counts)


def _profile(name: str, position: int, column: pa.ChunkedArray, salt: int) -> FeatureProfile:
    column = _decoded(column)
    nulls, rows = column.null_count, len(column)
    if 0 < nulls < rows and column.type in _FLOATS and column.num_chunks == 1:
        numbers = profile_ordered(_present(column.chunk(0)), salt)
        return _number_profile(name, position, Kind.FRACTIONAL, numbers, numbers.extremes, nulls)
    values = _one_array(column.drop_null() if nulls else column)
    kind = values.type
    if not len(values):
        empty = Counts(rows=rows, nulls=nulls)
        return FeatureProfile(name, position, _kind_of(kind), counts=empty)
    if _kind_of(kind) in (Kind.TEXT, Kind.BINARY):
        return _text_profile(name, position, values, nulls)
    if pa.types.is_boolean(kind):
        return _boolean_profile(name, position, values, nulls)
    if pa.types.is_decimal(kind):
        return _decimal_profile(name, position, values, nulls, salt)
    numbers = profile_numbers(_numbers(values), salt)
    return _number_profile(name, position, _kind_of(kind), numbers, numbers.extremes, nulls)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Plain values; only dictionaries of texts stay, whose codes are counted."""
    if plain := next((type_ for is_of, type_ in _PLAIN if is_of(column.type)), None):
        return column.cast(plain)
    if not pa.types.is_dictionary(column.type):
        return column
    inner = column.type.value_type
    # A null may also stand among a dictionary's values, where no null_count sees it.
    if pa.types.is_string(inner) and not any(c.dictionary.null_count for c in column.chunks):
        return column.unify_dictionaries()
    return column.cast(inner)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


# Other forms of the same values, for which Arrow has fewer kernels.
_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_fixed_size_binary, pa.binary()),
    (pa.types.is_string_view, pa.large_string()),
    (pa.types.is_binary_view, pa.large_binary()),
)

_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Kind], ...] = (
    (pa.types.is_null, Kind.EMPTY),
    (pa.types.is_boolean, Kind.BOOLEAN),
    (pa.types.is_integer, Kind.INTEGRAL),
    (pa.types.is_floating, Kind.FRACTIONAL),
    (pa.types.is_decimal, Kind.DECIMAL),
    (pa.types.is_date, Kind.DATE),
    (pa.types.is_timestamp, Kind.TIMESTAMP),
    (pa.types.is_binary, Kind.BINARY),
    (pa.types.is_large_binary, Kind.BINARY),
    (pa.types.is_string, Kind.TEXT),
    (pa.types.is_large_string, Kind.TEXT),
)


def _kind_of(kind: pa.DataType) -> Kind:
    if pa.types.is_dictionary(kind):
        return _kind_of(kind.value_type)
    for is_of, found in _KINDS:
        if is_of(kind):
            return found
    raise TypeError(f"columns of type {kind} are not profiled")


def _present(values: pa.Array) -> NDArray[Any]:
    """The floats of an array with nulls, ascending: as NaN, nulls are sorted to the end.

    To drop them beforehand takes as long as the half of the sort.
    """
    known, data = values.buffers()
    kind, n = np.dtype(values.type.to_pandas_dtype()), len(values)
    ordered = np.frombuffer(data, kind, n, values.offset * kind.itemsize).copy()
    byte, bit = divmod(values.offset, 8)
    bits = np.unpackbits(np.frombuffer(known, np.uint8)[byte:], count=bit + n, bitorder="little")
    ordered[np.flatnonzero(bits[bit:] == 0)] = np.nan
    ordered.sort()
    return ordered[: n - values.null_count]


def _numbers(values: pa.Array) -> NDArray[Any]:
    """The values as numpy's: dates in days, timestamps in microseconds since the Unix epoch."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.unit in ("s", "ms"):
        values = values.cast(pa.timestamp("us", kind.tz))
    if pa.types.is_temporal(kind):
        values = values.view(pa.int32() if pa.types.is_date32(kind) else pa.int64())
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    # What is finer is cut down to the unit before: the states of all files count in the same one.
    if pa.types.is_date64(kind):
        array = array // _DAY_MILLISECONDS
    elif pa.types.is_timestamp(kind) and kind.unit == "ns":
        array = array // _MICROSECOND_NANOSECONDS
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _decimal_profile(
    name: str, position: int, values: pa.Array, nulls: int, salt: int
) -> FeatureProfile:
    plain = decimal_numbers(values)
    numbers, extremes = profile_numbers(plain, salt), decimal_extremes(values)
    profile = _number_profile(name, position, Kind.DECIMAL, numbers, extremes, nulls)
    distinct = decimal_distinct(values, plain) or profile.distinct
    return replace(profile, sum=Sum.of_decimals(values), distinct=distinct)


def _number_profile(
    name: str, position: int, kind: Kind, numbers: Numbers, extremes: Extremes, nulls: int
) -> FeatureProfile:
    counts = Counts.merge_all((numbers.counts, Counts(rows=nulls, nulls=nulls)))
    whole = kind in (Kind.INTEGRAL, Kind.DATE)
    present = counts.present
    return FeatureProfile(
        name,
        position,
        kind,
        counts=counts,
        types=Types(integral=present) if whole else Types(fractional=present),
        extremes=extremes,
        moments=numbers.moments,
        quantiles=numbers.quantiles,
        distinct=numbers.distinct,
        frequencies=numbers.frequencies,
    )


def _text_profile(name: str, position: int, values: pa.Array, nulls: int) -> FeatureProfile:
    texts = profile_texts(values)
    return FeatureProfile(
        name,
        position,
        _kind_of(values.type),
        counts=Counts(rows=len(values) + nulls, nulls=nulls, empty=texts.empty),
        types=texts.types,
        distinct=texts.distinct,
        frequencies=texts.frequencies,
        lengths=texts.lengths,
    )


def _boolean_profile(name: str, position: int, values: pa.Array, nulls: int) -> FeatureProfile:
    true = int(values.true_count)
    counted = np.array([len(values) - true, true])
    there = np.flatnonzero(counted)
    words = pa.array(["false", "true"], pa.large_string()).take(pa.array(there))
    return FeatureProfile(
        name,
        position,
        Kind.BOOLEAN,
        counts=Counts(rows=len(values) + nulls, nulls=nulls, zeros=int(counted[0])),
        types=Types(boolean=len(values)),
        distinct=Distinct.of_hashes(hash_numbers(there), counted[there]),
        frequencies=Frequencies.of_runs(words, counted[there]),
    )


def _with_strays(profile: FeatureProfile, strays: pa.Array, part: str) -> FeatureProfile:
    """The profile with the texts that are not of the expected kind: present, and counted apart.

    Those that are numbers all the same (3.5 where integers were expected) join the numbers.
    """
    name, position = profile.name, profile.position
    texts = strays.cast(pa.large_string())
    types = Types.of_texts(texts)
    as_numbers = _parsed(texts) if profile.kind is Kind.INTEGRAL else texts.slice(0, 0)
    n, found = len(texts), len(as_numbers)
    # They were nulls in the column, so each takes one of its nulls back.
    shift = Counts(rows=-found, nulls=-n, strays=n - found)
    rest = FeatureProfile(
        name, position, counts=shift, types=types, strays=profile_texts(texts).frequencies
    )
    if not found:
        return FeatureProfile.merge_all((profile, rest))
    salt = int(seed(name, part, "strays"))
    numbers = profile_numbers(as_numbers.to_numpy(), salt)
    extra = _number_profile(name, position, Kind.FRACTIONAL, numbers, numbers.extremes, 0)
    return FeatureProfile.merge_all((profile, rest, replace(extra, types=Types())))


def _parsed(texts: pa.Array) -> pa.Array:
    """The texts that are numbers by SageMaker's pattern, as float64."""
    numbers = texts.filter(pc.match_substring_regex(texts, FRACTIONAL))
    # The pattern allows a plus and a blank after the sign, which the cast does not.
    return pc.replace_substring_regex(numbers, "[ +]", "").cast(pa.float64())
