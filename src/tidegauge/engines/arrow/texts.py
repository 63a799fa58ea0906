"""The kernel for texts: where they repeat, only the distinct ones are hashed and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.states.distinct import Distinct
from tidegauge.states.frequencies import CAPACITY, Frequencies
from tidegauge.states.hashing import blocks, hash_blocks, text_buffers
from tidegauge.states.lengths import Lengths
from tidegauge.states.types import Types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegauge.states.hashing import Block

_BUCKETS = 1 << 16
_LAST_ASCII = 127


@dataclass(frozen=True, slots=True)
class Texts:
    """The states of some texts, without their nulls."""

    empty: int
    types: Types
    lengths: Lengths
    distinct: Distinct
    frequencies: Frequencies


def profile_texts(values: pa.Array) -> Texts:
    """The states of a string, binary or dictionary array without nulls."""
    if pa.types.is_dictionary(values.type):
        counts = np.bincount(values.indices.to_numpy(), minlength=len(values.dictionary))
        used = np.flatnonzero(counts)
        distinct = values.dictionary
        if len(used) < len(distinct):
            distinct, counts = distinct.take(pa.array(used)), counts[used]
        return _of_distinct(distinct, counts)
    found = list(blocks(values))
    hashes = hash_blocks(len(values), found)
    distinct = Distinct.of_hashes(hashes)
    if len(distinct.hashes) <= CAPACITY:  # few enough for each count to be exact
        return profile_texts(values.dictionary_encode())
    ones = np.ones(len(values), np.int64)
    return _assemble(values, found, ones, distinct, _heavy(values, hashes))


def _of_distinct(values: pa.Array, counts: NDArray[np.int64]) -> Texts:
    found = list(blocks(values))
    distinct = Distinct.of_hashes(hash_blocks(len(values), found), counts)
    return _assemble(values, found, counts, distinct, Frequencies.of_runs(_plain(values), counts))


def _assemble(
    values: pa.Array,
    found: Sequence[Block],
    counts: NDArray[np.int64],
    distinct: Distinct,
    frequencies: Frequencies,
) -> Texts:
    binary = pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    lengths = _lengths(values, binary=binary)
    types = Types(string=int(counts.sum())) if binary else Types.of_blocks(values, found, counts)
    empty = int(counts[lengths == 0].sum())
    # Binary values may be anything and large: none of them is kept.
    kept = Frequencies(total=frequencies.total, undercount=frequencies.total)
    return Texts(
        empty, types, Lengths.of(lengths, counts), distinct, kept if binary else frequencies
    )


def _lengths(values: pa.Array, *, binary: bool) -> NDArray[np.int64]:
    """Lengths in characters, or in bytes of binary values.

    Raises:
        pa.ArrowInvalid: the bytes of a string are no UTF-8; the documents could not write it down.
    """
    offsets, data = text_buffers(values)
    if not binary and data[offsets[0] : offsets[-1]].max(initial=0) > _LAST_ASCII:
        # Parquet files may call bytes a string that are none.
        values.validate(full=True)
        return np.asarray(pc.utf8_length(values), dtype=np.int64)
    return np.diff(offsets)


def _heavy(values: pa.Array, hashes: NDArray[np.uint64]) -> Frequencies:
    """The frequent ones among values that mostly differ, without counting each.

    Values are dealt to buckets by their hash: no value occurs more often than its bucket is full,
    so only the values of the fullest buckets need to be counted.
    """
    total = len(values)
    buckets = (hashes & np.uint64(_BUCKETS - 1)).astype(np.intp)
    filled = np.bincount(buckets, minlength=_BUCKETS)
    heavy = filled > max(total // (2 * CAPACITY), 2 * total // _BUCKETS)
    rest = int(filled[~heavy].max(initial=0))
    rows = np.flatnonzero(heavy[buckets])
    if not len(rows):
        return Frequencies(total=total, undercount=rest)
    coded = _plain(values.take(pa.array(rows))).dictionary_encode()
    counts = np.bincount(coded.indices.to_numpy(), minlength=len(coded.dictionary))
    found = Frequencies.of_runs(coded.dictionary, counts)
    return Frequencies(found.values, found.counts, total, max(rest, found.undercount))


def _plain(values: pa.Array) -> pa.Array:
    """One string type for all, so that states of different files merge."""
    return values if values.type == pa.large_string() else _cast(values)


def _cast(values: pa.Array) -> pa.Array:
    binary = pa.types.is_binary(values.type)
    return values.cast(pa.large_binary() if binary else pa.large_string())
