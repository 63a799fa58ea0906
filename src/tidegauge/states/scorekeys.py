"""Scores as ordered 64-bit keys, whose leading bits are a grid that suits probabilities.

A float64's bits are a grid with the same relative step everywhere, fine near 0. Between one half
and 1 the key is mirrored (1 - s is exact there), so that the grid is as fine near 1 as near 0, as
steps of the logit would be. Scores beyond [0, 1] keep their order; their last two bits are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ZERO = np.uint64(0x2000 << 48)  # the key of 0.0; below it lie the negative scores
_HALF = np.uint64(0x3FE0 << 48)  # the bits of 0.5
_UNIT = np.uint64(0x3FF0 << 48)  # the bits of 1.0
_ONE = _ZERO + _HALF + _HALF  # the key of 1.0
_LOST = np.uint64(2)


def keys_of(scores: NDArray[np.float64]) -> NDArray[np.uint64]:
    """One key a finite score: `a < b` for scores is `a < b` for their keys."""
    mirrored = 1.0 - scores
    np.minimum(scores, mirrored, out=mirrored)  # that is, mirrored above one half alone
    mirrored += 0.0  # -0.0 becomes 0.0
    keys = mirrored.view(np.uint64)
    np.subtract(_HALF + _HALF, keys, out=keys, where=scores > 0.5)
    keys += _ZERO
    if len(scores) and (scores.min() < 0.0 or scores.max() > 1.0):
        below, above = scores < 0.0, scores > 1.0
        keys[below] = _ZERO - np.uint64(1) - (np.abs(scores[below]).view(np.uint64) >> _LOST)
        keys[above] = _ONE + np.uint64(1) + ((scores[above].view(np.uint64) - _UNIT) >> _LOST)
    return keys


def scores_of(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The least score that has the key or a greater one (the greatest magnitude below 0)."""
    scores = np.empty(len(keys))
    below, above = keys < _ZERO, keys > _ONE
    upper = ~below & ~above & (keys > _ZERO + _HALF)
    lower = ~below & ~above & ~upper
    scores[lower] = (keys[lower] - _ZERO).view(np.float64)
    scores[upper] = 1.0 - (_ONE - keys[upper]).view(np.float64)
    scores[above] = ((keys[above] - _ONE - np.uint64(1) << _LOST) + _UNIT).view(np.float64)
    magnitude = np.minimum(_ZERO - np.uint64(1) - keys[below], np.uint64(0x1FFBFFFFFFFFFFFF))
    scores[below] = -((magnitude << _LOST) | np.uint64(3)).view(np.float64)
    return scores


def levels_apart(ascending: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many pairs of neighbours fall into one cell at level 0, 1 ... 64 for the first time.

    Two keys share a cell at level h when they agree in all but their last h bits.
    """
    differing = ascending[1:] ^ ascending[:-1]
    # A float64 has 53 bits: larger words are measured without their last 11, lest they round up.
    large = (differing >> np.uint64(53)) != 0
    shifted = np.where(large, differing >> np.uint64(11), differing)
    lengths = np.frexp(shifted.astype(np.float64))[1] + np.where(large, 11, 0)
    return np.bincount(lengths, minlength=65)
