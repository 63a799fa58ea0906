"""Stability in time: which values of a series stand out, and where its level has moved.

Marks are for the eye, and decide nothing. A level shift is found by Pettitt's test (Pettitt, "A
non-parametric approach to the change-point problem", 1979), which compares ranks and so is not
moved by a few odd values; the halves are looked at again by themselves. A spike is a value whose
modified z-score (Iglewicz, Hoaglin, "How to detect and handle outliers", 1993), from the median and
the median absolute deviation of its own level, is beyond 3.5, and which its own error does not
explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import median_abs_deviation, rankdata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST = 8
"""A shorter series, or a shorter piece of one, shows nothing."""

SHIFT_LEVEL = 0.001
_SPIKE = 3.5
_OWN_ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Shift:
    """The level moved at a place of the series: medians before and after it, and the p-value."""

    at: int
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Marks:
    """The places of spikes, and the shifts, in order."""

    spikes: tuple[int, ...] = ()
    shifts: tuple[Shift, ...] = ()


def marks_of(values: Sequence[float], deviations: Sequence[float]) -> Marks:
    """What stands out in a series without gaps; `deviations` are its values' standard deviations.

    A deviation of 0 says that a value has no error of its own, as a quantile of many.
    """
    series = np.asarray(values, np.float64)
    own = np.asarray(deviations, np.float64)
    starts = _levels(series, 0, len(series))
    stops = [*starts[1:], len(series)]
    spikes = [
        start + place
        for start, stop in zip(starts, stops, strict=True)
        for place in _spikes(series[start:stop], own[start:stop])
    ]
    shifts = tuple(
        Shift(at, float(np.median(series[before:at])), float(np.median(series[at:after])), p)
        for before, at, after in zip(starts, starts[1:], stops[1:], strict=False)
        for p in (_pettitt(series[before:after])[1],)
    )
    return Marks(tuple(spikes), shifts)


def _levels(series: NDArray[np.float64], start: int, stop: int) -> list[int]:
    """Where each level begins, in `[start, stop)`."""
    if stop - start < 2 * FEWEST:
        return [start]
    at, p_value = _pettitt(series[start:stop])
    if p_value > SHIFT_LEVEL:
        return [start]
    return [*_levels(series, start, start + at), *_levels(series, start + at, stop)]


def _pettitt(series: NDArray[np.float64]) -> tuple[int, float]:
    """The most likely change point, at least `FEWEST` values from either end, and its p-value."""
    n = len(series)
    walk = 2 * np.cumsum(rankdata(series)) - np.arange(1, n + 1) * (n + 1)
    inner = np.abs(walk[FEWEST - 1 : n - FEWEST])
    if not len(inner):
        return 0, 1.0
    at = int(inner.argmax()) + FEWEST
    greatest = float(inner.max())
    return at, min(1.0, 2 * exp(-6 * greatest**2 / (n**3 + n**2)))


def _spikes(series: NDArray[np.float64], own: NDArray[np.float64]) -> list[int]:
    if len(series) < FEWEST:
        return []
    distance = np.abs(series - np.median(series))
    usual = float(median_abs_deviation(series, scale="normal"))
    odd = (distance > _SPIKE * usual) & (distance > _OWN_ERRORS * own)
    return [int(i) for i in np.flatnonzero(odd)]
