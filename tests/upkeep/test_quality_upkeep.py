"""Status and clean of a monitor of model quality."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.quality_world import DAYS, VARIANTS, ground_truth, quality_world, run_key, told
from tests.e2e.world import DAY, START, put, tidegauge

from tidegauge.config.loading import load_conf
from tidegauge.flows.cleaning import clean
from tidegauge.flows.job import Job
from tidegauge.running import LocalEngine

if TYPE_CHECKING:
    from tests.e2e.world import Files, World

A_LONG_TIME = "36500d"
# Holds a monitor's labels, as a run that joins them does, until it is told to end.
HOLDER = """
import sys
from datetime import UTC, datetime
from tidegauge.config.loading import load_conf
from tidegauge.flows.claiming import claiming
from tidegauge.flows.job import Job
from tidegauge.running import LocalEngine

with claiming(Job(load_conf(sys.argv[1]), LocalEngine()), datetime.now(UTC)) as claimed:
    assert claimed.take_labels(asked=True)
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def made(tmp_path: Path) -> World:
    """A monitor with a baseline, whose labels have come until noon of the third of March."""
    early = [label for label in told() if label.time < START + 2.5 * DAY]
    world = quality_world(tmp_path, early, truth={"merged": "sagemaker"})
    assert 0 == world.run("baseline").code
    return world


def status(made: World, *arguments: str) -> str:
    """What the command says, on one line."""
    said = made.run("status", *arguments)
    assert 0 == said.code
    return " ".join(said.out.split())


def test_windows_that_should_have_been_evaluated_are_missed(made: World) -> None:
    """By their wait, until `monitor` has run; data quality, which the conf has not, is not told."""
    before = status(made)
    assert "4 missed windows" in before
    assert "model_quality │ 2024-03-02T00:00Z/P1D" in before
    assert "data_quality" not in before
    assert 0 == made.run("monitor").code
    after = status(made)
    assert "no missed windows of model quality" in after
    assert "wait for labels" not in after


def test_windows_that_wait_for_labels_tell_their_coverage(made: World) -> None:
    """As the last call of `monitor` has joined them, and the time from which they need not wait."""
    waits = ("--set", f"ground_truth.wait={A_LONG_TIME}")
    count = len(DAYS) * len(VARIANTS)
    assert f"{count} windows wait for labels" in status(made, *waits)
    assert "not joined" in status(made, *waits)

    assert "nothing to do" in made.run("monitor", *waits).out
    said = status(made, *waits)
    assert "no missed windows of model quality" in said
    assert re.search(r"2024-03-02T00:00Z/P1D │ blue │ 57 of 120 │ 47.5 % │ 2124-", said), said
    assert "2024-03-04T00:00Z/P1D │ green │ 0 of 120 │ 0.0 %" in said


def test_a_window_whose_coverage_is_reached_is_missed(made: World) -> None:
    """It is due, whatever its wait: `monitor` would evaluate it now."""
    waits = ("--set", f"ground_truth.wait={A_LONG_TIME}")
    assert 0 == made.run("monitor", *waits).code
    said = status(made, *waits, "--set", "ground_truth.coverage=0.9")
    assert "1 missed windows" in said
    assert f"{(len(DAYS) - 1) * len(VARIANTS)} windows wait for labels" in said


def test_what_cannot_be_told_has_its_reason(tmp_path: Path) -> None:
    """There is no baseline yet."""
    said = status(quality_world(tmp_path))
    assert "missed windows of model quality" in said
    assert "cannot be told, since" in said


def test_the_doctor_looks_at_labels_and_baseline(made: World) -> None:
    """As at captures; labels may come later, the baseline's answers must be there."""
    well = made.run("doctor")
    places = ["captures.uri", "ground_truth.uri", "model_quality.baseline.uri"]
    assert (0, places) == (
        well.code,
        [line[6:].split(":")[0] for line in well.out.splitlines() if ".uri:" in line],
    )
    early = made.run("doctor", "--set", f"ground_truth.uri={made.data}/nowhere")
    assert (0, True) == (early.code, "nothing is there yet" in early.out)
    ill = made.run("doctor", "--set", f"model_quality.baseline.uri={made.data}/nowhere")
    assert 4 == ill.code
    assert ["model_quality.baseline.uri"] == [
        line[6:].split(":")[0] for line in ill.out.splitlines() if line.startswith("FAULT")
    ]


def keys(made: World, *below: str) -> set[str]:
    """What the store has below some folders."""
    return {key for key in made.stored() if key.startswith(below)}


