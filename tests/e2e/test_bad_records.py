"""Broken records, files and columns: counted, kept and named, and the rest goes on."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import (
    START,
    World,
    capture_file,
    capture_line,
    day_rows,
    hour_key,
    parquet_file,
    put,
    rows,
    run_key,
    strict_json,
    world,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR = hour_key("blue", 2, 5)
SOUND = capture_file(day_rows("blue", 2, 5), 2, 5)
WIDE = capture_line(("AA", 500.0, 150, "extra"), START + timedelta(days=1, hours=5)).encode()
BLUE_2 = ("--window", "2024-03-02/P1D", "--variant", "blue")
LAYOUT = {"format": "parquet", "layout": "{yyyy}/{mm}/{dd}"}


def rejected(made: World) -> list[Mapping[str, object]]:
    """Every record under rejected/."""
    return [
        strict_json(line)
        for key, data in sorted(made.stored().items())
        if key.startswith("rejected/")
        for line in data.splitlines()
    ]


def test_broken_records_are_kept_and_the_rest_goes_on(fresh: World) -> None:
    """Counted in run.json; under rejected/ with file, line, reason, and the record as it was."""
    put(fresh.data, {HOUR: b"{broken\n" + SOUND + WIDE + b"[1]\n"})
    told = fresh.run("monitor", *BLUE_2, "--set", "max_rejected=0.1")
    record = fresh.document(run_key("blue", 2))

    assert (0, "Completed") == (told.code, record["status"])
    assert (63, 3, 60) == tuple(record["counts"][k] for k in ("records", "rejected", "rows"))
    found = rejected(fresh)
    assert [1, 32, 33] == [entry["line"] for entry in found]
    assert {"blue/2024/03/02/05/0.jsonl"} == {entry["file"] for entry in found}
    assert "it is not JSON" in str(found[0]["reason"])
    assert "endpointInput: a row of it has 4 columns: expected 3" == found[1]["reason"]
    assert ("{broken", json.loads(WIDE)) == (
        found[0]["record"],
        json.loads(str(found[1]["record"])),
    )
    assert {f"rejected/{run_key('blue', 2, '').removeprefix('runs/')}".rstrip("/")} == {
        key.rpartition("/")[0] for key in fresh.stored() if key.startswith("rejected/")
    }


def test_mended_records_leave_nothing_under_rejected(fresh: World) -> None:
    """Running the window again takes back what the first run had kept."""
    put(fresh.data, {HOUR: b"{broken\n" + SOUND})
    fresh.run("monitor", *BLUE_2, "--set", "max_rejected=0.1")
    assert 1 == len(rejected(fresh))
    put(fresh.data, {HOUR: SOUND})
    fresh.run("monitor", *BLUE_2)

    assert [] == rejected(fresh)


def test_too_many_broken_records_fail_their_window_only(fresh: World) -> None:
    """Failed with the first reasons, exit 4; the others run; the next call tries it again."""
    put(fresh.data, {HOUR: b"{broken\n" + SOUND})
    told = fresh.run("monitor")
    record = fresh.document(run_key("blue", 2))

    assert (4, True) == (told.code, "12 windows checked: 2 with violations, 2 failed" in told.out)
    assert ("Failed", {}) == (record["status"], record["documents"])
    assert (61, 1) == (record["counts"]["records"], record["counts"]["rejected"])
    for words in (
        "1 of 61 records could not be read",
        "more than max_rejected allows (1.0%)",
        f"kept under {fresh.store}/flights/rejected/",
        "blue/2024/03/02/05/0.jsonl:1: it is not JSON",
    ):
        assert words in record["reason"]
        assert words in told.messages("error")[0]
        assert words in fresh.document(run_key("_all", 2))["reason"]
    for key in (key for key in fresh.stored() if key.startswith("rejected/")):
        assert f"kept under {fresh.store}/flights/{key.rpartition('/')[0]}." in record["reason"]
    assert "Completed" == fresh.document(run_key("green", 2))["status"]
    failed = {key for key in fresh.stored() if key.startswith(run_key("blue", 2, ""))}
    assert {run_key("blue", 2)} == failed

    assert fresh.run("monitor").out.startswith("2 windows checked: 0 with violations, 2 failed")
    put(fresh.data, {HOUR: SOUND})
    again = fresh.run("monitor")
    assert (0, True) == (again.code, again.out.startswith("2 windows checked"))
    assert ("Completed", 60) == (
        fresh.document(run_key("blue", 2))["status"],
        fresh.document(run_key("_all", 2))["counts"]["rows"],
    )
    assert [] == rejected(fresh)


def test_a_window_in_which_nothing_could_be_read_is_not_empty(fresh: World) -> None:
    """Had the conf allowed it: the reason is not that there were no captures."""
    put(fresh.data, {HOUR: b"{broken\n", hour_key("blue", 2, 17): b""})
    told = fresh.run("monitor", *BLUE_2, "--set", "max_rejected=1")
    record = fresh.document(run_key("blue", 2))

    assert (0, "Completed", "no rows in this window") == (
        told.code,
        record["status"],
        record["reason"],
    )


def test_a_failed_run_is_in_the_report_as_such(fresh: World) -> None:
    """It has no violations, and is not passed over in silence."""
    put(fresh.data, {HOUR: b"{broken\n"})
    fresh.run("monitor", *BLUE_2)
    told = fresh.run("report")

    assert (0, True) == (told.code, "1 runs (1 Failed), 0 partition files" in told.out)


@pytest.mark.parametrize(
    ("key", "content"),
    [
        (hour_key("blue", 2, 5, "0.jsonl.gz"), b"no gzip at all"),
        (hour_key("blue", 2, 5, "0.jsonl.gz"), gzip.compress(SOUND)[:-20]),
    ],
    ids=["not gzip", "cut gzip"],
)
def test_a_broken_compressed_file_fails_its_window(fresh: World, key: str, content: bytes) -> None:
    """The file is named; the other windows run."""
    put(fresh.data, {key: content})
    told = fresh.run("monitor", "--variant", "blue")

    assert (4, True) == (told.code, "4 windows checked: 0 with violations, 1 failed" in told.out)
    assert f"{fresh.data}/{key} cannot be read" in fresh.document(run_key("blue", 2))["reason"]


def test_a_truncated_parquet_file_fails_its_window(fresh: World, tmp_path: Path) -> None:
    """Captures in Parquet: the file is named, the days before and after run."""
    whole = parquet_file(rows(3, 60))
    files = {f"captures/2024/03/0{day}/a.parquet": whole for day in (1, 2, 3)}
    put(str(tmp_path / "pq"), files | {"captures/2024/03/02/b.parquet": whole[:400]})
    settings = captured_at(tmp_path / "pq/captures")
    told = fresh.run("monitor", *settings)

    assert (4, True) == (told.code, "3 windows checked: 0 with violations, 1 failed" in told.out)
    assert "2024/03/02/b.parquet cannot be read" in told.error
    Path(tmp_path, "pq/captures/2024/03/02/b.parquet").unlink()
    assert "1 windows checked: 0 with violations, 0 failed" in fresh.run("monitor", *settings).out


def captured_at(folder: Path) -> tuple[str, ...]:
    """The overrides for Parquet captures by day in this folder."""
    captured = json.dumps({"uri": str(folder), **LAYOUT})
    return ("--set", f"captures={captured}")


def test_a_truncated_training_file_is_unreadable_input(fresh: World) -> None:
    """No new baseline is pinned, and the file is named."""
    pinned = fresh.document("baseline/current.json")
    put(fresh.data, {"training/part-1.parquet": parquet_file(rows(1, 30))[:300]})
    told = fresh.run("baseline")

    assert (4, True) == (told.code, "training/part-1.parquet cannot be read" in told.error)
    assert pinned == fresh.document("baseline/current.json")


def test_broken_training_rows_are_kept_and_counted(data: str, tmp_path: Path) -> None:
    """CSV: one in a hundred is allowed, two are not; the first reasons are told."""
    good = "".join(f"{r['carrier']},{r['miles']},{r['seats']}\n" for r in rows(1, 199))
    text = f"carrier,miles,seats\n{good}AA,1\n"
    training = {"uri": f"{tmp_path}/csv/t.csv", "format": "csv"}
    made = world(tmp_path, data, training=training, features={"exclude": []})
    put(str(tmp_path / "csv"), {"t.csv": text.encode()})

    assert 0 == made.run("baseline").code
    assert [("t.csv", 201, "the row has 2 columns: expected 3", "AA,1")] == [
        (r["file"], r["line"], r["reason"], r["record"]) for r in rejected(made)
    ]
    put(str(tmp_path / "csv"), {"t.csv": f"{text}B6,1\nDL,1\n".encode()})
    told = made.run("baseline")
    assert (4, True) == (told.code, "the training data: 3 of 202 records" in told.error)
    assert "t.csv:201: the row has 2 columns: expected 3" in told.error
    assert 3 == len(rejected(made))


def test_missing_and_unknown_columns_are_violations_that_name_them(
    fresh: World, tmp_path: Path
) -> None:
    """By name, not by count: one column too few and one too many."""
    renamed = [
        {"carrier": r["carrier"], "seats": r["seats"], "kilometres": r["miles"]}
        for r in rows(3, 60)
    ]
    put(str(tmp_path / "pq"), {"captures/2024/03/01/a.parquet": parquet_file(renamed)})
    told = fresh.run("monitor", *captured_at(tmp_path / "pq/captures"))
    document = fresh.document(run_key("AllTraffic", 1, "constraint_violations.json"))
    found = {v["feature_name"]: v for v in document["violations"]}

    assert 0 == told.code
    assert {"miles": "missing_column_check", "kilometres": "extra_column_check"} == {
        name: v["constraint_check_type"] for name, v in found.items()
    }
    assert found["miles"]["description"].endswith("The column 'miles' is missing.")
    assert found["kilometres"]["description"].endswith("The column 'kilometres' is extra.")
