"""Counts of rows and of the special values in them, each on its own; all exact."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Self

from tidegauge.states.codec import pack, scalars_of, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there were, and how many held each special value.

    `strays` are texts in a column that is read as another kind, such as "n/a" among numbers.
    Identity: all zero. Size: under 250 bytes. Error: exact.
    """

    rows: int = 0
    nulls: int = 0
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    zeros: int = 0
    negatives: int = 0
    empty: int = 0
    strays: int = 0

    @property
    def blank(self) -> bool:
        return self == type(self)()

    @property
    def present(self) -> int:
        """Rows that hold a value; NaN and infinities are values, null is none."""
        return self.rows - self.nulls

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        listed = [cls(), *states]
        return cls(*(sum(column) for column in zip(*map(_NUMBERS, listed), strict=True)))

    def to_bytes(self) -> bytes:
        return pack("counts", 1, scalars_of(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, _ = unpack(data, "counts", 1)
        return cls(**{name: header[name] for name in cls.__dataclass_fields__})


_NUMBERS = attrgetter(*Counts.__dataclass_fields__)