def test_retention_knows_runs_merged_rows_and_records_of_model_quality(made: World) -> None:
    """Each by the age of its kind; what went is not made again."""
    put(made.data, ground_truth([t for t in told() if t.time >= START + 2.5 * DAY], "1.jsonl"))
    for command in ("monitor", "report"):
        assert 0 == made.run(command).code
    assert keys(made, "merged_records/blue/2024/03/02/05/")

    of_rows = ("--set", "retention.merged=30d")
    assert 0 == tidegauge("clean", made.conf, *of_rows).code
    assert {"merged/type=model_quality/_labels.json"} == keys(made, "merged")
    assert "nothing to do" in made.run("monitor", *of_rows).out

    runs = keys(made, "runs/type=model_quality/variant=blue/")
    assert runs
    of_runs = (*of_rows, "--set", "retention.runs=30d")
    assert 0 == tidegauge("clean", made.conf, *of_runs).code
    assert not keys(made, "runs/type=model_quality/variant=blue/")
    assert "nothing to do" in made.run("monitor", *of_runs).out


def hours_read(made: World) -> set[str]:
    """The hours of labels that the store says were read."""
    return set(made.document("merged/type=model_quality/_labels.json")["groups"])


def cleaned(made: World, now: datetime, **ages: str) -> None:
    """What `clean` does at that time."""
    conf = load_conf(made.conf, [f"retention.{kind}={age}" for kind, age in ages.items()])
    clean(Job(conf, LocalEngine()), now, dry=False)


def rest() -> Files:
    """The files of the labels that have not come yet."""
    return ground_truth([t for t in told() if t.time >= START + 2.5 * DAY], "1.jsonl")


def test_labels_of_units_that_are_gone_are_forgotten(made: World) -> None:
    """With the next labels; those that units may still take are remembered, and not read again."""
    assert 0 == made.run("monitor").code
    early = hours_read(made)
    assert "2024-03-02T00Z" in early
    cleaned(made, START + 33 * DAY, merged="31d")  # the first two days have ended by then
    put(made.data, rest())
    assert 0 == made.run("monitor").code

    late = hours_read(made)
    assert {hour for hour in early if hour >= "2024-03-03"} < late
    assert "2024-03-03" <= min(late)
    assert "nothing to do" in made.run("monitor").out


def test_labels_that_are_there_no_more_are_forgotten(made: World) -> None:
    """What says which were read is no longer than the list of those that are there."""
    assert 0 == made.run("monitor").code
    gone = Path(made.data, "truth/2024/03/02/05")
    assert "2024-03-02T05Z" in hours_read(made)
    shutil.rmtree(gone)
    put(made.data, rest())
    assert 0 == made.run("monitor").code
    assert "2024-03-02T05Z" not in hours_read(made)


@pytest.mark.parametrize("profile", ["6h", "12h"])
def test_a_window_of_which_a_part_is_gone_takes_no_more_labels(
    tmp_path: Path, profile: str
) -> None:
    """It would be evaluated on the other part; one that is whole is revised."""
    early = [label for label in told() if label.time < START + 2.5 * DAY]
    made = quality_world(tmp_path, early, profile=profile)
    for command in ("baseline", "monitor"):
        assert 0 == made.run(command).code
    before = made.document(run_key("blue", 2))
    cleaned(made, START + 32.5 * DAY, merged="31d")  # the morning of the second has ended by then
    put(made.data, rest())
    assert 0 == made.run("monitor").code

    assert before == made.document(run_key("blue", 2))
    assert 1 == made.document(run_key("blue", 3))["labels"]["revision"]


def test_clean_leaves_the_labels_to_a_run_that_joins_them(made: World) -> None:
    """Their units and windows; what has nothing to do with them goes."""
    for command in ("monitor", "report"):
        assert 0 == made.run(command).code
    other = "rejected/type=model_quality/variant=blue/window=2024-03-02T0000Z_P1D/a.jsonl"
    put(f"{made.store}/flights", {other: b"{}"})
    ages = dict.fromkeys(("runs", "details", "merged", "rejected"), "30d")
    before = keys(made, "runs/", "merged")
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDER, made.conf], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with held:
        assert held.stdout is not None
        assert b"held\n" == held.stdout.readline()
        cleaned(made, datetime.now(UTC), **ages)
        assert (before, set()) == (keys(made, "runs/", "merged"), keys(made, "rejected/"))
        held.communicate(b"\n")
    cleaned(made, datetime.now(UTC), **ages)
    assert {"merged/type=model_quality/_labels.json"} == keys(made, "merged")


def test_merged_records_of_buckets_that_are_no_more_are_removed(made: World) -> None:
    """As where a window is run again by itself; files of other windows stay."""
    assert 0 == made.run("monitor").code
    before = keys(made, "merged_records/")
    stale = "merged_records/blue/2024/03/02/05/2024-03-02T0000Z_P1D-00007.jsonl"
    other = "merged_records/blue/2024/03/02/05/2024-03-03T0000Z_P1D-00007.jsonl"
    put(f"{made.store}/flights", {stale: b"{}\n", other: b"{}\n"})
    assert 0 == made.run("monitor", "--window", "2024-03-02/P1D").code
    assert before | {other} == keys(made, "merged_records/")
