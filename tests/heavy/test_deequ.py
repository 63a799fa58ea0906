"""Deequ's analyzers answer as Spark SQL does, and leave no server and no process behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.world import program, run_key, world
from tests.heavy.deequ_differences import DIFFERENCES, numbers_of, same
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


def _environment() -> dict[str, str]:
    """Where the jar is kept, and the tests' modules are found."""
    return os.environ | {
        "PYSPARK_SUBMIT_ARGS": f"--conf spark.jars.ivy={ROOT / 'build' / 'ivy'} pyspark-shell",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }


def _answers(paths: list[Path]) -> Iterator[dict[str, Any]]:
    environment = _environment()
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


@pytest.fixture(scope="module")
def stated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The statistics of every table of the engines' cases, ours and Deequ's."""
    path = tmp_path_factory.mktemp("deequ") / "stated.json"
    script = ROOT / "tests" / "heavy" / "deequ_statistics.py"
    command = [sys.executable, str(script), str(path)]
    subprocess.run(command, env=_environment(), check=True, timeout=900)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_difference_between_the_engines_is_known_and_has_a_reason(
    stated: dict[str, Any],
) -> None:
    """Over every type; a reason that explains nothing any more is to be removed."""
    unexplained, used = [], set()
    for case, told in stated.items():
        theirs = {f["name"]: f for f in told.get("deequ", {}).get("features", ())}
        for ours in told["ours"]["features"]:
            other = theirs.get(ours["name"])
            if other is None:
                continue  # a column that could not be profiled, or a table that Deequ gave up
            mine, its = numbers_of(ours), numbers_of(other)
            for field in mine:
                if same(mine[field], its[field]):
                    continue
                reasons = [
                    d.reason for d in DIFFERENCES
                    if field in d.fields and d.applies(case, ours, other)
                ]  # fmt: skip
                used.update(reasons[:1])
                if not reasons:
                    unexplained.append((case, ours["name"], field, mine[field], its[field]))

    assert [] == unexplained
    assert {difference.reason for difference in DIFFERENCES} == used


def test_tables_that_deequ_gives_up_are_known(stated: dict[str, Any]) -> None:
    """No rows are no state to it; the jobs do not ask it of empty windows."""
    assert {"no rows"} == {case for case, told in stated.items() if "failed" in told}


def test_the_jobs_write_the_same_documents_by_deequ(tmp_path: Path) -> None:
    """Baseline and monitor with engine: deequ; the planted kilometres are found as well."""
    made = world(tmp_path, engine="deequ")
    environment = _environment()
    for job in ("baseline", "monitor"):
        told = program(job, made.conf, **environment)
        assert told.code == 0, told.err

    pinned = made.document("baseline/current.json")["baseline"]
    statistics = made.document(f"baseline/{pinned}/data_quality/statistics.json")
    found = made.document(run_key("green", 4, "constraint_violations.json"))["violations"]
    assert {"engine": "deequ"} == statistics["tidegauge"]
    assert ("miles", "baseline_drift_check") in {
        (v["feature_name"], v["constraint_check_type"]) for v in found
    }
    kept = {key.rpartition("/")[2] for key in made.stored() if f"baseline/{pinned}" in key}
    assert "profile.parquet" not in kept
