"""Seasons: days have weekdays, shorter windows their time of day, longer ones nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.model.seasons import season_of, seasons_of
from tidegauge.model.window import Window

TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PARTS = st.sampled_from([1, 5, 15, 30, 60, 120, 360, 720]).map(lambda m: timedelta(minutes=m))


@given(TIMES)
def test_a_day_has_the_name_of_its_weekday(time: datetime) -> None:
    """As the calendar has it."""
    day = Window.containing(time, timedelta(days=1))
    season = season_of(day)
    assert season is not None
    assert f"{time:%A}" == seasons_of(day.duration)[season]


@given(TIMES, PARTS)
def test_a_part_of_a_day_has_the_time_at_which_it_starts(time: datetime, part: timedelta) -> None:
    """Today's and tomorrow's are of one season."""
    window = Window.containing(time, part)
    season = season_of(window)
    assert season is not None
    assert f"{window.start:%H:%M}Z" == seasons_of(part)[season]
    assert season == season_of(Window(window.start + timedelta(days=1), part))
    assert timedelta(days=1) == len(seasons_of(part)) * part


@pytest.mark.parametrize("duration", [timedelta(hours=7), timedelta(days=7), timedelta(minutes=50)])
def test_other_windows_have_no_season(duration: timedelta) -> None:
    """Those that do not divide a day start at another time each day."""
    assert () == seasons_of(duration)
    assert season_of(Window.containing(datetime(2024, 3, 1, tzinfo=UTC), duration)) is None
