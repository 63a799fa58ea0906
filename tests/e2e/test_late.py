"""Captures that come late: their windows are run again, and what is merged from them follows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import (
    CAPTURED,
    World,
    capture_file,
    conf_of,
    day_rows,
    hour_key,
    parquet_file,
    put,
    rows,
    run_key,
    world,
    write_conf,
)

if TYPE_CHECKING:
    from tests.e2e.world import Files

ALWAYS = ("--set", "late=9999d")


def windows(made: World) -> dict[str, tuple[int, int]]:
    """By run, its files and rows."""
    found = {}
    for key, data in made.stored().items():
        if key.startswith("runs/") and key.endswith("/run.json"):
            record = json.loads(data)
            day = int(record["window"][8:10])
            found[f"{record['variant']} {day}"] = (
                record["inputs"]["files"],
                record["counts"]["rows"],
            )
    return found


def late_file(day: int, variant: str = "blue") -> Files:
    """One more file of an hour that has been run."""
    return {hour_key(variant, day, 17, "1.jsonl"): capture_file(rows(day, 10), day, 17)}


def test_a_window_whose_captures_came_late_is_run_again(fresh: World) -> None:
    """It alone, and the run over all variants; a third call has nothing to do."""
    put(fresh.data, {})
    assert 0 == fresh.run("monitor", *ALWAYS).code
    before = fresh.stored()
    assert fresh.run("monitor", *ALWAYS).out.startswith("no complete window is waiting")
    assert before == fresh.stored()

    put(fresh.data, late_file(4))
    assert fresh.run("monitor", *ALWAYS).out.startswith("2 windows checked")
    after = windows(fresh)
    assert ((3, 70), (2, 60), (5, 130)) == (after["blue 4"], after["green 4"], after["_all 4"])
    changed = {key for key, data in fresh.stored().items() if before.get(key) != data}
    assert {"blue", "_all"} == {key.split("/")[2].removeprefix("variant=") for key in changed}
    assert {"window=2024-03-04T0000Z_P1D"} == {key.split("/")[3] for key in changed}
    assert fresh.run("monitor", *ALWAYS).out.startswith("no complete window is waiting")


def test_an_empty_window_is_run_again_when_its_captures_come(fresh: World) -> None:
    """It was recorded as empty; now it has rows."""
    fresh.run("monitor", *ALWAYS)
    assert (0, 0) == windows(fresh)["blue 3"]
    put(fresh.data, late_file(3))
    fresh.run("monitor", *ALWAYS)
    assert (1, 10) == windows(fresh)["blue 3"]


def test_captures_that_are_deleted_change_nothing(fresh: World) -> None:
    """Old captures go; what was found in them stays."""
    fresh.run("monitor", *ALWAYS)
    before = fresh.stored()
    for hour in (5, 17):
        Path(fresh.data, hour_key("green", 1, hour)).unlink()
    assert fresh.run("monitor", *ALWAYS).out.startswith("no complete window is waiting")
    assert before == fresh.stored()


@pytest.mark.parametrize("late", [(), ("--set", "late=never")])
def test_nobody_looks_at_windows_of_long_ago(fresh: World, late: tuple[str, ...]) -> None:
    """By default two days and a window: March 2024 is over."""
    fresh.run("monitor")
    put(fresh.data, late_file(4))
    assert fresh.run("monitor", *late).out.startswith("no complete window is waiting")
    assert (2, 60) == windows(fresh)["blue 4"]


def test_windows_that_overlap_follow_from_the_unit_that_changed(fresh: World) -> None:
    """Three days each day, profiled by the day: each window that has the day is run again."""
    overlapping = ("--set", "window=3d", "--set", "every=1d", "--set", "profile=1d", *ALWAYS)
    fresh.run("monitor", *overlapping)
    before = windows(fresh)
    put(fresh.data, late_file(2))
    told = fresh.run("monitor", *overlapping)
    after = windows(fresh)
    changed = {run for run in after if before[run] != after[run]}
    assert 0 == told.code
    assert {"blue 1", "blue 2", "_all 1", "_all 2"} == changed


def test_the_default_reaches_two_days_and_a_window_back(tmp_path: Path) -> None:
    """Captures of these days: three days ago is looked at again, four days ago is not."""
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    files = {}
    for ago in (1, 3, 5):
        day = today - timedelta(days=ago)
        files[f"captures/{day:%Y/%m/%d/%H}/a.parquet"] = parquet_file(rows(ago, 40))
    made = world(tmp_path)
    put(made.data, files)
    layout = {
        "uri": f"{made.data}/captures",
        "format": "parquet",
        "layout": "{yyyy}/{mm}/{dd}/{hh}",
    }
    conf = conf_of(made.data, made.store, captures=layout)
    made = World(made.data, made.store, write_conf(tmp_path, conf))
    for command in ("baseline", "monitor"):
        assert 0 == made.run(command).code

    for ago in (1, 3, 5):
        day = today - timedelta(days=ago)
        put(made.data, {f"captures/{day:%Y/%m/%d/%H}/b.parquet": parquet_file(rows(ago, 7))})
    told = made.run("monitor")
    assert told.out.startswith("2 windows checked")
    found = [json.loads(data)["counts"]["rows"] for key, data in sorted(made.stored().items())
             if key.startswith("runs/") and key.endswith("/run.json")]  # fmt: skip
    assert [40, 0, 47, 0, 47] == found


def test_a_clock_that_was_ahead_is_mended_by_the_next_run(fresh: World) -> None:
    """The window was run before its captures were complete; what came after is not lost."""
    morning = {key: data for key, data in _of_day_4(fresh).items() if "/05/" in key}
    evening = {key: data for key, data in _of_day_4(fresh).items() if "/17/" in key}
    for key in evening:
        Path(fresh.data, key).unlink()
    fresh.run("monitor", *ALWAYS)
    assert (len(morning), 60) == windows(fresh)["_all 4"]
    put(fresh.data, evening)
    fresh.run("monitor", *ALWAYS)
    assert (len(morning) + len(evening), 120) == windows(fresh)["_all 4"]


def test_a_variant_may_not_be_called_like_the_run_over_all(fresh: World) -> None:
    """Its runs would be mixed with those: exit 4, whether it is asked for or found."""
    put(fresh.data, {hour_key("_all", 4, 5): capture_file(day_rows("blue", 4, 5), 4, 5)})
    for arguments in ((), ("--window", "2024-03-04/P1D")):
        told = fresh.run("monitor", *arguments)
        assert (4, True) == (told.code, "have a variant named '_all'" in told.error)
    assert not [key for key in fresh.stored() if key.startswith("runs/")]
    assert run_key("_all", 4) not in fresh.stored()


def test_a_report_of_nothing_is_an_error_where_there_is_no_baseline_either(
    fresh: World, tmp_path: Path
) -> None:
    """A wrong place must not pass for a quiet one; a monitor without runs yet is fine."""
    told = fresh.run("report", "--set", f"store={tmp_path / 'elsewhere'}")
    assert (4, True) == (told.code, "neither a run nor a baseline" in told.error)
    assert 0 == fresh.run("report").code


def _of_day_4(made: World) -> Files:
    keys = [hour_key(v, 4, hour) for v in CAPTURED for hour in (5, 17)]
    return {key: Path(made.data, key).read_bytes() for key in keys}
