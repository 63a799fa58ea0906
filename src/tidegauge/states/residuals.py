"""A regression's errors: what mean errors, r2, their standard deviations and quantiles need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.states.codec import pack, unpack
from tidegauge.states.moments import Moments
from tidegauge.states.quantiles import Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """With the label y and the error e = prediction - y of each row.

    `cross1` and `cross2` are the sums of (e^2 - mean of e^2) (y - mean of y) and of
    (e^2 - mean of e^2) (y - mean of y)^2: with them the variance of r2 has a closed form.
    Identity: no rows. Size: under 93 kB. Error: relative 1e-12 or so for all but the quantiles,
    which have that of `Quantiles`.
    """

    signed: Moments = field(default_factory=Moments)
    absolute: Moments = field(default_factory=Moments)
    squared: Moments = field(default_factory=Moments)
    labels: Moments = field(default_factory=Moments)
    cross1: float = 0.0
    cross2: float = 0.0
    errors: Quantiles = field(default_factory=Quantiles)
    predictions: Quantiles = field(default_factory=Quantiles)

    @classmethod
    def of_values(
        cls, labels: NDArray[np.float64], predictions: NDArray[np.float64], salt: int
    ) -> Self:
        """The state of finite labels and predictions; `salt` seeds the quantiles' choices."""
        n = len(labels)
        if not n:
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            errors = predictions - labels
            squares = errors * errors
            y, squared = _moments(labels), _moments(squares)
            from_mean, rest = labels - y.mean, squares - squared.mean
            weighted = rest * from_mean
            cross1 = float(weighted.sum())
            cross2 = float(np.multiply(weighted, from_mean, out=weighted).sum())
        return cls(
            signed=_moments(errors),
            absolute=_moments(np.abs(errors)),
            squared=squared,
            labels=y,
            cross1=cross1,
            cross2=cross2,
            errors=Quantiles.of_sorted(np.sort(errors), salt),
            predictions=Quantiles.of_sorted(np.sort(predictions), salt + 1),
        )

    @property
    def n(self) -> int:
        return self.signed.n

    @classmethod
    def merge_all(cls, states: Iterable[Self]) -> Self:
        """The state of all the rows together."""
        listed = [state for state in states if state.n]
        if len(listed) < 2:
            return listed[0] if listed else cls()
        labels = Moments.merge_all(state.labels for state in listed)
        squared = Moments.merge_all(state.squared for state in listed)
        moved = [_moved(state, labels.mean, squared.mean) for state in listed]
        return cls(
            signed=Moments.merge_all(state.signed for state in listed),
            absolute=Moments.merge_all(state.absolute for state in listed),
            squared=squared,
            labels=labels,
            cross1=sum(one for one, _ in moved),
            cross2=sum(two for _, two in moved),
            errors=Quantiles.merge_all(state.errors for state in listed),
            predictions=Quantiles.merge_all(state.predictions for state in listed),
        )

    def to_bytes(self) -> bytes:
        blobs = {name: getattr(self, name).to_bytes() for name in _PARTS}
        arrays = {name: np.frombuffer(blob, np.uint8) for name, blob in blobs.items()}
        return pack("residuals", 1, {"cross1": self.cross1, "cross2": self.cross2}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "residuals", 1)
        parts = {name: kind.from_bytes(arrays[name].tobytes()) for name, kind in _PARTS.items()}
        return cls(cross1=header["cross1"], cross2=header["cross2"], **parts)


_PARTS: Mapping[str, Any] = {
    "signed": Moments,
    "absolute": Moments,
    "squared": Moments,
    "labels": Moments,
    "errors": Quantiles,
    "predictions": Quantiles,
}


def _moments(values: NDArray[np.float64]) -> Moments:
    # A value in the middle of the rows, for a median of millions costs more than all the sums.
    return Moments.of_values(values, float(values[len(values) // 2]))


def _moved(state: Residuals, label_mean: float, square_mean: float) -> tuple[float, float]:
    """The cross sums about other means: both products multiplied out."""
    d, a = label_mean - state.labels.mean, square_mean - state.squared.mean
    cross1 = state.cross1 + state.n * a * d
    cross2 = state.cross2 - 2 * d * state.cross1 - a * (state.labels.m2 + state.n * d * d)
    return cross1, cross2
