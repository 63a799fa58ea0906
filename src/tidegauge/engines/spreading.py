"""Numbers that Spark's partitioner sends each to a partition of its own.

Spark deals rows to partitions by a hash of the key. Of few keys that leaves some partitions empty
and gives others several: of 8 buckets in 9 partitions one had five, and one core waited for it.
"""

from __future__ import annotations

from functools import cache
from itertools import count

_SEED = 42  # of Spark's expression `hash`, by which `repartition` deals
_WORD = (1 << 32) - 1


@cache
def spread(partitions: int) -> tuple[int, ...]:
    """For each partition a number that lies in it; should Spark ever hash otherwise, in any."""
    found: dict[int, int] = {}
    for number in count():
        found.setdefault(_hash(number) % partitions, number)
        if len(found) == partitions:
            return tuple(found[partition] for partition in range(partitions))
    raise AssertionError  # numbers do not end


def _hash(number: int) -> int:
    """Murmur3's 32-bit hash (x86) of an int, signed, as Spark's `hash` gives it."""
    word = _rotated(number * 0xCC9E2D51 & _WORD, 15) * 0x1B873593 & _WORD
    state = _rotated(_SEED ^ word, 13) * 5 + 0xE6546B64 & _WORD
    state ^= 4  # bytes
    state = (state ^ state >> 16) * 0x85EBCA6B & _WORD
    state = (state ^ state >> 13) * 0xC2B2AE35 & _WORD
    state ^= state >> 16
    return state - (state >> 31 << 32)


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _WORD
