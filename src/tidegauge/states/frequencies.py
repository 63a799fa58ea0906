"""Frequencies: how often each value occurs, exactly up to a capacity, then the heavy hitters.

Source: Misra and Gries, "Finding Repeated Elements" (1982), merged as in Agarwal et al., "Mergeable
Summaries" (PODS 2012): beyond the capacity, the count of the first value that has no room is taken
from every count, and what falls to zero leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.states.codec import narrow, pack, unpack
from tidegauge.states.hashing import text_buffers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

CAPACITY = 512
_NO_VALUES = pa.nulls(0)
_LONGEST_BYTES = 256  # a longer text is not kept: it only counts among the others


@dataclass(frozen=True, slots=True, eq=False)
class Frequencies:
    """Distinct values (a string, int64, uint64 or float64 array) and how often each occurred.

    `total` is the number of all values, listed or not. A listed count is too low by at most
    `undercount`, and no value that is not listed occurred more often than that.
    Identity: no values. Size: at most CAPACITY * 264 bytes. Error: exact while undercount is 0,
    as it is up to CAPACITY values; else undercount <= total / CAPACITY for one chunk and
    1.5 * total / CAPACITY for merged ones (texts longer than 256 bytes aside).
    """

    values: pa.Array = field(default_factory=lambda: _NO_VALUES)
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    total: int = 0
    undercount: int = 0

    @property
    def blank(self) -> bool:
        return not self.total

    @classmethod
    def of_runs(cls, values: pa.Array, counts: NDArray[np.int64]) -> Self:
        """The frequencies of distinct values without null."""
        total = int(counts.sum())
        if not total:
            return cls()
        undercount = 0
        if not pa.types.is_primitive(values.type):
            long = np.diff(text_buffers(values)[0]) > _LONGEST_BYTES
            if long.any():
                undercount = int(counts[long].max())
                values, counts = values.filter(pa.array(~long)), counts[~long]
        return cls(values, counts, total, undercount)._cut()

    def _cut(self) -> Self:
        """At most CAPACITY values: the counts that fall to zero leave."""
        n = len(self.counts)
        if n <= CAPACITY:
            return self
        taken = int(np.sort(self.counts)[n - CAPACITY - 1])  # `partition` is slow among equals
        kept = np.flatnonzero(self.counts > taken)
        # A copy of the few values that stay: the chunk's own buffers must not be held.
        return type(self)(
            pa.concat_arrays([self.values.take(pa.array(kept))]),
            self.counts[kept] - taken,
            self.total,
            self.undercount + taken,
        )

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        listed = [state for state in states if state.total]
        if len(listed) < 2:
            return listed[0] if listed else cls()
        total = sum(state.total for state in listed)
        undercount = sum(state.undercount for state in listed)
        filled = [state for state in listed if len(state.counts)]
        if not filled:
            return cls(listed[0].values, listed[0].counts, total, undercount)
        kinds = {state.values.type for state in filled}
        # Numbers of different types in one column meet as float64.
        kind = kinds.pop() if len(kinds) == 1 else pa.float64()
        coded = pa.concat_arrays(
            [state.values.cast(kind, safe=False) for state in filled]
        ).dictionary_encode()
        weights = np.concatenate([state.counts for state in filled])
        counts = np.zeros(len(coded.dictionary), np.int64)
        np.add.at(counts, coded.indices.to_numpy(), weights)
        return cls(coded.dictionary, counts, total, undercount)._cut()

    def ranked(self, most: int | None = None) -> list[tuple[Any, int]]:
        """The values as Python's, most frequent first; ties ascending, texts by their characters.

        With `most` only so many of them.
        """
        values, counts, n = self.values, self.counts, len(self.counts)
        if not n:
            return []
        if most is not None and n > most:
            kept = np.flatnonzero(counts >= np.partition(counts, n - most)[n - most])
            values, counts = values.take(pa.array(kept)), counts[kept]
        if pa.types.is_primitive(values.type):
            numbers = values.to_numpy()
            order = np.lexsort((numbers, -counts))[:most]
            listed = numbers[order]
        else:
            ascending = pc.array_sort_indices(values).to_numpy()
            order = ascending[(-counts[ascending]).argsort(kind="stable")][:most]
            listed = values.take(pa.array(order))
        return list(zip(listed.tolist(), counts[order].tolist(), strict=True))

    def to_bytes(self) -> bytes:
        scalars = {"total": self.total, "undercount": self.undercount}
        counts = narrow(self.counts)
        if pa.types.is_null(self.values.type):
            return pack("frequencies", 1, scalars, {"counts": counts})
        if pa.types.is_primitive(self.values.type):
            return pack(
                "frequencies", 1, scalars, {"counts": counts, "numbers": self.values.to_numpy()}
            )
        offsets, data = text_buffers(self.values)
        texts = {"lengths": narrow(np.diff(offsets)), "text": data[offsets[0] : offsets[-1]]}
        return pack("frequencies", 1, scalars, {"counts": counts, **texts})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "frequencies", 1)
        counts = arrays["counts"].astype(np.int64)
        if "numbers" in arrays:
            values = pa.array(arrays["numbers"])
        elif "text" in arrays:
            offsets = np.concatenate(([0], np.cumsum(arrays["lengths"], dtype=np.int64)))
            buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(arrays["text"])]
            values = pa.Array.from_buffers(pa.large_string(), len(counts), buffers)
        else:
            values = _NO_VALUES
        return cls(values, counts, header["total"], header["undercount"])
