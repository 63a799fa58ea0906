"""The kernel for numbers: one sort of a column's values answers almost everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegauge.states.counts import Counts
from tidegauge.states.distinct import Distinct, K
from tidegauge.states.extremes import Extremes
from tidegauge.states.frequencies import CAPACITY, Frequencies
from tidegauge.states.hashing import hash_numbers
from tidegauge.states.moments import Moments
from tidegauge.states.quantiles import Quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below this share of distinct values, (value, count) runs are cheaper than the values themselves.
_FEW = 1 / 4
# Integers whose range is at most this many times their number are counted, not sorted.
_DENSE = 4
_IN_CACHE = 1 << 14


@dataclass(frozen=True, slots=True)
class Numbers:
    """The states of some numbers, without their nulls."""

    counts: Counts
    extremes: Extremes
    moments: Moments
    quantiles: Quantiles
    distinct: Distinct
    frequencies: Frequencies


def profile_numbers(values: NDArray[Any], salt: int) -> Numbers:
    """The states of numbers of any integer or float type; NaN and infinities are set apart."""
    if values.dtype.kind in "iu":
        runs = _count_dense(values)
        if runs is not None:
            return _of_runs(*runs, Counts(rows=len(values)), salt)
    return profile_ordered(np.sort(values), salt)


def profile_ordered(ordered: NDArray[Any], salt: int) -> Numbers:
    """The same of ascending numbers, NaN last."""
    counts = Counts(rows=len(ordered))
    if ordered.dtype.kind == "f":
        ordered, counts = _finite(ordered.astype(np.float64, copy=False))
    return _of_sorted(ordered, counts, salt)


def _count_dense(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
    """Ascending distinct integers and their counts, where counting is cheaper than sorting."""
    if not len(values):
        return None
    low, high = int(values.min()), int(values.max())
    if high - low >= _DENSE * len(values):
        return None
    # The difference of int8 values may not be an int8, but modulo 2**8 it is the right uint8.
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    slots = (values - values.dtype.type(low)).view(unsigned).astype(np.intp)
    counted = np.bincount(slots, minlength=high - low + 1)
    found = np.flatnonzero(counted)
    return found.astype(values.dtype) + values.dtype.type(low), counted[found]


def _finite(ordered: NDArray[np.float64]) -> tuple[NDArray[np.float64], Counts]:
    """The finite values of an ascending array, in which NaN comes last; and what was set apart."""
    numbers = int(np.searchsorted(ordered, np.nan))
    low = int(np.searchsorted(ordered, -np.inf, "right"))
    high = int(np.searchsorted(ordered[:numbers], np.inf))
    counts = Counts(
        rows=len(ordered),
        nan=len(ordered) - numbers,
        positive_infinity=numbers - high,
        negative_infinity=low,
    )
    return ordered[low:high], counts


def _of_sorted(ordered: NDArray[Any], counts: Counts, salt: int) -> Numbers:
    n = len(ordered)
    if not n:
        return _nothing(counts)
    changes = ordered[1:] != ordered[:-1]
    distinct = int(np.count_nonzero(changes)) + 1
    if distinct <= max(n * _FEW, CAPACITY):
        starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
        return _of_runs(ordered[starts], np.diff(np.append(starts, n)), counts, salt)
    floats = ordered.astype(np.float64, copy=False)
    return Numbers(
        _signs(ordered, None, counts),
        Extremes(ordered[0].item() + 0, ordered[-1].item() + 0),
        Moments.of_values(floats, float(floats[n // 2])),
        Quantiles.of_sorted(ordered, salt),
        _distinct(ordered, distinct),
        _repeated(ordered, changes),
    )


def _distinct(values: NDArray[Any], distinct: int) -> Distinct:
    """The distinct values of mostly different ones, hashed a piece that stays in the cache a time.

    Hashes are uniform, so that about a quarter more than are kept lie below a bound.
    """
    share = 1.25 * K / distinct
    if share < 1:
        bound = np.uint64(share * (1 << 64))
        low = []
        for start in range(0, len(values), _IN_CACHE):
            hashes = hash_numbers(values[start : start + _IN_CACHE])
            low.append(hashes.take(np.flatnonzero(hashes < bound)))
        found = Distinct.of_hashes(np.concatenate(low))
        if len(found.hashes) == K:
            return found
    return Distinct.of_hashes(hash_numbers(values))


def _of_runs(
    values: NDArray[Any], repeats: NDArray[np.int64], counts: Counts, salt: int
) -> Numbers:
    """The states of ascending distinct values, each of which stands for some rows."""
    return Numbers(
        _signs(values, repeats, counts),
        Extremes(values[0].item() + 0, values[-1].item() + 0),
        Moments.of_runs(values, repeats),
        Quantiles.of_runs(values, repeats, salt),
        Distinct.of_hashes(hash_numbers(values), repeats),
        Frequencies.of_runs(_countable(values), repeats),
    )


def _repeated(ordered: NDArray[Any], changes: NDArray[np.bool_]) -> Frequencies:
    """The frequencies of mostly different values: only what occurs twice or more is looked at."""
    again = ordered.take(np.flatnonzero(~changes))  # a mask takes four times as long
    if not len(again):
        return Frequencies(total=len(ordered), undercount=1)
    starts = np.concatenate(([0], np.flatnonzero(again[1:] != again[:-1]) + 1))
    repeats = np.diff(np.append(starts, len(again)))
    listed = Frequencies.of_runs(_countable(again[starts]), repeats)
    # Each value was counted once less than it occurs: that is the undercount of all of them.
    return Frequencies(listed.values, listed.counts, len(ordered), listed.undercount + 1)


def _signs(values: NDArray[Any], repeats: NDArray[np.int64] | None, counts: Counts) -> Counts:
    """The counts, with zeros and negatives read off the ascending values."""
    below, to = (int(np.searchsorted(values, 0, side)) for side in ("left", "right"))
    if repeats is None:
        zeros, negatives = to - below, below
    else:
        zeros, negatives = int(repeats[below:to].sum()), int(repeats[:below].sum())
    return Counts.merge_all(
        (counts, Counts(zeros=zeros, negatives=negatives + counts.negative_infinity))
    )


def _countable(values: NDArray[Any]) -> pa.Array:
    """The values as float64, as uint64 if they are, or as int64."""
    if values.dtype.kind == "f":
        return pa.array(values.astype(np.float64, copy=False) + 0.0)  # -0.0 becomes 0.0
    kind = np.uint64 if values.dtype == np.uint64 else np.int64
    return pa.array(values.astype(kind, copy=False))


def _nothing(counts: Counts) -> Numbers:
    negative = Counts(negatives=counts.negative_infinity)
    return Numbers(
        Counts.merge_all((counts, negative)),
        Extremes(), Moments(), Quantiles(), Distinct.empty(), Frequencies(),
    )  # fmt: skip
