"""`ground_truth.merged: none`: no id is kept beside an answer, and each window is joined once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from tests.e2e.quality_world import DAYS, answers, ground_truth, quality_world, run_key, told
from tests.e2e.world import DAY, START, put

from tidegauge.config.loading import load_conf
from tidegauge.flows.job import Job
from tidegauge.flows.quality import run_quality
from tidegauge.running import LocalEngine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import World

NONE = {"merged": "none"}
EARLY = [label for label in told() if label.time < START + 2.5 * DAY]
REST = [label for label in told() if label not in EARLY]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same world, whose merged rows are kept; nobody changes it."""
    made = quality_world(tmp_path_factory.mktemp("kept"))
    made.run("baseline")
    made.run("monitor")
    return made


@pytest.mark.parametrize("engine", ["local", "spark"])
def test_the_numbers_are_those_of_kept_rows(tmp_path: Path, kept: World, engine: str) -> None:
    """Statistics and constraints byte for byte, and no answer's id anywhere in the store."""
    made = quality_world(tmp_path, data=kept.data, truth=NONE, engine=engine)
    made.run("baseline")
    assert 0 == made.run("monitor").code
    theirs, ours = kept.stored(), made.stored()
    for variant in ("blue", "green", "_all"):
        for day in DAYS:
            key = run_key(variant, day, "statistics.json")
            assert theirs[key] == ours[key]
    names = {key.rpartition("/")[2] for key in ours if key.startswith("merged/")}
    assert {"_joined.json", "_profile-0000-00000.parquet"} == names
    ids = [answer.id.encode() for answer in answers()]
    assert any(ids[0] in data for data in theirs.values())
    assert not any(id_ in data for id_ in ids for data in ours.values())


def test_a_window_is_joined_when_its_wait_is_over(tmp_path: Path) -> None:
    """Nothing is read for it before, since nothing could be kept; then the next one follows."""
    made = quality_world(tmp_path, truth=NONE)
    made.run("baseline")
    job = Job(load_conf(made.conf), LocalEngine())

    def at(time: str) -> list[tuple[str, int]]:
        runs = run_quality(job, datetime.fromisoformat(f"2024-03-{time}+00:00"))
        return [(run.key.variant, run.key.window.start.day) for run in runs]

    assert [] == at("03T23:59")
    assert not any(key.startswith("merged/") for key in made.stored())
    assert [("blue", 1), ("green", 1), ("_all", 1)] == at("04T00:00")
    assert [("blue", 2), ("green", 2), ("_all", 2)] == at("05T00:00")


def test_labels_that_come_after_that_revise_nothing(tmp_path: Path) -> None:
    """Every byte stays, but where the window itself is asked for."""
    made = quality_world(tmp_path, EARLY, truth=NONE)
    made.run("baseline")
    made.run("monitor")
    before = made.stored()
    put(made.data, ground_truth(REST, "1.jsonl"))
    assert "nothing to do" in made.run("monitor").out
    assert before == made.stored()
    assert 0 == made.run("monitor", "--window", "2024-03-02T00:00Z/P1D").code
    assert 0.95 == made.document(run_key("blue", 2))["labels"]["coverage"]


def test_once_rows_are_kept_again_the_windows_of_before_stay(tmp_path: Path) -> None:
    """There is no row that a label could be joined with, and none to be folded by another plan."""
    made = quality_world(tmp_path, EARLY, truth=NONE)
    made.run("baseline")
    made.run("monitor")
    before = {k: v for k, v in made.stored().items() if k.startswith(("runs/", "merged/"))}
    put(made.data, ground_truth(REST, "1.jsonl"))
    changed = ("--set", "ground_truth.merged=parquet", "--set", "model_quality.threshold=0.9")
    made.run("baseline", *changed)
    assert 0 == made.run("monitor", *changed).code
    after = made.stored()
    assert before == {key: after[key] for key in before}
