"""Which windows are run: what is due, what is asked for, and what running again leaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.world import (
    World,
    capture_file,
    day_rows,
    hour_key,
    put,
    rows,
    run_key,
)

if TYPE_CHECKING:
    from tests.e2e.world import Travelled


def test_a_second_call_does_nothing(moved: World) -> None:
    """No window is waiting, so no file of the store is touched."""
    before = {path: path.stat().st_mtime_ns for path in Path(moved.store).rglob("*")}
    told = moved.run("monitor")

    assert (0, "no complete window is waiting: nothing to do\n") == (told.code, told.out)
    assert before == {path: path.stat().st_mtime_ns for path in Path(moved.store).rglob("*")}


def test_new_captures_make_only_their_windows_due(moved: World) -> None:
    """The windows that were run stay as they are; the new day of one variant is its own run."""
    before = moved.stored()
    put(moved.data, {hour_key("blue", 5, 3): capture_file(day_rows("blue", 5, 3), 5, 3)})
    told = moved.run("monitor")

    assert (0, True) == (told.code, told.out.startswith("1 windows checked: 0 with violations"))
    after = moved.stored()
    assert {run_key("blue", 5, "").rstrip("/")} == {
        key.rpartition("/")[0] for key in after.keys() - before.keys()
    }
    assert before == {key: after[key] for key in before}


def test_catching_up_may_be_bounded(travelled: Travelled, based: World) -> None:
    """Each call takes the oldest windows that wait, all variants of each, and says what is left."""
    bounded = ("--set", "max_catch_up=3")
    first = based.run("monitor", *bounded)

    done = {key.rpartition("window=")[2][:10] for key in based.stored() if "/window=" in key}
    assert {"2024-03-01", "2024-03-02", "2024-03-03"} == done
    assert ["4 windows wait, and max_catch_up is 3: the others are for the next calls"] == [
        message for message in first.messages("warning") if "max_catch_up" in message
    ]
    based.run("monitor", *bounded)
    based.run("report")
    assert travelled[0].stored() == based.stored()


def test_an_incomplete_window_is_not_due(based: World, tmp_path: Path) -> None:
    """It ends in the future: what is captured so far waits."""
    future = hour_key("blue", 1, 5).replace("2024", "2999")
    data = put(str(tmp_path / "future"), {future: capture_file(day_rows("blue", 1, 5), 1, 5)})
    before = based.stored()
    told = based.run("monitor", "--set", f"captures.uri={data}/captures")

    assert (0, "no complete window is waiting: nothing to do\n", "") == (
        told.code,
        told.out,
        told.err,
    )
    assert before == based.stored()


def test_a_long_silence_is_told_and_makes_no_windows_due(fresh: World) -> None:
    """One folder of a wrong year; windows that reach from the silence into captures are run."""
    stray = hour_key("blue", 1, 5).replace("2024", "1999")
    put(fresh.data, {stray: capture_file(day_rows("blue", 1, 5), 1, 5)})
    told = fresh.run("monitor", "--variant", "blue")
    (warning,) = (line for line in told.messages("warning") if "in between" in line)

    assert "no captures between 1999-03-01T05:00Z and 2024-03-01T05:00Z" in warning
    days = ["1999-03-01", *(f"2024-03-0{day}" for day in (1, 2, 3, 4))]
    assert days == ran(fresh)

    overlapping = ("--set", "window=3d", "--set", "profile=1d", "--set", "every=1d")
    fresh.run("monitor", "--variant", "blue", *overlapping)
    assert {"1999-03-01", "2024-02-28", "2024-02-29"} <= set(ran(fresh, "P3D"))
    assert 7 == len(ran(fresh, "P3D"))


def ran(made: World, duration: str = "P1D") -> list[str]:
    """The days on which the windows of this length begin that were run."""
    runs = (key.split("/")[-2] for key in made.stored() if key.endswith("/run.json"))
    names = (run.removeprefix("window=") for run in runs if run.startswith("window="))
    return sorted({name[:10] for name in names if name.endswith(duration)})


def test_running_a_window_again_gives_the_same_bytes(travelled: Travelled) -> None:
    """Every file of the store, run.json included; `--window` does not ask whether it was run."""
    made, _ = travelled
    before = made.stored()
    told = made.run("monitor", "--window", "2024-03-04T00:00Z/P1D")

    assert (0, True) == (told.code, told.out.startswith("3 windows checked: 2 with violations"))
    lines = {key for key in before if key.startswith("violations/")}
    assert {key: data for key, data in before.items() if key not in lines} == made.stored()
    assert 0 == made.run("report").code
    assert before == made.stored()


def test_running_again_removes_what_is_no_longer_found(moved: World) -> None:
    """The captures were mended: no violations file stays, and no line in a partition."""
    mended = {hour_key("green", 4, hour): capture_file(rows(hour, 30), 4, hour) for hour in (5, 17)}
    put(moved.data, mended)
    told = moved.run("monitor", "--window", "2024-03-04/P1D")

    assert (0, True) == (told.code, told.out.startswith("3 windows checked: 0 with violations"))
    assert [] == [key for key in moved.stored() if "violations" in key]
    assert "Completed" == moved.document(run_key("green", 4))["status"]


def test_a_window_may_start_anywhere_and_last_any_time(based: World) -> None:
    """Six hours from four o'clock: the records of the folders of those hours, and no others."""
    told = based.run("monitor", "--window", "2024-03-01T04:00Z/PT6H", "--variant", "blue")
    key = run_key("blue", 1).replace("T0000Z_P1D", "T0400Z_PT6H")

    assert (0, True) == (told.code, told.out.startswith("1 windows checked"))
    assert (30, 1) == (
        based.document(key)["counts"]["rows"],
        based.document(key)["inputs"]["files"],
    )
    assert {key} == {key for key in based.stored() if key.endswith("run.json") and "runs/" in key}


