"""Roots of many falling functions at once: against scipy's of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from tidegauge.rules.alarms.roots import falling_roots


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-50, 50), st.floats(0.01, 20), st.floats(-60, 60), st.floats(0.01, 9)),
        min_size=1,
        max_size=20,
    )
)
def test_each_root_is_the_one_that_brentq_finds(
    functions: list[tuple[float, float, float, float]],
) -> None:
    """Steep and flat ones beside each other, from near and far; relative 1e-10."""
    at, scale, start, step = np.array(functions).T

    def excess(x: np.ndarray, which: np.ndarray) -> np.ndarray:
        far = (at[which] - x) / scale[which]
        return np.asarray(np.arctan(far) + 0.01 * far**3 + 0.3)

    found = falling_roots(excess, start, step)
    for i, root in enumerate(found):
        one = np.array([i])
        expected = optimize.brentq(lambda x, one=one: excess(np.array([x]), one)[0], -1e3, 1e3)
        assert expected == pytest.approx(root, rel=1e-9, abs=1e-9)


def test_a_jump_is_found_by_halving() -> None:
    """Where a function is not smooth at all."""
    at = np.array([-3.7, 0.1, 40.0])
    found = falling_roots(lambda x, which: np.where(x < at[which], 1.0, -1.0), at * 0, at * 0 + 1)
    assert at == pytest.approx(found, abs=1e-9)


def test_without_a_root_the_farthest_place_is_told() -> None:
    """On the side on which one would have to be; and no functions have no roots."""
    always = np.array([1.0, -1.0])
    up, down = falling_roots(lambda _, which: always[which], np.zeros(2), np.ones(2))
    assert down < -1e15
    assert up > 1e15
    assert 0 == len(falling_roots(lambda x, _: x, np.empty(0), np.empty(0)))
