"""Distinct values: the k smallest hashes, each with the exact count of its value.

Source: Bar-Yossef et al., "Counting Distinct Elements in a Data Stream" (RANDOM 2002), and Beyer et
al., "On Synopses for Distinct-Value Estimation Under Multiset Operations" (SIGMOD 2007), whose
unbiased estimator (k - 1) / U(k) is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tidegauge.states.codec import narrow, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

K = 4096
_EVERY = 1 << 64  # number of 64-bit words


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """The K smallest hashes in ascending order, and how often the value of each occurred.

    The counts are exact: a hash that is kept in a merged state was kept in each of its parts.
    Identity: empty. Size: at most K * 16 bytes. Error: exact below K distinct values (but for
    colliding 64-bit hashes); beyond, a standard error of 1 / sqrt(K - 2), 1.6 %.
    """

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Self:
        return cls(np.empty(0, np.uint64), np.empty(0, np.int64))

    @property
    def blank(self) -> bool:
        return not len(self.hashes)

    @property
    def threshold(self) -> np.uint64 | None:
        """Only hashes below it can enter; None while there is room."""
        return self.hashes[-1] if len(self.hashes) >= K else None

    @property
    def estimate(self) -> float:
        """The estimated number of distinct values; exact while fewer than K are kept."""
        if len(self.hashes) < K:
            return float(len(self.hashes))
        return (K - 1) / ((int(self.hashes[K - 1]) + 1) / _EVERY)

    @classmethod
    def of_hashes(cls, hashes: NDArray[np.uint64], counts: NDArray[np.int64] | None = None) -> Self:
        """The state of hashes in any order, with repetitions; `counts` defaults to one each."""
        # Hashes are uniform, so a bound can be guessed and tried: one compare a hash, not a sort.
        share = 1.25 * K / max(1, len(hashes))
        while share < 1:
            low = np.flatnonzero(hashes < np.uint64(share * _EVERY))  # and `take`: half of a mask
            some = None if counts is None else counts.take(low)
            few = cls._of_few(hashes.take(low), some)
            if len(few.hashes) == K:
                return few
            share *= 4  # many repetitions: look further up
        return cls._of_few(hashes, counts)

    @classmethod
    def _of_few(cls, hashes: NDArray[np.uint64], counts: NDArray[np.int64] | None) -> Self:
        if not len(hashes):
            return cls.empty()
        if counts is None:
            hashes = np.sort(hashes)
        else:
            order = np.argsort(hashes)
            hashes, counts = hashes[order], counts[order]
        starts = np.concatenate(([0], np.flatnonzero(hashes[1:] != hashes[:-1]) + 1))
        if counts is None:
            sums = np.diff(np.append(starts, len(hashes)))
        else:
            sums = np.add.reduceat(counts, starts)
        return cls(hashes[starts[:K]], sums[:K].astype(np.int64))

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        listed = [state for state in states if len(state.hashes)]
        if len(listed) < 2:
            return listed[0] if listed else cls.empty()
        # No hash over the lowest threshold of a full part can be among the K smallest of all.
        limits = [state.threshold for state in listed if state.threshold is not None]
        limit = int(min(limits)) if limits else _EVERY - 1
        # Few below it are, where the parts' values differ: a bound is guessed and tried, as above.
        share = 1.25 * K / sum(len(state.hashes) for state in listed)
        while share < 1:
            few = cls._below(listed, np.uint64(share * limit))
            if len(few.hashes) == K:
                return few
            share *= 4
        return cls._below(listed, np.uint64(limit))

    @classmethod
    def _below(cls, states: Sequence[Self], limit: np.uint64) -> Self:
        """The state of those hashes of all states that are at most `limit`."""
        cuts = [int(np.searchsorted(state.hashes, limit, "right")) for state in states]
        pairs = list(zip(states, cuts, strict=True))
        hashes = np.concatenate([state.hashes[:cut] for state, cut in pairs])
        return cls._of_few(hashes, np.concatenate([state.counts[:cut] for state, cut in pairs]))

    def to_bytes(self) -> bytes:
        return pack("distinct", 1, {"k": K}, {"hashes": self.hashes, "counts": narrow(self.counts)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        _, arrays = unpack(data, "distinct", 1)
        return cls(arrays["hashes"], arrays["counts"].astype(np.int64))
