"""Decimals: their numbers as numpy's, and what must be exact beyond a float64's 15 digits."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.states.distinct import Distinct
from tidegauge.states.extremes import Extremes
from tidegauge.states.hashing import hash_numbers, hash_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.states.extremes import Number

_DIGITS = 15  # any decimal of so many is told apart by its float64
_MOST_DIGITS = 76  # of an Arrow decimal


def decimal_numbers(values: pa.Array) -> NDArray[Any]:
    """Whole numbers of 64 bits as they are, such as ids of a database; others as float64."""
    numbers: NDArray[Any]
    if values.type.scale == 0:
        with suppress(pa.ArrowInvalid):
            numbers = values.cast(pa.int64()).to_numpy()
            return numbers
    numbers = values.cast(pa.float64()).to_numpy()
    return numbers


def decimal_distinct(values: pa.Array, numbers: NDArray[Any]) -> Distinct | None:
    """The distinct values where some are not told apart by their `numbers`, else None.

    What a value is hashed by depends on the value alone: by its float64 if that says it, by its
    digits if not.
    """
    if numbers.dtype.kind != "f" or values.type.precision <= _DIGITS:
        return None
    beyond = ~_is_said_by(values, numbers)
    if not beyond.any():
        return None
    hashes = hash_numbers(numbers)
    digits = values.filter(pa.array(beyond)).cast(pa.string())
    if values.type.scale > 0:  # the same number may have another scale in another file
        digits = pc.replace_substring_regex(digits, r"\.?0+$", "")
    hashes[beyond] = hash_texts(digits)
    return Distinct.of_hashes(hashes)


def decimal_extremes(values: pa.Array) -> Extremes:
    """The least and the greatest value, to their last digit."""
    if values.type.bit_width < 128:  # the smaller decimals have no kernel for this
        values = values.cast(pa.decimal128(values.type.precision, values.type.scale))
    found = pc.min_max(values).as_py()
    least: Number = found["min"]
    greatest: Number = found["max"]
    return Extremes(least, greatest)


def _is_said_by(values: pa.Array, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each value is what its float64 rounds to at the decimal's scale."""
    wide = pa.decimal256(_MOST_DIGITS, values.type.scale)
    try:
        rounded = pa.array(numbers).cast(wide, safe=False)
    except pa.ArrowInvalid:  # it rounds to more digits than there are
        return np.zeros(len(numbers), np.bool_)
    return np.asarray(pc.equal(rounded, values.cast(wide)), dtype=bool)
