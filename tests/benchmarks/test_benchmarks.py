"""The benchmarks run on tiny data, and no test looks at how long that takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"


def run(data: Path, *options: str) -> tuple[str, dict[str, Any]]:
    """The printed report and the raw results, by entry, of a run on 8 files of 250 rows."""
    numbers = data / "numbers.json"
    command = [sys.executable, str(FOLDER / "run.py"), "--rows", "2000", "--data", str(data)]
    command += ["--repeat", "1", "--json", str(numbers), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout + done.stderr
    results = json.loads(numbers.read_text(encoding="utf-8"))["results"]
    return done.stdout, {result["entry"]: result for result in results}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of this module keep their data."""
    return tmp_path_factory.mktemp("bench")


@pytest.fixture
def goals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, imported as the scripts in its folder do."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import goals

    return goals


def test_everybody_without_a_session_is_timed_first_and_warm(data: Path) -> None:
    """Ourselves and the peers on the same files, and the README's block around it."""
    report, found = run(data, "--only", "local,decode,duckdb,polars", "--warm", "1", "--readme")
    assert {"local", "decode", "duckdb", "polars"} == set(found)
    assert {""} == {result["not_measured"] for result in found.values()}
    assert {2} == {len(visit) for result in found.values() for visit in result["seconds"]}
    assert "| CPU of ours / of decoding alone | at most 3 times |" in report
    assert report.rstrip().endswith("<!-- benchmarks: end -->")


def test_labels_are_joined_by_us_and_by_scikit_learn(data: Path) -> None:
    """The same two folders; the goal needs Spark SQL, and is not judged without it."""
    report, found = run(data, "--suite", "quality", "--only", "join-local,join-sklearn")
    assert {"": 2} == Counter(result["not_measured"] for result in found.values())
    assert "| Spark SQL / ours, labels joined | at least 5 times | not measured | |" not in report


def test_a_goal_without_its_peer_is_not_measured(data: Path) -> None:
    """Spark alone: its time is there, and what it would be compared with is not made up."""
    report, found = run(data, "--only", "spark", "--warm", "0")
    assert "" == found["spark"]["not_measured"]
    assert "| DuckDB / ours | at least 4 times | not measured | |" in report


def test_our_times_by_size_are_judged(data: Path) -> None:
    """Events become states, and two kept profiles outcomes."""
    report, found = run(data, "--suite", "scaling", "--only", "events,drift", "--warm", "0")
    assert {"events", "events:JSON lists", "events:JSON objects", "drift"} == set(found)
    assert 2 == report.count("| reached |") + report.count("| **not reached** |")


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that cannot be installed is not measured, and never estimated."""
    monkeypatch.syspath_prepend(str(FOLDER))
    from contender import Contender, NotMeasured

    absent = Contender("x", "X", "nothing", ("no-such-package",), lambda _: lambda: None)
    with pytest.raises(NotMeasured, match="no-such-package is not installed"):
        absent.versions()


@pytest.mark.parametrize(
    ("sign", "reached"), [("at least", [False, True, True]), ("at most", [True, True, False])]
)
def test_a_goal_is_reached_at_its_bound(goals: ModuleType, sign: str, reached: list[bool]) -> None:
    """The bound itself is good enough, on either side."""
    goal = goals.Goal("a number", sign, 60, "times", (), float)
    assert reached == [goal.reached(value) for value in (59.9, 60.0, 60.1)]


def test_the_same_table_has_the_same_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Numbers of different days speak of the same data."""
    monkeypatch.syspath_prepend(str(FOLDER))
    from datasets import Table, ready

    table = Table(columns=31, files=2, rows_a_file=100)
    first, second = ready(table, tmp_path / "first"), ready(table, tmp_path / "second")
    files = [sorted(folder.iterdir()) for folder in (first, second)]
    assert ["part-000.parquet", "part-001.parquet"] == [file.name for file in files[0]]
    assert [f.read_bytes() for f in files[0]] == [f.read_bytes() for f in files[1]]
