"""What answers cost: the sum by outcome, and its spread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.states.codec import pack, unpack
from tidegauge.states.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

OUTCOMES = 4  # true negative, false positive, false negative, true positive


def _zeros() -> NDArray[np.float64]:
    return np.zeros(OUTCOMES)


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """The costs of rows, in the currency of the plan.

    `by_outcome` sums them for each outcome; `floor` is what all rows would have cost, had every
    answer been negative: with `Scores.gains` it gives the cost at any threshold. `unpriced` counts
    rows whose own amount is missing or no number; they cost 0.
    Identity: no rows. Size: under 700 bytes. Error: relative 1e-12 or so.
    """

    unpriced: int = 0
    floor: float = 0.0
    costs: Moments = field(default_factory=Moments)
    by_outcome: NDArray[np.float64] = field(default_factory=_zeros)

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        """The state of all the rows together."""
        listed = list(states)
        return cls(
            sum(state.unpriced for state in listed),
            sum(state.floor for state in listed),
            Moments.merge_all(state.costs for state in listed),
            sum((state.by_outcome for state in listed), _zeros()),
        )

    def to_bytes(self) -> bytes:
        scalars = {"unpriced": self.unpriced, "floor": self.floor}
        arrays: dict[str, NDArray[Any]] = {
            "by_outcome": self.by_outcome,
            "costs": np.frombuffer(self.costs.to_bytes(), np.uint8),
        }
        return pack("amounts", 1, scalars, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "amounts", 1)
        costs = Moments.from_bytes(arrays["costs"].tobytes())
        return cls(header["unpriced"], header["floor"], costs, arrays["by_outcome"])
