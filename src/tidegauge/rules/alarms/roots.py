"""Where a falling function crosses zero: the values at which tests reach their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.optimize import brentq

if TYPE_CHECKING:
    from collections.abc import Callable

_DOUBLINGS = 60


def falling_root(excess: Callable[[float], float], start: float, step: float) -> float:
    """The root of a function that falls, looked for from `start` outwards by doubling steps.

    Relative error about 1e-6. Where the function stays positive (or negative) the farthest place
    that was looked at.
    """
    at_start = excess(start)
    direction = 1.0 if at_start > 0.0 else -1.0
    near, far = start, start
    for _ in range(_DOUBLINGS):
        far = near + direction * step
        if excess(far) * direction <= 0.0:
            return float(brentq(excess, near, far, xtol=1e-9, rtol=1e-6))
        near, step = far, 2.0 * step
    return far
