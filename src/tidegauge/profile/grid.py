"""Grids: a coarse picture of one feature, small enough to be kept for every block of a baseline.

A grid is drawn once, from the profile of all rows; then the rows of a block are counted by cell.
What is read out of such counts is exact at the grid's edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.statistics import (
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    NumericStatistics,
    Sketch,
    StringStatistics,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegauge.profile.feature import FeatureProfile

EDGES = 128
_VALUES = 128
_TIMES = (Kind.DATE, Kind.TIMESTAMP)
_ELSE = "-"  # what is in no cell: another text, or no finite number


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one feature: up to each of the ascending `edges`, or one for each of `values`.

    With neither, only whether a value is there is counted. `most` is the greatest number, which
    stands for what lies above the last edge. `single`: each number has a cell of its own.
    """

    kind: Kind
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    most: float = 0.0
    single: bool = False

    def coded(self, column: pa.ChunkedArray) -> pa.Array:
        """The cells of a column's values: a dictionary of texts, null where the column is."""
        nulls = column.is_null().to_numpy()
        if self.edges:
            cells = self._of_numbers(column)
        elif self.values:
            cells = self._of_texts(column)
        else:
            cells = np.zeros(len(column), np.int32)
        size = max(len(self.edges), len(self.values)) + 1
        names = pa.array([_ELSE, *map(str, range(size))])
        codes = pa.array(cells.astype(np.int32), mask=nulls)
        return pa.DictionaryArray.from_arrays(codes, names)

    def statistics(self, coded: FeatureProfile) -> FeatureStatistics:
        """What the counts of `coded` values, the profile of some rows, amount to."""
        counts = {str(value): n for value, n in coded.frequencies.ranked()}
        found = [counts.get(str(i), 0) for i in range(max(len(self.edges), len(self.values)) + 1)]
        numeric = text = frequent = None
        if self.edges:
            at = (*self.edges, max(self.most, self.edges[-1]))
            numeric = NumericStatistics(sketch=Sketch.of_counts(at, found))
            if self.single:
                listed = ((repr(v), n) for v, n in zip(at, found, strict=True) if n)
                frequent = FrequentValues(tuple(listed))
        elif self.kind.inferred_type is InferredType.STRING:
            named = zip(self.values, found, strict=False)
            seen, other = tuple((value, n) for value, n in named if n), counts.get(_ELSE, 0)
            text = StringStatistics(len(seen), None if other else seen)
            frequent = FrequentValues(seen, other)
        return FeatureStatistics(
            coded.name,
            self.kind.inferred_type,
            coded.counts.present,
            coded.counts.nulls,
            numeric,
            text,
            Detail(self.kind, frequent=frequent),
        )

    def _of_numbers(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        numbers = _floats(column)
        cells = np.searchsorted(self.edges, numbers, "left") + 1
        return np.where(np.isfinite(numbers), cells, 0)

    def _of_texts(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        known = pa.array(self.values, pa.large_string())
        found = pc.index_in(column.cast(pa.large_string()), value_set=known)
        cells: NDArray[np.int64] = pc.fill_null(found, -1).to_numpy() + 1
        return cells


def grids(features: tuple[FeatureProfile, ...]) -> Mapping[str, Grid]:
    """A grid for every feature that could be profiled."""
    return {feature.name: _grid(feature) for feature in features if not feature.failure}


def _grid(feature: FeatureProfile) -> Grid:
    if feature.kind is Kind.BINARY:
        return Grid(feature.kind)
    if feature.kind.inferred_type is InferredType.STRING:
        ranked = feature.frequencies.ranked(_VALUES)
        return Grid(feature.kind, values=tuple(str(value) for value, _ in ranked))
    greatest = feature.extremes.greatest
    if feature.kind in _TIMES or greatest is None:
        return Grid(feature.kind)
    values, weights = Sketch(tuple(feature.quantiles.levels)).weighted()
    if not len(values):
        return Grid(feature.kind)
    frequent = feature.frequencies.ranked()
    single = not feature.frequencies.undercount and len(frequent) <= EDGES
    if single:
        edges = np.unique([float(value) for value, _ in frequent])
        edges = edges[np.isfinite(edges)]
    else:
        upto = np.cumsum(weights)
        # The first and the last but one are the bounds of the usual range (rules/alarms/ranges).
        places = (np.arange(EDGES) + 1) / EDGES * upto[-1] * (1 - 1e-12)
        edges = np.unique(values[np.searchsorted(upto, places)])
    return Grid(feature.kind, tuple(edges.tolist()), most=float(greatest), single=single)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """The numbers as float64; nulls are NaN."""
    numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return numbers
