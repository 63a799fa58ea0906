"""Spikes and level shifts: found where they were put, and hardly ever where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from tidegauge.rules.quality.stability import FEWEST, marks_of

DAYS = 60


def noise(seed: int, days: int = DAYS) -> np.ndarray:
    """A metric that swings around 0.8 by chance alone."""
    return 0.8 + 0.01 * np.random.default_rng(seed).standard_normal(days)


def marked(values: np.ndarray, deviation: float = 0.0) -> tuple[list[int], list[int]]:
    """The places of the spikes, and of the shifts."""
    marks = marks_of(values.tolist(), [deviation] * len(values))
    return list(marks.spikes), [shift.at for shift in marks.shifts]


def test_a_spike_is_marked_where_it_is() -> None:
    """It does not hide in a deviation that it made itself, and moves no level."""
    values = noise(1)
    values[40] = 0.3
    assert ([40], []) == marked(values)


def test_a_level_shift_is_marked_where_it_begins() -> None:
    """With the medians before and after it; its days are no spikes."""
    values = noise(2)
    values[25:] -= 0.05
    marks = marks_of(values.tolist(), [0.0] * DAYS)
    assert ((), [25]) == (marks.spikes, [shift.at for shift in marks.shifts])
    (shift,) = marks.shifts
    assert (0.8, 0.75) == pytest.approx((shift.before, shift.after), abs=0.005)
    # Another rank test of the two sides has no doubt, either.
    assert mannwhitneyu(values[:25], values[25:]).pvalue < 1e-6


def test_two_shifts_and_a_spike_between_them() -> None:
    """Each level is judged by itself."""
    values = noise(3, 90)
    values[30:60] += 0.1
    values[45] = 0.5
    spikes, shifts = marked(values)
    assert 45 in spikes
    assert len(spikes) <= 2
    assert [30, 60] == pytest.approx(shifts, abs=1)


def test_what_its_own_error_explains_is_no_spike() -> None:
    """A small window's metric may lie far off by chance."""
    values = noise(4)
    values[10] = 0.6
    assert [10] == marked(values, 0.01)[0]
    assert [] == marked(values, 0.1)[0]


def test_chance_alone_hardly_ever_moves_a_level() -> None:
    """Of 300 series of 60 days without any change at most two are marked."""
    assert 2 >= sum(bool(marked(noise(seed))[1]) for seed in range(300))


@pytest.mark.parametrize("days", [0, 1, FEWEST - 1, 2 * FEWEST - 1])
def test_a_short_series_has_no_shifts(days: int) -> None:
    """A few windows tell nothing about levels; nor does a constant about spikes."""
    assert [] == marked(np.linspace(0, 1, days))[1]
    assert ([], []) == marked(np.full(days, 0.5))
