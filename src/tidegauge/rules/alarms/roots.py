"""Where falling functions cross zero, many at once: values at which tests reach their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Excess = Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.float64]]

_DOUBLINGS = 60
_STEPS = 100  # a bracket of floats is halved away before
_CLOSE = 1e-11


class _Places(NamedTuple):
    """Where functions were looked at, and what they are there."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_], other: _Places) -> _Places:
        """These where chosen, the others elsewhere."""
        return _Places(np.where(chosen, self.x, other.x), np.where(chosen, self.y, other.y))

    def of(self, some: NDArray[np.bool_]) -> _Places:
        return _Places(self.x[some], self.y[some])


def falling_roots(
    excess: Excess, start: NDArray[np.float64], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The roots of functions that fall, looked for from `start` outwards by doubling steps.

    `excess` takes places and the numbers of the functions to be evaluated there. Error 1e-11,
    relative where a root is above 1. Where a function stays positive (or negative) the farthest
    place that was looked at.
    """
    found = np.array(start, np.float64)
    which = np.arange(len(found))
    near = _Places(found.copy(), excess(found, which))
    step = np.where(near.y > 0.0, step, -step)
    for _ in range(_DOUBLINGS):
        x = near.x + step
        far = _Places(x, excess(x, which))
        crossed = far.y * np.sign(step) <= 0.0
        if crossed.any():
            ends = near.of(crossed), far.of(crossed)
            found[which[crossed]] = _between(excess, which[crossed], *ends)
        on = ~crossed
        which, near, step = which[on], far.of(on), 2.0 * step[on]
        if not len(which):
            return found
    found[which] = near.x
    return found


def _between(
    excess: Excess, which: NDArray[np.intp], a: _Places, b: _Places
) -> NDArray[np.float64]:
    """The roots between places whose values differ in sign, by inverse quadratic steps.

    A step is a halving where the three last values do not look like a smooth function's. Source:
    Chandrupatla, "A New Hybrid Quadratic/Bisection Algorithm" (Advances in Engineering Software
    1997).
    """
    found = np.empty(len(which))
    index = np.arange(len(which))
    share = _straight(a, b)
    for _ in range(_STEPS):
        x = a.x + share * (b.x - a.x)
        c = _Places(x, excess(x, which[index]))
        stays = (c.y > 0.0) == (a.y > 0.0)
        last = a.where(stays, b)
        a, b = c, b.where(stays, a)
        best = np.where(np.abs(a.y) < np.abs(b.y), a.x, b.x)
        least = _CLOSE * np.maximum(1.0, np.abs(best)) / np.abs(b.x - a.x)
        done = (least > 0.5) | (a.y == 0.0) | (b.y == 0.0)
        found[index] = best
        on = ~done
        if not on.any():
            return found
        a, b, last, index, least = a.of(on), b.of(on), last.of(on), index[on], least[on]
        share = np.minimum(1.0 - least, np.maximum(least, _share(a, b, last)))
    return found


def _straight(a: _Places, b: _Places) -> NDArray[np.float64]:
    """How far from the first to the second place a straight line crosses zero; else half way."""
    with np.errstate(all="ignore"):
        share = a.y / (a.y - b.y)
    inside = (share > 0.0) & (share < 1.0)  # not so of what is not finite
    return np.where(inside, share, 0.5)


def _share(a: _Places, b: _Places, c: _Places) -> NDArray[np.float64]:
    """How far from the first to the second place the root is, by a parabola through all three."""
    with np.errstate(all="ignore"):
        along, up = (a.x - b.x) / (c.x - b.x), (a.y - b.y) / (c.y - b.y)
        straight = a.y / (b.y - a.y) * c.y / (b.y - c.y)
        bent = (c.x - a.x) / (b.x - a.x) * a.y / (c.y - a.y) * b.y / (c.y - b.y)
        smooth = (up * up < along) & ((1.0 - up) ** 2 < 1.0 - along)
        share = straight + bent
    return np.where(smooth & np.isfinite(share), share, 0.5)
