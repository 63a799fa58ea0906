"""The sum of decimals, digit by digit: 38 digits do not pass through a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import numpy as np

from tidegauge.states.codec import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

_WORD_BITS = 32


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of `n` decimals is `unscaled` / 10**`scale`, exactly.

    Numbers of other types are not in it: where `n` is not the number of values, it is of no use.
    Identity: n = 0. Size: under 200 bytes. Error: exact, of any number of digits.
    """

    n: int = 0
    unscaled: int = 0
    scale: int = 0

    @property
    def blank(self) -> bool:
        return not self.n

    @property
    def value(self) -> Decimal:
        """The sum; with more digits than Python's own arithmetic keeps, so do not add to it."""
        return Decimal((self.unscaled < 0, _digits(self.unscaled), -self.scale))

    @classmethod
    def of_decimals(cls, values: pa.Array) -> Self:
        """The sum of a decimal array of any width without nulls, fewer than 2**32 values."""
        count = values.type.bit_width // _WORD_BITS
        words = np.frombuffer(values.buffers()[1], "<u4", count * (values.offset + len(values)))
        own = words.reshape(-1, count)[values.offset :]
        # Each word is summed on its own, in 64 bits; two's complement lends the highest its sign.
        sums = [int(own[:, i].sum(dtype=np.uint64)) for i in range(count - 1)]
        sums.append(int(own[:, -1].astype("<u4").view("<i4").sum(dtype=np.int64)))
        unscaled = sum(word << (_WORD_BITS * i) for i, word in enumerate(sums))
        return cls(len(values), unscaled, values.type.scale)

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        known = [state for state in states if state.n]
        if not known:
            return cls()
        scale = max(state.scale for state in known)
        unscaled = sum(state.unscaled * 10 ** (scale - state.scale) for state in known)
        return cls(sum(state.n for state in known), unscaled, scale)

    def to_bytes(self) -> bytes:
        # As text: not every reader of JSON keeps so many digits of a number.
        return pack("sum", 1, {"n": self.n, "unscaled": str(self.unscaled), "scale": self.scale})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, _ = unpack(data, "sum", 1)
        return cls(header["n"], int(header["unscaled"]), header["scale"])


def _digits(number: int) -> tuple[int, ...]:
    return tuple(map(int, str(abs(number))))
