"""From one Arrow column to the profile of its feature, by the column's type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.engines.arrow.numbers import Numbers, profile_numbers
from tidegauge.engines.arrow.texts import profile_texts
from tidegauge.model.statistics import Kind
from tidegauge.profile.feature import FeatureProfile
from tidegauge.states.counts import Counts
from tidegauge.states.distinct import Distinct
from tidegauge.states.extremes import Extremes
from tidegauge.states.frequencies import Frequencies
from tidegauge.states.hashing import hash_numbers, seed
from tidegauge.states.types import FRACTIONAL, Types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tidegauge.states.extremes import Number


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
        counts = Counts(rows=len(values), nulls=values.null_count)
        reason = f"{type(error).__name__}: {error}"
        return FeatureProfile(name, position, failure=reason, counts=counts)


def flatten(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The columns of a table, those inside structs by their dotted path."""
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_struct(field.type):
            inner = pa.Table.from_arrays(
                column.flatten(), names=[f"{field.name}.{f.name}" for f in field.type]
            )
            yield from flatten(inner)
        else:
            yield field.name, column


def _profile(name: str, position: int, column: pa.ChunkedArray, salt: int) -> FeatureProfile:
    nulls, rows = column.null_count, len(column)
    values = _one_array(column.drop_null() if nulls else column)
    kind = values.type
    if not len(values):
        empty = Counts(rows=rows, nulls=nulls)
        return FeatureProfile(name, position, _kind_of(kind), counts=empty)
    if _kind_of(kind) in (Kind.TEXT, Kind.BINARY):
        return _text_profile(name, position, values, nulls)
    if pa.types.is_boolean(kind):
        return _boolean_profile(name, position, values, nulls)
    numbers = profile_numbers(_numbers(values), salt)
    extremes = _decimal_extremes(values) if pa.types.is_decimal(kind) else numbers.extremes
    return _number_profile(name, position, _kind_of(kind), numbers, extremes, nulls)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        if not pa.types.is_string(column.type.value_type):
            column = column.cast(column.type.value_type)
        else:
            column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


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


def _numbers(values: pa.Array) -> NDArray[Any]:
    """The values as numpy's: dates in days, timestamps in microseconds since the Unix epoch."""
    kind = values.type
    if pa.types.is_date(kind):
        values = values.cast(pa.date32()).view(pa.int32())
    elif pa.types.is_timestamp(kind):
        # Nanoseconds are cut: the states of all files count in the same unit.
        values = values.cast(pa.timestamp("us", kind.tz), safe=False).view(pa.int64())
    elif pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _decimal_extremes(values: pa.Array) -> Extremes:
    found = pc.min_max(values).as_py()
    least: Number = found["min"]
    greatest: Number = found["max"]
    return Extremes(least, greatest)


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
    return texts.filter(pc.match_substring_regex(texts, FRACTIONAL)).cast(pa.float64())
