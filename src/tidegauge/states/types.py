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
from tidegauge.states.hashing import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tidegauge.states.hashing import Block

INTEGRAL = r"^(-|\+)? ?\d+$"
FRACTIONAL = r"^(-|\+)? ?\d+((\.\d+)|((\.\d+)?[Ee][-+]?\d+))$"

# What a byte can be in the text of a number: 2 a digit, 1 another character of a number, 0 neither.
_DIGIT = 2
_CLASS = np.zeros(256, np.uint8)
_CLASS[np.frombuffer(b"+-. eE", np.uint8)] = 1
_CLASS[np.frombuffer(b"0123456789", np.uint8)] = _DIGIT
_BOOLEANS = {len(word): np.frombuffer(word, np.uint8) for word in (b"true", b"false")}


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
    def of_texts(cls, texts: pa.Array) -> Self:
        """The types of texts."""
        return cls.of_blocks(texts, blocks(texts), np.ones(len(texts), np.int64))

    @classmethod
    def of_blocks(cls, texts: pa.Array, found: Iterable[Block], counts: NDArray[np.int64]) -> Self:
        """The types of distinct texts, in blocks too, each of which stands for `counts` rows."""
        digits, rest, words = _sorted_out(found)
        integral, fractional, boolean = int(counts[digits].sum()), 0, int(counts[words].sum())
        if len(rest):
            unsure = texts.take(pa.array(rest))
            integral += int(counts[rest[_matches(unsure, INTEGRAL)]].sum())
            fractional += int(counts[rest[_matches(unsure, FRACTIONAL)]].sum())
        string = int(counts.sum()) - integral - fractional - boolean
        return cls(integral, fractional, boolean, string)

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


def _sorted_out(
    found: Iterable[Block],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the texts that are digits only, of those to look at closer, and of booleans.

    A number ends in a digit and holds few kinds of bytes: most other texts are told apart by two or
    three of theirs, and a regular expression takes ten times as long.
    """
    nothing = np.empty(0, np.intp)
    digits, rest, words = [nothing], [nothing], [nothing]
    for rows, block in found:
        length = block.shape[1]
        if length:
            alive, pure = _narrow(block, length)
            digits.append(rows[alive[pure]])
            rest.append(rows[alive[~pure]])
        if length in _BOOLEANS:
            word = _BOOLEANS[length]
            alike = np.flatnonzero(block[:, 0] == word[0])  # few are
            words.append(rows[alike[(block[alike] == word).all(axis=1)]])
    return np.concatenate(digits), np.sort(np.concatenate(rest)), np.concatenate(words)


def _narrow(block: NDArray[np.uint8], length: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The rows of a rectangle that may be numbers, and which of them are digits only."""
    # `take` and `compress` cost half of what indexing does, and this runs over every text.
    flat = block.reshape(-1)
    alive = np.flatnonzero(_CLASS.take(block[:, -1]) == _DIGIT)
    pure = np.ones(len(alive), bool)
    for column in range(length - 1):
        if not len(alive):
            break
        some = flat.take(alive * length + column) if len(alive) < len(block) else block[:, column]
        classes = _CLASS.take(some)
        np.logical_and(pure, classes == _DIGIT, out=pure)
        if not classes.min():
            possible = classes > 0
            alive, pure = np.compress(possible, alive), np.compress(possible, pure)
    return alive, pure


def _matches(texts: pa.Array, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, pattern), dtype=bool)
