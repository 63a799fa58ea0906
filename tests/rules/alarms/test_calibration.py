"""Calibration of features by blocks, and when windows are compared with their own season."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from tests.rules.alarms.made import at_once, blocks, coarse, profiled, trial

from tidegauge.model.seasons import seasons_of
from tidegauge.profile.grid import grids
from tidegauge.rules.alarms import shifts
from tidegauge.rules.alarms.calibration import Calibration, calibrate
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.listed import OTHERS

WEEKDAYS = seasons_of(timedelta(days=1))
WEEKS, ROWS = 9, 150


def day(
    rng: np.random.Generator,
    weekday: int,
    swing: float = 0.0,
    weekly: float = 0.0,
    rows: int = ROWS,
) -> pa.Table:
    """The rows of one day; `swing` is how much days differ, `weekly` how much weekends do."""
    moved = swing * rng.standard_normal() + weekly * (weekday >= 5)
    p = 1 / (1 + np.exp(-moved))
    many = np.floor(rng.pareto(1.0, rows) * 2).astype(int)
    names = np.where(rng.random(rows) < p, "x", "y")
    return pa.table(
        {
            "number": rng.normal(moved, 1, rows),
            "flag": (rng.random(rows) < p).astype(int),
            "text": rng.choice(["a", "b", "c"], rows, p=[p / 2, p / 2, 1 - p]),
            "many": [f"{n}{i}" for n, i in zip(names, many, strict=True)],
            "calm": rng.random(rows),
            "gaps": pa.array(rng.random(rows), mask=rng.random(rows) < 0.1 * p),
        }
    )


@cache
def calibrated(
    weeks: int = WEEKS, *, swing: float = 0.0, weekly: float = 0.0, seed: int = 1
) -> Calibration:
    """The calibration by so many weeks of days."""
    rng = np.random.default_rng(seed)
    days = [i % 7 for i in range(7 * weeks)]
    tables = [day(rng, weekday, swing, weekly) for weekday in days]
    baseline, found = blocks(tables, days)
    return calibrate(found, baseline, "P1D", WEEKDAYS)


SWINGING = ("number", "flag", "text", "many")


def test_weekdays_that_differ_are_compared_with_their_like() -> None:
    """Numbers, few numbers, texts and very many texts; what is calm all week is not."""
    found = calibrated(weekly=2.0)
    assert () == found.notes
    assert {True} == {set(range(7)) == set(found.features[name].seasons) for name in SWINGING}
    assert {} == found.features["calm"].seasons
    for name in SWINGING:
        season = found.features[name].seasonal(5)
        whole = found.features[name].drift
        assert season is not None
        assert "Saturday" == season.name
        assert isinstance(whole, DesignEffect)
        assert isinstance(season.effect, DesignEffect)
        assert season.effect.estimate < whole.estimate / 3
        assert 7 * (WEEKS - 1) + 1 == season.effect.blocks
        assert WEEKS * ROWS == season.sketch.weight + sum(season.counts.values())


@pytest.mark.parametrize("swing", [0.0, 0.5])
def test_days_that_differ_by_chance_are_all_compared_with_the_whole(swing: float) -> None:
    """No season explains them."""
    found = calibrated(swing=swing)
    assert {0} == {len(feature.seasons) for feature in found.features.values()}
    assert WEEKDAYS == found.seasons


def test_a_swing_is_seen_in_what_swings_and_not_in_what_is_calm() -> None:
    """Drift by the values, missing by the gaps."""
    effects = calibrated(swing=1.0).features
    for name in SWINGING:
        drift = effects[name].drift
        assert isinstance(drift, DesignEffect)
        assert drift.estimate > 3
    calm, gaps = effects["calm"], effects["gaps"].missing
    assert isinstance(calm.drift, DesignEffect)
    assert 0.7 < calm.drift.estimate < 1.4
    assert isinstance(gaps, DesignEffect)
    assert gaps.estimate > 1.3
    assert Uncalibrated("the share is 0 in every block") == calm.missing


def test_too_few_blocks_are_said() -> None:
    """One week calibrates nothing, eight blocks something, and seasons take eight of each."""
    assert "not calibrated: 7 blocks of P1D" in calibrated(1).notes[0]
    assert {Uncalibrated} == {type(f.drift) for f in calibrated(1).features.values()}
    (note,) = calibrated(7, weekly=2.0).notes
    assert note.startswith("not seasonal: 7 blocks of Monday, and at least 8")
    assert () == calibrated(7, weekly=2.0).seasons
    assert {0} == {len(f.seasons) for f in calibrated(7, weekly=2.0).features.values()}


def test_the_whole_week_is_told_by_its_rarest_day() -> None:
    """A Sunday is missing among nine weeks but one."""
    rng = np.random.default_rng(1)
    days = [i % 7 for i in range(7 * WEEKS) if i not in (6, 13)]
    baseline, found = blocks([day(rng, weekday) for weekday in days], days)
    (note,) = calibrate(found, baseline, "P1D", WEEKDAYS).notes
    assert note.startswith("not seasonal: 7 blocks of Sunday")


def test_without_blocks_nothing_is_calibrated() -> None:
    """A baseline whose data lie in one window, which its ends cut off."""
    baseline, _ = blocks([day(np.random.default_rng(1), 0)])
    found = calibrate((), baseline, "P1D", WEEKDAYS)
    assert "not calibrated: 0 blocks" in found.notes[0]
    assert (0, 0) == (len(found.blocks), len(found.rows))


def test_a_feature_that_some_blocks_lack_is_calibrated_by_the_others() -> None:
    """A column that came late is absent from the first blocks."""
    rng = np.random.default_rng(1)
    tables = [pa.table({"late": rng.random(50)}) for _ in range(20)]
    baseline, found = blocks(tables)
    lacking = tuple(
        type(b)(b.key, None, type(b.statistics)(50)) if i < 8 else b for i, b in enumerate(found)
    )
    drift = calibrate(lacking, baseline, "P1D", ()).features["late"].drift
    assert isinstance(drift, DesignEffect)
    assert 12 == drift.blocks


def test_values_of_one_block_only_tell_of_new_ones() -> None:
    """Each day has a value of its own in a tenth of its rows, and so will the next."""
    tables = [pa.table({"id": ["a"] * 90 + [f"day {i}"] * 10}) for i in range(20)]
    baseline, found = blocks(tables)
    share = calibrate(found, baseline, "P1D", ()).features["id"].novelty
    assert share is not None
    assert (200, 2000) == (share.bad, share.rows)


def test_values_that_other_rows_have_are_not_new() -> None:
    """The baseline's first and last day are no blocks, but what they had is known."""
    tables = [pa.table({"id": ["a"] * 90 + [f"day {i // 2}"] * 10}) for i in range(40)]
    baseline, found = blocks(tables)
    even = found[::2]
    assert calibrate(even, baseline, "P1D", ()).features["id"].novelty is None


