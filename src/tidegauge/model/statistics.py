"""Statistics: the numbers that were read out of a profile, or out of a `statistics.json`.

The shapes follow SageMaker Model Monitor's statistics.json (developer guide, "Schema for
Statistics"); what it has no place for is in `Detail`, which travels under the `tidegauge` key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray


class InferredType(StrEnum):
    """SageMaker's types of a feature."""

    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"
    STRING = "String"
    UNKNOWN = "Unknown"


class Kind(StrEnum):
    """What a feature's values are; finer than SageMaker's inferred type.

    Timestamps are kept as microseconds and dates as days since the Unix epoch.
    """

    EMPTY = "empty"
    BOOLEAN = "boolean"
    INTEGRAL = "integral"
    FRACTIONAL = "fractional"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    BINARY = "binary"

    @property
    def inferred_type(self) -> InferredType:
        """The documents' type: booleans are strings there, a timestamp is fractional seconds."""
        return _INFERRED[self]


_INFERRED = {
    Kind.EMPTY: InferredType.UNKNOWN,
    Kind.BOOLEAN: InferredType.STRING,
    Kind.INTEGRAL: InferredType.INTEGRAL,
    Kind.FRACTIONAL: InferredType.FRACTIONAL,
    Kind.DECIMAL: InferredType.FRACTIONAL,
    Kind.DATE: InferredType.INTEGRAL,
    Kind.TIMESTAMP: InferredType.FRACTIONAL,
    Kind.TEXT: InferredType.STRING,
    Kind.BINARY: InferredType.STRING,
}


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A KLL quantile sketch as the documents carry it: an item of `levels[h]` weighs 2**h.

    `k` and `c` are the sketch's size and shrinking factor; the items of a level have no order.
    """

    levels: tuple[NDArray[np.float64], ...]
    k: float = 2048.0
    c: float = 0.64

    @property
    def weight(self) -> int:
        """Number of values that the sketch stands for."""
        total = 0
        for h, level in enumerate(self.levels):
            total += len(level) << h
        return total

    def weighted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The items in ascending order, and the number of values that each stands for."""
        sizes = [len(level) for level in self.levels]
        items = np.concatenate([np.empty(0), *self.levels])
        if sizes and sizes[-1] == len(items):  # one level has all of them
            weights = np.full(len(items), 2.0 ** (len(sizes) - 1))
        else:
            weights = np.repeat(2.0 ** np.arange(len(sizes)), sizes)
        if (items[1:] >= items[:-1]).all():
            return items, weights
        order = items.argsort(kind="stable")
        return items[order], weights[order]

    def cumulated(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The items in ascending order, and the number of values up to and with each."""
        items, weights = self.weighted()
        return items, np.add.accumulate(weights, out=weights)

    @classmethod
    def of_counts(cls, values: Sequence[float], counts: Sequence[int]) -> Sketch:
        """The sketch that holds each value as often as it is counted; nothing is lost: k is inf."""
        most = max(counts, default=0).bit_length()
        return cls(
            tuple(
                np.array([v for v, n in zip(values, counts, strict=True) if n >> h & 1], np.float64)
                for h in range(most)
            ),
            k=np.inf,
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sketch)
            and (self.k, self.c, len(self.levels)) == (other.k, other.c, len(other.levels))
            and all(map(np.array_equal, self.levels, other.levels))
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar of a histogram, `[lower_bound, upper_bound)`; the last bar is closed."""

    lower_bound: float
    upper_bound: float
    count: float


@dataclass(frozen=True, slots=True)
class NumericStatistics:
    """Numbers over the finite present values; None where there is none (no value at all)."""

    mean: float | None = None
    sum: float | None = None
    std_dev: float | None = None  # population: divided by n
    min: float | None = None
    max: float | None = None
    approximate_num_distinct_values: int | None = None
    buckets: tuple[Bucket, ...] = ()
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True)
class StringStatistics:
    """`categories` holds every value with its exact count, or None when they are too many."""

    distinct_count: float = 0.0
    categories: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """Number of present values by the type of their text (SageMaker's patterns)."""

    integral: int = 0
    fractional: int = 0
    boolean: int = 0
    string: int = 0

    @property
    def total(self) -> int:
        return self.integral + self.fractional + self.boolean + self.string


@dataclass(frozen=True, slots=True)
class FrequentValues:
    """The most frequent values, most frequent first, as text.

    A listed count may be too low by at most `undercount` (0: every count is exact);
    `other` is the number of values that the list does not account for.
    """

    values: tuple[tuple[str, int], ...] = ()
    other: int = 0
    undercount: int = 0


@dataclass(frozen=True, slots=True)
class Detail:
    """What SageMaker's document has no place for; None: not applicable or not known."""

    kind: Kind = Kind.EMPTY
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    zeros: int = 0
    negatives: int = 0
    empty_strings: int = 0
    types: TypeCounts | None = None
    approximate_distinct: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None  # excess: 0 for a normal distribution
    exact_min: str | None = None  # decimal digits, or ISO 8601 for dates and times
    exact_max: str | None = None
    exact_sum: str | None = None  # of decimals
    frequent: FrequentValues | None = None
    strays: FrequentValues | None = None  # texts that are not of the kind, as a type check counts
    min_length: int | None = None  # characters of text, bytes of binary
    max_length: int | None = None
    mean_length: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureStatistics:
    """All that is known of one feature in one dataset; `failure` says why a column failed.

    `numeric` and `text` can both be there when a numeric column also held other text.
    `completeness` is present / (present + missing), None for no rows.
    """

    name: str
    inferred_type: InferredType
    num_present: int = 0
    num_missing: int = 0
    numeric: NumericStatistics | None = None
    text: StringStatistics | None = None
    detail: Detail | None = None  # None: the document came from elsewhere
    failure: str | None = None

    @property
    def completeness(self) -> float | None:
        rows = self.num_present + self.num_missing
        return self.num_present / rows if rows else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The content of one `statistics.json`, features in the order of the input's columns."""

    item_count: int
    features: tuple[FeatureStatistics, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)

    def feature(self, name: str) -> FeatureStatistics | None:
        return next((f for f in self.features if f.name == name), None)
