r"""How many present values have which type, by the patterns of SageMaker's analyzer.

Source: awslabs/deequ, `StatefulDataType` (the engine inside SageMaker Model Monitor): fractional
`^(-|\+)? ?\d+((\.\d+)|((?:\.\d+)?[Ee][-+]?\d+))$`, integral `^(-|\+)? ?\d+$`, boolean
`^(true|false)$`; so `.5`, `1.` and `NaN` are strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.states.codec import pack, scalars_of, unpack
from tidegauge.states.hashing import by_length, rectangle, text_buffers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

INTEGRAL = r"^(-|\+)? ?\d+$"
FRACTIONAL = r"^(-|\+)? ?\d+((\.\d+)|((\.\d+)?[Ee][-+]?\d+))$"

# What a byte can be in the text of a number: 2 a digit, 1 another character of a number, 0 neither.
_DIGIT = 2
_CLASS = np.zeros(256, np.uint8)
_CLASS[np.frombuffer(b"+-. eE", np.uint8)] = 1
_CLASS[np.frombuffer(b"0123456789", np.uint8)] = _DIGIT


@dataclass(frozen=True, slots=True)
class Types:
    """Number of present values of each type. Identity: all zero. Size: under 150 bytes. Exact."""

    integral: int = 0
    fractional: int = 0
    boolean: int = 0
    string: int = 0

    @property
    def blank(self) -> bool:
        return self == type(self)()

    @classmethod
    def of_texts(cls, texts: pa.Array, counts: NDArray[np.int64] | None = None) -> Self:
        """The types of distinct texts, each of which stands for `counts` rows (default: one)."""
        weights = np.ones(len(texts), np.int64) if counts is None else counts
        digits, rest = _numeric_looking(texts)
        unsure = texts.take(pa.array(rest))
        integral = int(weights[digits].sum() + weights[rest[_matches(unsure, INTEGRAL)]].sum())
        fractional = int(weights[rest[_matches(unsure, FRACTIONAL)]].sum())
        boolean = int(weights[_words(texts)].sum())
        return cls(
            integral, fractional, boolean, int(weights.sum()) - integral - fractional - boolean
        )

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        listed = [cls(), *states]
        return cls(*(sum(column) for column in zip(*map(_NUMBERS, listed), strict=True)))

    def to_bytes(self) -> bytes:
        return pack("types", 1, scalars_of(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, _ = unpack(data, "types", 1)
        return cls(**{name: header[name] for name in cls.__dataclass_fields__})


_NUMBERS = attrgetter(*Types.__dataclass_fields__)


def _numeric_looking(texts: pa.Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the texts that are digits only, and of those that need a closer look.

    A number ends in a digit and holds few kinds of bytes: most other texts are told apart by two or
    three of theirs, and a regular expression takes ten times as long.
    """
    offsets, data = text_buffers(texts)
    digits, rest = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for length, rows in by_length(offsets):
        if length:
            block = rectangle(offsets, data, rows, length)
            alive, pure = _narrow(block, length)
            digits.append(rows[alive[pure]])
            rest.append(rows[alive[~pure]])
    return np.concatenate(digits), np.sort(np.concatenate(rest))


def _narrow(block: NDArray[np.uint8], length: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The rows of a rectangle that may be numbers, and which of them are digits only."""
    # `take` and `compress` cost half of what indexing does, and this runs over every text.
    flat = block.reshape(-1)
    alive = np.flatnonzero(_CLASS.take(block[:, -1]) == _DIGIT)
    pure = np.ones(len(alive), bool)
    for column in range(length - 1):
        classes = _CLASS.take(flat.take(alive * length + column))
        np.logical_and(pure, classes == _DIGIT, out=pure)
        if not classes.all():
            possible = classes > 0
            alive, pure = np.compress(possible, alive), np.compress(possible, pure)
    return alive, pure


def _words(texts: pa.Array) -> NDArray[np.intp]:
    """Positions of the texts `true` and `false`, looked for among those of their lengths only."""
    lengths = np.diff(text_buffers(texts)[0])
    of_length = np.flatnonzero((lengths == len("true")) | (lengths == len("false")))
    some = texts.take(pa.array(of_length))
    found = pc.is_in(some, pa.array(["true", "false"], texts.type))
    positions: NDArray[np.intp] = of_length[np.asarray(found, dtype=bool)]
    return positions


def _matches(texts: pa.Array, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, pattern), dtype=bool)