@pytest.mark.parametrize("name", SWINGING)
def test_a_window_like_its_season_is_no_drift_and_one_of_another_is(name: str) -> None:
    """A Saturday against Saturdays, and one that is like a Monday; ten times as many rows."""
    rng = np.random.default_rng(5)
    days = [i % 7 for i in range(7 * 12)]
    tables = [day(rng, weekday, weekly=3.0).select([name]) for weekday in days]
    baseline, found = blocks(tables, days)
    known = calibrate(found, baseline, "P1D", WEEKDAYS).features[name]
    shift = shifts.categorical_shift if name in {"text", "many"} else shifts.numeric_shift
    check = at_once(shift)
    verdicts = []
    for weekday in (5, 0):
        rows = day(rng, weekday, weekly=3.0, rows=ROWS * 10).select([name])
        window = profiled(rows).statistics()
        ours, theirs = window.feature(name), baseline.feature(name)
        assert ours is not None
        assert theirs is not None
        verdicts.append(check(ours, theirs, trial(calibration=known, season=5)).verdict)
    assert verdicts[0] != "violated"
    assert "violated" == verdicts[1]


def test_texts_beyond_the_grid_are_counted_as_others() -> None:
    """Of 400 values 128 have a cell; the seasons have all rows nevertheless."""
    rng = np.random.default_rng(1)
    tables = [pa.table({"id": [f"v{i}" for i in rng.integers(0, 400, 600)]}) for _ in range(3)]
    known = grids(profiled(pa.concat_tables(tables)).features)
    (found,) = coarse(tables[0], known).features
    assert found.text is not None
    assert found.text.categories is None
    assert found.detail is not None
    assert found.detail.frequent is not None
    assert 600 == found.detail.frequent.other + sum(n for _, n in found.detail.frequent.values)
    assert OTHERS not in dict(found.detail.frequent.values)
