"""Where a falling function crosses zero: the values at which tests reach their levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    near, at_near, far = start, at_start, start
    for _ in range(_DOUBLINGS):
        far = near + direction * step
        at_far = excess(far)
        if at_far * direction <= 0.0:
            return _between(excess, (near, at_near), (far, at_far))
        near, at_near, step = far, at_far, 2.0 * step
    return far


def _between(
    excess: Callable[[float], float], one: tuple[float, float], other: tuple[float, float]
) -> float:
    """The root between two places whose values differ in sign, by inverse quadratic steps.

    A step is a halving where the three last values do not look like a smooth function's. Source:
    Chandrupatla, "A New Hybrid Quadratic/Bisection Algorithm" (Advances in Engineering Software
    1997). scipy's own methods load a fifth of a second of other ones.
    """
    (a, at_a), (b, at_b), share = one, other, 0.5
    while True:
        c = a + share * (b - a)
        at_c = excess(c)
        if (at_c > 0.0) == (at_a > 0.0):
            last, at_last = a, at_a
        else:
            last, at_last, b, at_b = b, at_b, a, at_a
        a, at_a = c, at_c
        best, at_best = (a, at_a) if abs(at_a) < abs(at_b) else (b, at_b)
        least = (1e-9 + 1e-6 * abs(best)) / abs(b - a)
        if not at_best or least > 0.5:
            return best
        share = _share((a, at_a), (b, at_b), (last, at_last))
        share = min(1.0 - least, max(least, share))


def _share(one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]) -> float:
    """How far from the first to the second place the root is, by a parabola through all three."""
    (a, at_a), (b, at_b), (c, at_c) = one, two, three
    if at_b in {at_a, at_c} or at_a == at_c:
        return 0.5
    along, up = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (up * up < along and (1.0 - up) ** 2 < 1.0 - along):
        return 0.5
    straight = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    return straight + (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
