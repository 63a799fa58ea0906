"""What moved most: shares that can be counted again, the largest difference first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms.cells import cells
from tidegauge.rules.alarms.movers import bins_that_moved, cells_that_moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegauge.rules.distances import Weighted

NUMBERS = st.lists(st.floats(-100, 100, width=16), min_size=1, max_size=80)
VALUES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=200)


def share(values: np.ndarray, above: float | None, up_to: float | None) -> float:
    """The share of values in `(above, up_to]`."""
    inside = np.ones(len(values), bool)
    if above is not None:
        inside &= values > above
    if up_to is not None:
        inside &= values <= up_to
    return float(inside.mean())


def cumulated(values: NDArray[np.float64]) -> Weighted:
    """The values of a sketch that holds all of them."""
    return Sketch((values,)).cumulated()


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_bins_are_what_they_say(ours: list[float], theirs: list[float]) -> None:
    """Between the baseline's tenths; those that are equal are not told, and five at most."""
    current, baseline = np.array(ours), np.array(theirs)
    found = bins_that_moved(cumulated(current), cumulated(baseline))
    for one in found:
        bounds = one["above"], one["up_to"]
        assert (share(current, *bounds), share(baseline, *bounds)) == pytest.approx(
            (one["share"], one["baseline_share"])
        )
    differences = [abs(one["share"] - one["baseline_share"]) for one in found]
    assert differences == sorted(differences, reverse=True)
    assert len(found) <= 5
    assert all(differences)


def test_samples_that_are_equal_have_nothing_to_tell() -> None:
    """Whatever their size."""
    values = np.arange(100.0)
    assert [] == bins_that_moved(cumulated(np.repeat(values, 3)), cumulated(values))


def test_what_lies_outside_the_baselines_range_is_told() -> None:
    """All of it, below and above."""
    found = bins_that_moved(cumulated(np.array([-5.0, 500.0])), cumulated(np.arange(100.0)))
    outside = [(one["above"], one["up_to"], one["share"]) for one in found[:2]]
    assert [(None, np.nextafter(0.0, -np.inf), 0.5), (99.0, None, 0.5)] == outside


@settings(deadline=None)
@given(VALUES, VALUES)
def test_categories_are_what_they_say(ours: list[str], theirs: list[str]) -> None:
    """Each with both its shares; the rare ones together as None."""
    current, baseline = Counter(ours), Counter(theirs)
    table = cells(current, baseline)
    found = cells_that_moved(table)
    single = {value for value in table.labels if value is not None}
    for one in found:
        named = {one["value"]} if one["value"] is not None else set("abcdefgh") - single
        assert (
            sum(current[v] for v in named) / len(ours),
            sum(baseline[v] for v in named) / len(theirs),
        ) == pytest.approx((one["share"], one["baseline_share"]))
    total = sum(abs(one["share"] - one["baseline_share"]) for one in found) / 2
    assert total <= table.total_variation + 1e-12
    if len(table.labels) + any(table.few) <= 5:
        assert table.total_variation == pytest.approx(total)
