"""Read-out: from a feature's states to its statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

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
    from numpy.typing import NDArray

    from tidegauge.profile.feature import FeatureProfile
    from tidegauge.states.extremes import Number
    from tidegauge.states.frequencies import Frequencies

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
    numeric = _numeric(profile) if profile.moments.n and not textual else None
    return FeatureStatistics(
        profile.name,
        profile.kind.inferred_type,
        counts.present,
        counts.nulls,
        numeric,
        _text(profile) if textual else None,
        _detail(profile),
    )


def _distinct(profile: FeatureProfile) -> float:
    """Never above the number of values, which an estimate alone would not heed."""
    return min(profile.distinct.estimate, float(profile.counts.present))


def _numeric(profile: FeatureProfile) -> NumericStatistics:
    # Timestamps are shown in seconds since the epoch, as Spark casts them to numbers.
    unit = _MICROSECONDS if profile.kind is Kind.TIMESTAMP else 1.0
    moments, extremes = profile.moments, profile.extremes
    if extremes.least is None or extremes.greatest is None:
        return NumericStatistics()
    sketch = Sketch(tuple(level / unit for level in profile.quantiles.levels))
    low, high = float(extremes.least) / unit, float(extremes.greatest) / unit
    return NumericStatistics(
        _scaled(_mean(profile), unit),
        _scaled(_sum(profile), unit),
        _scaled(moments.std_dev(), unit),
        low,
        high,
        round(_distinct(profile)),
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
    items, ranks = _ranks(sketch)
    below = ranks[np.searchsorted(items, bounds, "left")]
    below[-1] = ranks[-1]  # the last bar is closed
    below[0] = 0  # a sampled sketch may have lost the very smallest values' rank, never their count
    return tuple(
        Bucket(bounds[i], bounds[i + 1], float(below[i + 1] - below[i])) for i in range(BUCKETS)
    )


def _ranks(sketch: Sketch) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The items in order, and the weight of all items before each of them; one more at the end."""
    items = np.concatenate([np.empty(0), *sketch.levels])
    weights = np.concatenate(
        [np.empty(0, np.int64)]
        + [np.full(len(level), 1 << h, np.int64) for h, level in enumerate(sketch.levels)]
    )
    order = np.argsort(items, kind="stable")
    return items[order], np.concatenate(([0], np.cumsum(weights[order])))


def _text(profile: FeatureProfile) -> StringStatistics:
    distinct = _distinct(profile)
    frequencies = profile.frequencies
    few = distinct <= MOST_CATEGORIES and not frequencies.undercount
    if not few:
        return StringStatistics(float(round(distinct)), None)
    return StringStatistics(float(round(distinct)), tuple(frequencies.ranked()))


def _detail(profile: FeatureProfile) -> Detail:
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
        approximate_distinct=_distinct(profile),
        skewness=None if textual else moments.skewness,
        kurtosis=None if textual else moments.kurtosis,
        exact_min=_exact(profile.extremes.least, profile.kind),
        exact_max=_exact(profile.extremes.greatest, profile.kind),
        exact_sum=None if _exact_sum(profile) is None else str(profile.sum.value),
        frequent=_frequent(profile),
        strays=_strays(profile.strays),
        min_length=lengths.least,
        max_length=lengths.greatest,
        mean_length=lengths.mean,
    )


def _frequent(profile: FeatureProfile) -> FrequentValues | None:
    textual = profile.kind.inferred_type is InferredType.STRING
    frequencies: Frequencies = profile.frequencies
    ranked = frequencies.ranked(None if textual else _LISTED_NUMBERS)
    if not frequencies.total:
        return None
    if profile.kind in (Kind.DATE, Kind.TIMESTAMP):
        listed = tuple((_exact(v, profile.kind) or str(v), count) for v, count in ranked)
    else:
        listed = tuple((str(value), count) for value, count in ranked)
    other = frequencies.total - sum(count for _, count in ranked)
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
