"""Status and clean of a monitor of model quality."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.e2e.quality_world import DAYS, VARIANTS, ground_truth, quality_world, told
from tests.e2e.world import DAY, START, put, tidegauge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import World

A_LONG_TIME = "36500d"


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


def test_merged_records_of_buckets_that_are_no_more_are_removed(made: World) -> None:
    """As where a window is run again by itself; files of other windows stay."""
    assert 0 == made.run("monitor").code
    before = keys(made, "merged_records/")
    stale = "merged_records/blue/2024/03/02/05/2024-03-02T0000Z_P1D-00007.jsonl"
    other = "merged_records/blue/2024/03/02/05/2024-03-03T0000Z_P1D-00007.jsonl"
    put(f"{made.store}/flights", {stale: b"{}\n", other: b"{}\n"})
    assert 0 == made.run("monitor", "--window", "2024-03-02/P1D").code
    assert before | {other} == keys(made, "merged_records/")
