"""Cleaning takes what is too old, by kind, and nothing that is still needed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.e2e.world import World, capture_file, hour_key, put, rows, run_key

from tidegauge.config.loading import load_conf
from tidegauge.flows.cleaning import clean
from tidegauge.flows.job import Job
from tidegauge.running import LocalEngine

if TYPE_CHECKING:
    from tidegauge.flows.cleaning import Removed

THE_FOURTH = "runs/type=data_quality/variant=green/window=2024-03-04"
LATER = datetime(2024, 4, 1, tzinfo=UTC)  # the last window ended on 5 March


def retain(made: World, **ages: str) -> None:
    """Put the section into the conf."""
    path = Path(made.conf)
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"retention": ages}))


def cleaned(made: World, *, dry: bool = False, now: datetime = LATER) -> dict[str, Removed]:
    """What was removed at that time, by kind."""
    done = clean(Job(load_conf(made.conf), LocalEngine()), now, dry=dry)
    return {removed.kind: removed for removed in done}


def days(made: World, variant: str) -> set[int]:
    """The days of March that have a committed run."""
    return {day for day in range(1, 10) if run_key(variant, day) in made.stored()}


@pytest.fixture
def calm(moved: World) -> World:
    """The drift of the fourth has ended on the fifth."""
    put(moved.data, {hour_key("green", 5, 3): capture_file(rows(7, 90), 5, 3)})
    put(moved.data, {hour_key("blue", 5, 3): capture_file(rows(8, 90), 5, 3)})
    moved.run("monitor")
    moved.run("report")
    return moved


def test_without_retention_everything_is_kept(moved: World) -> None:
    """And the command says so."""
    before = moved.stored()
    told = moved.run("clean")

    assert (0, "the conf has no `retention`: everything is kept\n") == (told.code, told.out)
    assert before == moved.stored()


def test_a_dry_run_says_what_would_go_and_touches_nothing(calm: World) -> None:
    """The same numbers as the real one, in whose listing they are then missing."""
    retain(calm, runs="28d", details="1d", rejected="1d")
    before = calm.stored()
    dry = cleaned(calm, dry=True)
    assert before == calm.stored()
    assert dry["runs"].files > 0

    assert dry == cleaned(calm)
    assert dict.fromkeys(dry, 0) == {k: one.files for k, one in cleaned(calm).items()}
    gone = before.keys() - calm.stored().keys()
    assert sum(len(before[key]) for key in gone if "/window=" in key) >= dry["runs"].bytes


def test_runs_that_an_open_incident_needs_stay(moved: World) -> None:
    """Those of its variant from its first window on; the others go with their violations."""
    stories = moved.document("report/data_quality/incidents.json")["incidents"]
    assert {"open"} == {s["status"] for s in stories if s["variant"] == "green"}
    retain(moved, runs="2d")
    cleaned(moved)

    assert ({4}, set()) == (days(moved, "green"), days(moved, "blue") - {4})
    moved.run("report")
    again = moved.document("report/data_quality/incidents.json")["incidents"]
    assert [s for s in stories if s["variant"] == "green"] == [
        s for s in again if s["variant"] == "green"
    ]


def test_an_open_incident_of_another_type_keeps_its_own_runs(calm: World) -> None:
    """Types have variants of the same names, and nothing else in common."""
    files = calm.stored()
    other = {
        key.replace("type=data_quality", "type=model_quality"): data
        for key, data in files.items()
        if key.startswith(("runs/type=data_quality/variant=green/window=2024-03-01", THE_FOURTH))
    }
    put(str(Path(calm.store, "flights")), other)
    retain(calm, runs="20d")
    cleaned(calm)

    assert {key for key in other if key.startswith(THE_FOURTH.replace("data", "model"))} == {
        key for key in calm.stored() if "type=model_quality" in key
    }
    assert set() == days(calm, "green")


def test_what_was_cleaned_away_is_not_run_again(calm: World) -> None:
    """The captures are still there, but their windows are over."""
    today = datetime.now(UTC)
    retain(calm, runs=f"{(today - datetime(2024, 3, 5, 12, tzinfo=UTC)).days}d")
    cleaned(calm, now=today)
    left = days(calm, "blue")
    assert left < {1, 2, 3, 4, 5}

    assert "nothing to do" in calm.run("monitor").out
    assert left == days(calm, "blue")


def test_details_go_and_the_report_is_as_before(calm: World) -> None:
    """Windows stay done: their records, statistics and violations are kept."""
    before = {key: data for key, data in calm.stored().items() if key.startswith("report/")}
    retain(calm, details="1d")
    removed = cleaned(calm)["details"]

    assert removed.files > 0
    left = {key.rpartition("/")[2] for key in calm.stored() if key.startswith("runs/")}
    assert {"run.json", "statistics.json", "constraint_violations.json"} == left
    assert "nothing to do" in calm.run("monitor").out
    calm.run("report")
    assert before == {k: data for k, data in calm.stored().items() if k.startswith("report/")}


def test_the_pinned_baseline_and_those_of_runs_stay(moved: World) -> None:
    """An old one that nobody was compared with goes."""
    root = Path(moved.store, "flights", "baseline")
    (pinned,) = (path.name for path in root.iterdir() if path.is_dir())
    for name, age in (("0ld", 40), ("y0ung", 1)):
        document = root / name / "data_quality" / "run.json"
        document.parent.mkdir(parents=True)
        document.write_text("{}")
        put_at = time.time() - age * 86400
        os.utime(document, (put_at, put_at))
    for path in (root / pinned).rglob("*.*"):
        os.utime(path, (0, 0))
    retain(moved, baselines="30d")
    cleaned(moved, now=datetime.now(UTC))

    assert {pinned, "y0ung"} == {
        key.split("/")[1]
        for key in moved.stored()
        if key.startswith("baseline/") and key.count("/") > 1
    }


def test_kept_profiles_and_rejected_records_go_by_their_windows(
    moved: World,
) -> None:
    """Each kind by its own age: the fourth of March ended 27 days before April."""
    retain(moved, profiles="28d", rejected="29d")
    for kind, name in (("profiles", "a.parquet"), ("rejected", "a.jsonl")):
        for day in (1, 3, 4):
            folder = f"{kind}/{run_key('blue', day, '').removeprefix('runs/').rstrip('/')}"
            put(str(Path(moved.store, "flights")), {f"{folder}/{name}": b"x"})
    cleaned(moved)

    def left(kind: str) -> set[str]:
        keys = (key for key in moved.stored() if key.startswith(f"{kind}/type"))
        return {key.split("window=")[1][8:10] for key in keys}

    assert ({"04"}, {"03", "04"}) == (left("profiles"), left("rejected"))
