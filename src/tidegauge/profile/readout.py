"""Read-out: from a feature's states to its statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.model.statistics import (
    Bucket,
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    NumericStatistics,
    Sketch,
    StringStatistics,
    TypeCounts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.profile.feature import FeatureProfile
    from tidegauge.states.extremes import Number
    from tidegauge.states.frequencies import Frequencies

    Ranked = Sequence[tuple[Any, int]]  # values and their counts, the most frequent first

MOST_CATEGORIES = 120  # Deequ's `ColumnProfiler.DEFAULT_CARDINALITY_THRESHOLD`
BUCKETS = 10
_LISTED_NUMBERS = 32  # of a numeric column's frequent values; sentinels show among the first
_LISTED_STRAYS = 8
_MICROSECONDS = 1e6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_out(profile: FeatureProfile) -> FeatureStatistics:
    """The statistics of one feature; a failed column has its counts and the reason."""
    counts = profile.counts
    if profile.failure:
        return FeatureStatistics(
            profile.name,
            InferredType.UNKNOWN,
            counts.present,
            counts.nulls,
            failure=profile.failure,
        )
    textual = profile.kind.inferred_type is InferredType.STRING
    ranked = profile.frequencies.ranked(None if textual else _LISTED_NUMBERS)
    distinct = _distinct(profile)
    numeric = _numeric(profile, distinct) if profile.moments.n and not textual else None
    return FeatureStatistics(
        profile.name,
        profile.kind.inferred_type,
        counts.present,
        counts.nulls,
        numeric,
        _text(profile, distinct, ranked) if textual else None,
        _detail(profile, distinct, ranked),
    )


def _distinct(profile: FeatureProfile) -> float:
    """Never above the number of values, which an estimate alone would not heed."""
    return min(profile.distinct.estimate, float(profile.counts.present))


def _numeric(profile: FeatureProfile, distinct: float) -> NumericStatistics:
    # Timestamps are shown in seconds since the epoch, as Spark casts them to numbers.
    unit = _MICROSECONDS if profile.kind is Kind.TIMESTAMP else 1.0
    moments, extremes = profile.moments, profile.extremes
    if extremes.least is None or extremes.greatest is None:
        return NumericStatistics()
    levels = profile.quantiles.levels
    sketch = Sketch(levels if unit == 1.0 else tuple(level / unit for level in levels))
    low, high = float(extremes.least) / unit, float(extremes.greatest) / unit
    return NumericStatistics(
        _scaled(_mean(profile), unit),
        _scaled(_sum(profile), unit),
        _scaled(moments.std_dev(), unit),
        low,
        high,
        round(distinct),
        _buckets(sketch, low, high),
        sketch,
    )


def _exact_sum(profile: FeatureProfile) -> Fraction | None:
    """The sum of a column of decimals; None where other numbers are among them."""
    known = profile.sum.n == profile.moments.n and not profile.sum.blank
    return Fraction(profile.sum.value) if known else None


def _sum(profile: FeatureProfile) -> float | None:
    exact = _exact_sum(profile)
    return profile.moments.sum if exact is None else float(exact)


def _mean(profile: FeatureProfile) -> float | None:
    exact = _exact_sum(profile)
    return profile.moments.average if exact is None else float(exact / profile.sum.n)


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def _buckets(sketch: Sketch, low: float, high: float) -> tuple[Bucket, ...]:
    """Ten bars of equal width; their counts come from the sketch's ranks.

    Source: the developer guide's "Schema for Statistics", and Deequ's `KLLSketch`.
    """
    width = high - low
    if not np.isfinite(width * BUCKETS):  # the range of float64 itself
        return ()
    bounds = [low + width * i / BUCKETS for i in range(BUCKETS)] + [high]
    items, upto = sketch.cumulated()
    # The first bar begins before all: a sampled sketch may have lost the very smallest values'
    # rank, never their count; and the last bar is closed.
    inner = items.searchsorted(bounds[1:-1], "left")
    below = [0.0, *np.concatenate(([0.0], upto))[inner].tolist(), float(sketch.weight)]
    return tuple(Bucket(bounds[i], bounds[i + 1], below[i + 1] - below[i]) for i in range(BUCKETS))


def _text(profile: FeatureProfile, distinct: float, ranked: Ranked) -> StringStatistics:
    few = distinct <= MOST_CATEGORIES and not profile.frequencies.undercount
    return StringStatistics(float(round(distinct)), tuple(ranked) if few else None)


def _detail(profile: FeatureProfile, distinct: float, ranked: Ranked) -> Detail:
    counts, moments, lengths = profile.counts, profile.moments, profile.lengths
    textual = profile.kind in (Kind.TEXT, Kind.BINARY)
    return Detail(
        kind=profile.kind,
        nan=counts.nan,
        positive_infinity=counts.positive_infinity,
        negative_infinity=counts.negative_infinity,
        zeros=counts.zeros,
        negatives=counts.negatives,
        empty_strings=counts.empty,
        types=TypeCounts(
            profile.types.integral,
            profile.types.fractional,
            profile.types.boolean,
            profile.types.string,
        ),
        approximate_distinct=distinct,
        skewness=None if textual else moments.skewness,
        kurtosis=None if textual else moments.kurtosis,
        exact_min=_exact(profile.extremes.least, profile.kind),
        exact_max=_exact(profile.extremes.greatest, profile.kind),
        exact_sum=None if _exact_sum(profile) is None else str(profile.sum.value),
        frequent=_frequent(profile, ranked),
        strays=_strays(profile.strays),
        min_length=lengths.least,
        max_length=lengths.greatest,
        mean_length=lengths.mean,
    )


def _frequent(profile: FeatureProfile, ranked: Ranked) -> FrequentValues | None:
    frequencies: Frequencies = profile.frequencies
    if not frequencies.total:
        return None
    if profile.kind in (Kind.DATE, Kind.TIMESTAMP):
        listed = tuple((_exact(v, profile.kind) or str(v), count) for v, count in ranked)
    elif profile.kind is Kind.TEXT:
        listed = tuple(ranked)
    else:
        listed = tuple((str(value), count) for value, count in ranked)
    other = frequencies.total - sum(map(itemgetter(1), ranked))
    return FrequentValues(listed, other, frequencies.undercount)


def _strays(strays: Frequencies) -> FrequentValues | None:
    if not strays.total:
        return None
    listed = tuple((str(value), count) for value, count in strays.ranked(_LISTED_STRAYS))
    other = strays.total - sum(count for _, count in listed)
    return FrequentValues(listed, other, strays.undercount)


def _exact(value: Number | str | None, kind: Kind) -> str | None:
    """A value's digits, or its ISO 8601 form where it is a date or a time."""
    if value is None:
        return None
    try:
        if kind is Kind.DATE and isinstance(value, int):
            return (_EPOCH + timedelta(days=value)).date().isoformat()
        if kind is Kind.TIMESTAMP and isinstance(value, int):
            moment = (_EPOCH + timedelta(microseconds=value)).replace(tzinfo=None)
            return f"{moment.isoformat(timespec='microseconds')}Z"
    except OverflowError:  # beyond the years 1 to 9999 the bare number is all that can be said
        return str(value)
    return str(value) if isinstance(value, int | str | Decimal) else repr(value)
