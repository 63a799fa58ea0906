"""Stability in time: which values of a series stand out, and where its level has moved.

Marks are for the eye, and decide nothing. A level shift is found by Pettitt's test (Pettitt, "A
non-parametric approach to the change-point problem", 1979), which compares ranks and so is not
moved by a few odd values. It is made on pieces of the series, so that a level which came and went
is found, too (Fryzlewicz, "Wild binary segmentation", 2014, with pieces that are laid out evenly);
both sides of a shift are looked at again by themselves. A spike is a value whose modified z-score
(Iglewicz, Hoaglin, "How to detect and handle outliers", 1993), from the median and the median
absolute deviation of its own level, is beyond 5 (their 3.5 marks too much where windows are many),
and which its own error does not explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import median_abs_deviation, rankdata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

FEWEST = 8
"""A shorter series, or a shorter piece of one, shows nothing."""

SHIFT_LEVEL = 0.005
"""The chance that a series without any change is given a shift, at most."""

_SPIKE = 5.0
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
    shifts = tuple(_shifts(series, 0, len(series)))
    starts = [0, *(at for at, _ in shifts)]
    stops = [*starts[1:], len(series)]
    medians = [
        float(np.median(series[a:b])) if b > a else 0.0 for a, b in zip(starts, stops, strict=True)
    ]
    spikes = [
        start + place
        for start, stop in zip(starts, stops, strict=True)
        for place in _spikes(series[start:stop], own[start:stop])
    ]
    told = (
        Shift(at, before, after, p_value)
        for (at, p_value), before, after in zip(shifts, medians, medians[1:], strict=False)
    )
    return Marks(tuple(spikes), tuple(told))


def _shifts(series: NDArray[np.float64], start: int, stop: int) -> Iterator[tuple[int, float]]:
    """Where a new level begins in `[start, stop)`, with the p-value, in order."""
    pieces = list(_pieces(start, stop))
    found = [(*_pettitt(series[first:last]), first) for first, last in pieces]
    if not found:
        return
    at, p_value, first = min(found, key=lambda one: one[1])
    if p_value * len(pieces) > SHIFT_LEVEL:
        return
    yield from _shifts(series, start, first + at)
    yield first + at, p_value
    yield from _shifts(series, first + at, stop)


def _pieces(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The whole, and pieces of every doubled length that overlap by three quarters."""
    length = 2 * FEWEST
    if stop - start >= length:
        yield start, stop
    while length < stop - start:
        for first in range(start, stop - length + 1, length // 4):
            yield first, first + length
        length *= 2


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
