"""Windows found by a column of the rows, and windows that are merged from kept units."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.e2e.world import (
    START,
    World,
    capture_file,
    day_rows,
    hour_key,
    parquet_file,
    put,
    rows,
    run_key,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tests.e2e.world import Row, Travelled

HOURLY = ("--set", "profile=1h", "--set", "max_rejected=0.5")
BLUE_2 = ("monitor", "--window", "2024-03-02/P1D", "--variant", "blue", *HOURLY)


def timed(times: list[datetime | None]) -> list[Row]:
    """A row for each of the times, under `at`."""
    return [row | {"at": at} for row, at in zip(rows(2, len(times)), times, strict=True)]


def by_time(data: str) -> tuple[str, ...]:
    """The overrides for captures whose rows tell their time."""
    captured = json.dumps({"uri": f"{data}/timed", "format": "parquet", "time": "at"})
    return ("--set", f"captures={captured}", "--set", "max_rejected=0.5")


def rejected(made: World) -> set[str]:
    """The folders below rejected/ that have records."""
    return {key.rpartition("/")[0] for key in made.stored() if key.startswith("rejected/")}


def test_rows_go_to_the_window_of_their_time(fresh: World) -> None:
    """One file for two days; a row without a time is kept with the window that counts it."""
    days = [START.replace(day=1 + i % 2, hour=23) for i in range(60)]
    put(fresh.data, {"timed/a.parquet": parquet_file(timed([None, *days[1:]]))})
    told = fresh.run("monitor", *by_time(fresh.data))
    counts = [fresh.document(run_key("AllTraffic", day))["counts"] for day in (1, 2)]

    assert (0, True) == (told.code, told.out.startswith("2 windows checked"))
    assert [(30, 29, 1), (30, 30, 0)] == [
        (count["records"], count["rows"], count["rejected"]) for count in counts
    ]
    run = run_key("AllTraffic", 1, "").removeprefix("runs/").rstrip("/")
    assert {f"rejected/{run}"} == rejected(fresh)
    assert fresh.run("monitor", *by_time(fresh.data)).out.startswith("no complete window")

    put(fresh.data, {"timed/a.parquet": parquet_file(timed(list(days)))})
    again = fresh.run("monitor", *by_time(fresh.data), "--window", "2024-03-01/P1D")
    assert (0, set()) == (again.code, rejected(fresh))


def test_a_window_of_units_is_the_window_itself(travelled: Travelled, based: World) -> None:
    """Hours are profiled and kept, days are merged from them: the same outcomes."""
    told = based.run("monitor", "--set", "profile=1h")

    assert (0, True) == (told.code, told.out.startswith("12 windows checked: 2 with violations"))
    for variant in ("_all", "blue", "green"):
        key = run_key(variant, 4, "outcomes.json")
        assert travelled[0].document(key) == based.document(key)
    before = based.stored()
    based.run("monitor", "--set", "profile=1h", "--window", "2024-03-04/P1D")
    assert before == based.stored()


def test_late_captures_make_their_unit_anew(fresh: World) -> None:
    """A record that was mended: its unit is read again, and nothing is left under rejected/."""
    good = capture_file(day_rows("blue", 2, 5), 2, 5)
    put(fresh.data, {hour_key("blue", 2, 5): good + b"{broken\n"})
    fresh.run(*BLUE_2)
    unit = run_key("blue", 2, "").replace("T0000Z_P1D", "T0500Z_PT1H").removeprefix("runs/")
    assert {f"rejected/{unit}".rstrip("/")} == rejected(fresh)
    kept = {key for key in fresh.stored() if key.startswith("profiles/")}
    assert 2 == len(kept)

    assert 0 == fresh.run(*BLUE_2).code
    assert 1 == fresh.document(run_key("blue", 2))["counts"]["rejected"]
    assert {f"rejected/{unit}".rstrip("/")} == rejected(fresh)

    put(fresh.data, {hour_key("blue", 2, 5): good})
    fresh.run(*BLUE_2)
    assert (0, set()) == (
        fresh.document(run_key("blue", 2))["counts"]["rejected"],
        rejected(fresh),
    )
    now = {key for key in fresh.stored() if key.startswith("profiles/")}
    assert (2, 1) == (len(now), len(now & kept))


def test_a_unit_is_read_again_when_it_is_read_otherwise(fresh: World) -> None:
    """A column that is excluded since: a kept profile that still has it does not count."""
    fresh.run(*BLUE_2)
    fresh.run(*BLUE_2, "--set", "features.exclude=[late, seats]")
    statistics = fresh.document(run_key("blue", 2, "statistics.json"))

    assert ["carrier", "miles", "score"] == [f["name"] for f in statistics["features"]]


def test_sliding_windows_read_each_unit_once(fresh: World) -> None:
    """Two days, each day: the units of the first window are kept, not those of their overlap."""
    sliding = ("--set", "window=2d", "--set", "every=1d", "--set", "profile=1d")
    told = fresh.run("monitor", *sliding, "--variant", "blue")

    assert (0, True) == (told.code, told.out.startswith("4 windows checked"))
    found = [fresh.document(run_key("blue", day).replace("P1D", "P2D")) for day in (1, 2, 3, 4)]
    assert [120, 60, 60, 60] == [record["counts"]["rows"] for record in found]
    assert 3 == sum(key.startswith("profiles/") for key in fresh.stored())
