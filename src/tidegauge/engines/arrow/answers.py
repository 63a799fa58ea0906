"""Columns of labels and answers as numpy arrays: numbers, class codes, probabilities."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.errors import InputError
from tidegauge.states.confusion import MOST_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# No leading zeros: "007" is a name, not the number 7.
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_ANY_NUMBER = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_LARGEST_INTEGER = 1 << 53
_FEW_CLASSES = 8
_WORDS = {"true": "1", "false": "0"}

NONE = -1  # the code of a row without a class


def class_name(value: object, *, truths: bool = False) -> str:
    """The name under which a class is counted: 1, 1.0, "1.0" and true are all "1".

    A whole number loses its point, other texts are stripped of blanks; with `truths` (the classes
    are two) the words true and false are 1 and 0.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number_name(float(value))
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return _number_name(float(text))
    return _WORDS.get(text.lower(), text) if truths else text


def _number_name(value: float) -> str:
    is_whole = math.isfinite(value) and value == int(value) and abs(value) < _LARGEST_INTEGER
    return str(int(value)) if is_whole else repr(value)


def column(table: pa.Table, name: str) -> pa.Array:
    """One column as one array.

    Raises:
        InputError: the table has no such column.
    """
    if name not in table.column_names:
        found = ", ".join(map(repr, table.column_names)) or "no columns"
        raise InputError(f"labels and answers have no column {name!r}; found {found}")
    array = table.column(name).combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of no chunks at all
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return array


def numbers(array: pa.Array) -> NDArray[np.float64]:
    """The values as float64; NaN for null, and for a text that is no number."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        readable = pc.match_substring_regex(array, _ANY_NUMBER)
        texts = pc.utf8_trim_whitespace(pc.if_else(readable, array, None))
        array = pc.cast(texts, pa.float64())
    elif pa.types.is_boolean(kind):
        array = pc.cast(array, pa.uint8())
    elif pa.types.is_null(kind):
        return np.full(len(array), np.nan)
    try:
        values = pc.cast(array, pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"expected numbers, found values of type {kind}") from error
    filled = pc.fill_null(values, math.nan) if values.null_count else values
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def classes(array: pa.Array, *, truths: bool = False) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the classes, and for each row the position of its own, or `NONE`.

    Raises:
        InputError: there are more classes than can be told apart, or values that name none.
    """
    if pa.types.is_null(array.type):
        return [], np.full(len(array), NONE, np.int64)
    try:
        encoded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"expected classes, found values of type {array.type}") from error
    none = len(encoded.dictionary)
    indices = pc.fill_null(encoded.indices, none).to_numpy(zero_copy_only=False)
    occurring = _occurring(indices, none)
    if len(occurring) > 4 * MOST_LABELS:  # "1", "1.0" and " 1" may yet be one class
        raise InputError(
            f"expected classes, found {len(occurring)} different values: is the column an id, or "
            "the problem a regression?"
        )
    values = encoded.dictionary.take(pa.array(occurring)).to_pylist()
    names = [_name_or_none(value, truths) for value in values]
    known = list(dict.fromkeys(name for name in names if name is not None))
    place = {name: i for i, name in enumerate(known)}
    codes = np.full(none + 1, NONE, np.int64)
    codes[occurring] = [NONE if name is None else place[name] for name in names]
    return known, codes[indices]


def _occurring(indices: NDArray[np.int32], count: int) -> NDArray[np.intp]:
    """Which of a dictionary's values there are: it may have more than occur in these rows."""
    if count > _FEW_CLASSES:
        return np.flatnonzero(np.bincount(indices, minlength=count)[:count])
    # To count up few counters takes several times as long: each waits for its last addition.
    return np.flatnonzero([(indices == code).any() for code in range(count)])


def _name_or_none(value: object, truths: bool) -> str | None:  # noqa: FBT001
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return class_name(value, truths=truths) or None


def probabilities(array: pa.Array, width: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The lists as rows of a matrix, and which rows have `width` finite numbers.

    Raises:
        InputError: the column does not hold lists of numbers.
    """
    if not isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        raise InputError(f"expected lists of probabilities, found values of type {array.type}")
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    matrix = np.full((len(array), width), np.nan)
    fit = lengths == width
    if width:
        matrix[fit] = numbers(array.filter(pa.array(fit)).flatten()).reshape(-1, width)
    return matrix, np.isfinite(matrix).all(axis=1) & fit


def union(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All names, and where each of the other's stands among them; `NONE` stays `NONE`."""
    names = list(dict.fromkeys((*one, *other)))
    place: dict[Any, int] = {name: i for i, name in enumerate(names)}
    return names, np.array([place[name] for name in other] + [NONE], np.int64)
