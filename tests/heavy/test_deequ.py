"""Deequ's analyzers answer as Spark SQL does, and leave no server and no process behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.packs.row_cases import CASES, FAILS_LATE
from tests.packs.test_rows import check

from tidegauge.rules.packs.measure import Measured
from tidegauge.rules.packs.rows import Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
JOBS = 2


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two processes at once were answered; both have ended by themselves."""
    folder = tmp_path_factory.mktemp("deequ")
    return list(_answers([folder / f"{job}.json" for job in range(JOBS)]))


def _answers(paths: list[Path]) -> Iterator[dict[str, Any]]:
    jars = f"--conf spark.jars.ivy={ROOT / 'build' / 'ivy'} pyspark-shell"
    environment = os.environ | {
        "PYSPARK_SUBMIT_ARGS": jars,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    script = ROOT / "tests" / "heavy" / "deequ_rows.py"
    # The first fetches the jar alone: Ivy's cache is no place for two at once.
    warm = "from tidegauge.session import start; start('local[1]', deequ=True)"
    subprocess.run([sys.executable, "-c", warm], env=environment, check=True, timeout=300)
    jobs = [
        subprocess.Popen([sys.executable, str(script), str(path)], env=environment)
        for path in paths
    ]
    for job, path in zip(jobs, paths, strict=True):
        assert job.wait(timeout=300) == 0
        yield json.loads(path.read_text(encoding="utf-8"))


def test_deequ_is_there_and_no_callback_server_is_left(told: list[dict[str, Any]]) -> None:
    """Two jobs on one host do not collide, since neither opens a port of Python's."""
    assert [("", False)] * JOBS == [(job["missing"], job["callback_server"]) for job in told]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: CASES[i].rule)
def test_deequ_answers_as_counted_by_hand(number: int, told: list[dict[str, Any]]) -> None:
    """The table of cases that Spark SQL is held to, sound and unsound rules together."""
    for job in told:
        check(CASES[number], _answer(job["answers"]["0"][str(number)]))


def test_a_rule_that_fails_while_it_runs_leaves_the_others_whole(
    told: list[dict[str, Any]],
) -> None:
    """It was asked in the same run as all the others."""
    found = _answer(told[0]["answers"]["0"][str(len(CASES))])

    assert isinstance(found, Unanswered)
    assert FAILS_LATE.reason in found.reason


def _answer(found: dict[str, Any]) -> Measured | Unanswered:
    return Unanswered(**found) if "reason" in found else Measured(**found)
