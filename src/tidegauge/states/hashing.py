"""Stable 64-bit hashes: kept states are compared over years, so no library's own hash will do.

The mixer is splitmix64's finaliser (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
Generators", 2014). A number is hashed by the bits of its float64 value, so that 3 and 3.0 are one
value; integers beyond 2**53 by their own bits. A text is hashed over its UTF-8 bytes in words of
eight, padded with zeros, starting from its length.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    Block = tuple[NDArray[np.intp], NDArray[np.uint8]]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_BEYOND = np.uint64(0xD6E8FEB86659FD93)  # sets integers beyond 2**53 apart from floats' bits
_MASK = (1 << 64) - 1
_BLOCK = 1 << 13  # values mixed at once: their buffers stay in a core's cache
_FEW_LENGTHS = 16  # are looked for one by one
_EXACT = 1 << 53  # integers up to here are float64 values


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each word mixed, a bijection of 64-bit words; the input is left as it is."""
    mixed = np.empty_like(words)
    scratch = np.empty(min(_BLOCK, len(words)), np.uint64)
    for start in range(0, len(words), _BLOCK):
        block = mixed[start : start + _BLOCK]
        block[:] = words[start : start + _BLOCK]
        _mix(block, scratch[: len(block)])
    return mixed


def _mix(block: NDArray[np.uint64], scratch: NDArray[np.uint64]) -> None:
    """Mix the words where they are; `scratch` is of their number."""
    np.add(block, _GOLDEN, out=block)
    np.right_shift(block, np.uint64(30), out=scratch)
    np.bitwise_xor(block, scratch, out=block)
    np.multiply(block, _FIRST, out=block)
    np.right_shift(block, np.uint64(27), out=scratch)
    np.bitwise_xor(block, scratch, out=block)
    np.multiply(block, _SECOND, out=block)
    np.right_shift(block, np.uint64(31), out=scratch)
    np.bitwise_xor(block, scratch, out=block)


def hash_numbers(values: NDArray[Any]) -> NDArray[np.uint64]:
    """One hash a value; values are finite, of any integer or float type. -0.0 equals 0.0."""
    if values.dtype.kind == "f":
        # Adding zero turns -0.0 into 0.0, whose bits differ.
        return mix((values.astype(np.float64, copy=False) + 0.0).view(np.uint64))
    hashes = mix(values.astype(np.float64).view(np.uint64))
    if len(values) and (int(values.max()) > _EXACT or int(values.min()) < -_EXACT):
        beyond = (values > _EXACT) | (values < -_EXACT)
        hashes[beyond] = mix(values[beyond].astype(np.uint64, copy=False) ^ _BEYOND)
    return hashes


def hash_texts(texts: pa.Array) -> NDArray[np.uint64]:
    """One hash a value of a string or binary array without nulls."""
    return hash_blocks(len(texts), blocks(texts))


def hash_blocks(values: int, found: Iterable[Block]) -> NDArray[np.uint64]:
    """The same of so many values that lie in blocks, which are hashed a column of words a time."""
    hashes = np.empty(values, np.uint64)
    for rows, block in found:
        hashes[rows] = _hash_block(block)
    return hashes


def blocks(texts: pa.Array) -> Iterator[Block]:
    """The values of each length in bytes: their positions, and their bytes as a rectangle."""
    offsets, data = text_buffers(texts)
    for length, rows in _by_length(offsets):
        yield rows, _block(offsets, data, rows, length)


def _by_length(offsets: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each length in bytes that occurs, and the positions of the values that have it."""
    lengths = np.diff(offsets)
    if not len(lengths):
        return
    least, most = int(lengths.min()), int(lengths.max())
    if least == most:
        yield least, np.arange(len(lengths))
        return
    if most - least < _FEW_LENGTHS:
        small = (lengths - least).astype(np.uint8)
        for length in range(most - least + 1):
            if len(rows := np.flatnonzero(small == length)):
                yield least + length, rows
        return
    # Words of 16 bits are sorted by their digits, several times as fast.
    order = np.argsort(lengths.astype(np.uint16) if most < 1 << 16 else lengths, kind="stable")
    ordered = lengths[order]
    bounds = [0, *(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1), len(order)]
    for start, stop in pairwise(bounds):
        yield int(ordered[start]), order[start:stop]


def text_buffers(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The offsets (one more than values) and the bytes of a string or binary array."""
    wide = str(texts.type).startswith("large_")
    _, offset_buffer, data_buffer = texts.buffers()
    if not len(texts):
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    offsets = np.frombuffer(offset_buffer, np.int64 if wide else np.int32)
    used = offsets[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer or b"", np.uint8)
    return used, data


def _block(
    offsets: NDArray[np.int64], data: NDArray[np.uint8], rows: NDArray[np.intp], length: int
) -> NDArray[np.uint8]:
    """The bytes of the given values, all `length` long: shape (rows, length)."""
    starts = offsets[:-1][rows]
    if len(rows) and starts[-1] - starts[0] == (len(rows) - 1) * length:  # lie one after another
        return data[starts[0] : starts[0] + len(rows) * length].reshape(len(rows), length)
    return data.take(starts[:, None] + np.arange(length))


def _hash_block(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hashes of values of one length, some at a time from their first word to their last."""
    length = rows.shape[1]
    count = (length + 7) // 8
    hashes = np.full(len(rows), seed(length), np.uint64)
    scratch = np.empty(min(_BLOCK, len(rows)), np.uint64)
    padded = np.zeros((len(scratch), count * 8), np.uint8)
    for start in range(0, len(rows), _BLOCK):
        block = hashes[start : start + _BLOCK]
        words = padded[: len(block)]
        words[:, :length] = rows[start : start + _BLOCK]
        for column in range(count):
            np.bitwise_xor(block, words.view("<u8")[:, column], out=block)
            _mix(block, scratch[: len(block)])
        if count == 0:
            _mix(block, scratch[: len(block)])
    return hashes


def seed(*parts: str | int) -> np.uint64:
    """A 64-bit seed from names and numbers, the same on every machine and in every year."""
    state = int(_GOLDEN)
    for part in parts:
        if isinstance(part, int):
            state = _mix_one(state ^ (part & _MASK))
            continue
        raw = part.encode()
        state = _mix_one(state ^ len(raw))
        for start in range(0, len(raw), 8):
            state = _mix_one(state ^ int.from_bytes(raw[start : start + 8], "little"))
    return np.uint64(state)


def _mix_one(word: int) -> int:
    """`mix` of one word: for so few, Python's integers are a hundred times as fast as arrays."""
    word = (word + int(_GOLDEN)) & _MASK
    word = ((word ^ (word >> 30)) * int(_FIRST)) & _MASK
    word = ((word ^ (word >> 27)) * int(_SECOND)) & _MASK
    return word ^ (word >> 31)