def test_a_window_may_cross_days(based: World) -> None:
    """Two days in one window: the profiles of its hours together."""
    assert 0 == based.run("monitor", "--window", "2024-03-01T12:00Z/P1DT12H").code
    key = run_key("_all", 1).replace("T0000Z_P1D", "T1200Z_P1DT12H")
    assert 120 == based.document(key)["counts"]["rows"]


def test_one_variant_only(based: World) -> None:
    """No other variant is run, nor the run over all; the next call takes up the rest."""
    told = based.run("monitor", "--variant", "blue")
    ran = {key for key in based.stored() if key.startswith("runs/")}

    assert (0, True) == (told.code, told.out.startswith("4 windows checked"))
    assert all("variant=blue/" in key for key in ran)
    assert based.run("monitor").out.startswith("8 windows checked: 2 with violations, 0 failed")


def test_one_variant_again_takes_back_the_run_over_all(moved: World) -> None:
    """It was merged from what is no longer so; the next call makes it anew."""
    put(moved.data, {hour_key("green", 4, h): capture_file(rows(h, 30), 4, h) for h in (5, 17)})
    told = moved.run("monitor", "--window", "2024-03-04/P1D", "--variant", "green")

    assert (0, True) == (told.code, told.out.startswith("1 windows checked: 0 with violations"))
    assert [] == [key for key in moved.stored() if key.startswith(run_key("_all", 4, ""))]
    told = moved.run("monitor")
    assert (0, True) == (told.code, told.out.startswith("1 windows checked: 0 with violations"))
    assert 120 == moved.document(run_key("_all", 4))["counts"]["rows"]


def test_the_order_of_the_calls_does_not_matter(travelled: Travelled, based: World) -> None:
    """Variant by variant, window by window, or all in one call: the same bytes."""
    based.run("monitor", "--variant", "green")
    based.run("monitor", "--window", "2024-03-02/P1D")
    based.run("monitor")
    based.run("report")

    assert travelled[0].stored() == based.stored()


def test_with_one_variant_there_is_no_run_over_all(based: World, tmp_path: Path) -> None:
    """It would be the same run under another name."""
    files = {hour_key("blue", 1, 5): capture_file(day_rows("blue", 1, 5), 1, 5)}
    data = put(str(tmp_path / "other"), files)
    based.run("monitor", "--set", f"captures.uri={data}/captures")

    assert {run_key("blue", 1)} == {
        key for key in based.stored() if key.startswith("runs/") and key.endswith("run.json")
    }


def test_set_overrides_the_conf(based: World) -> None:
    """Twelve-hour windows instead of days: eight from the first captured hour to the last."""
    told = based.run("monitor", "--set", "window=12h", "--variant", "blue")

    assert (0, True) == (told.code, told.out.startswith("8 windows checked"))
    assert any("window=2024-03-01T1200Z_PT12H" in key for key in based.stored())


def test_a_record_of_another_hour_is_counted_and_stays(fresh: World) -> None:
    """The folder decides; run.json has the number of records whose time says otherwise."""
    put(fresh.data, {hour_key("blue", 1, 5): capture_file(day_rows("blue", 1, 5), 2, 5)})
    fresh.run("monitor", "--window", "2024-03-01/P1D", "--variant", "blue")
    counts = fresh.document(run_key("blue", 1))["counts"]

    assert (60, 30) == (counts["rows"], counts["outside_hour"])


def test_on_violation_fail_is_exit_code_3(based: World) -> None:
    """Done, with violations: the documents are there as ever."""
    fails = ("--set", "on_violation=fail")

    assert 0 == based.run("monitor", "--window", "2024-03-01/P1D", *fails).code
    assert 3 == based.run("monitor", *fails).code
    assert "CompletedWithViolations" == based.document(run_key("green", 4))["status"]
    assert 0 == based.run("monitor", *fails).code, "nothing is due, so nothing is violated"
