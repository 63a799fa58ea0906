"""The smallest and the largest value, exactly: int64 and decimals never pass through a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from tidegauge.states.codec import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Extremes:
    """Least and greatest finite value. Identity: None, None. Size: under 300 bytes. Exact."""

    least: Number | None = None
    greatest: Number | None = None

    @property
    def blank(self) -> bool:
        return self.least is None

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        # Python compares int, float and Decimal by value, without rounding.
        known = [s for s in states if s.least is not None and s.greatest is not None]
        if not known:
            return cls()
        return cls(
            min(s.least for s in known if s.least is not None),
            max(s.greatest for s in known if s.greatest is not None),
        )

    def to_bytes(self) -> bytes:
        return pack(
            "extremes", 1, {"least": _encode(self.least), "greatest": _encode(self.greatest)}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, _ = unpack(data, "extremes", 1)
        return cls(_decode(header["least"]), _decode(header["greatest"]))


def _encode(value: Number | None) -> int | float | str | None:
    return str(value) if isinstance(value, Decimal) else value


def _decode(value: float | str | None) -> Number | None:
    return Decimal(value) if isinstance(value, str) else value
