"""The demo's data: real flights in the shapes of SageMaker's files, the same bytes each time."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "demo_data.py"
CAPTURES = "captures/late-arrival/AllTraffic"
GROUND_TRUTH = "ground_truth/late-arrival"

Record = tuple[Path, dict[str, Any]]


def start(out: Path, **environment: str) -> subprocess.Popen[str]:
    """Starts the script for the three days around the bad deploy."""
    command = [sys.executable, str(SCRIPT), "--out", str(out)]
    command += ["--from", "2013-06-19", "--to", "2013-06-22"]
    return subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds, by processes that hash, count threads and read clocks differently."""
    first, second = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("again")
    builds = [
        start(first, PYTHONHASHSEED="1", TZ="UTC", OMP_NUM_THREADS="1"),
        start(second, PYTHONHASHSEED="2", TZ="Asia/Tokyo", OMP_NUM_THREADS="2"),
    ]
    for build in builds:
        build.communicate(timeout=120)
    assert [0, 0] == [build.returncode for build in builds]
    return first, second


@pytest.fixture(scope="module")
def demo(twice: tuple[Path, Path]) -> Path:
    """One of the two builds."""
    return twice[0]


@pytest.fixture(scope="module")
def captures(demo: Path) -> list[Record]:
    """Each captured record with its file."""
    return records(demo / CAPTURES)


def records(folder: Path) -> list[Record]:
    """Each JSON line below a folder with its file."""
    return [
        (path, json.loads(line))
        for path in sorted(folder.rglob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def hour_of(path: Path) -> datetime:
    """The UTC hour that a file's folders name."""
    return datetime.strptime("/".join(path.parts[-5:-1]) + " +0000", "%Y/%m/%d/%H %z")


def payload(record: dict[str, Any]) -> list[str]:
    """The fields of a captured request."""
    return next(csv.reader([record["captureData"]["endpointInput"]["data"]]))


def test_two_builds_have_the_same_bytes_and_times(twice: tuple[Path, Path]) -> None:
    """A run's inputs are digested by name, size and modification time."""

    def content(root: Path) -> dict[str, tuple[int, bytes]]:
        return {
            str(path.relative_to(root)): (int(path.stat().st_mtime), path.read_bytes())
            for path in root.rglob("*")
            if path.is_file() and path.name != "complete.json"
        }

    first, second = map(content, twice)
    assert 100 < len(first)
    assert first == second


def test_a_second_run_finds_the_data_there(demo: Path) -> None:
    """Work that is done is not done again."""
    again = start(demo)
    said, _ = again.communicate(timeout=60)
    assert "there already" in said


def test_training_is_the_first_quarter_with_its_labels(demo: Path) -> None:
    """Several files, rows in the order of time, a label in each row."""
    files = sorted(path.name for path in (demo / "training").iterdir())
    table = pq.read_table(demo / "training")
    assert ["2013-01.parquet", "2013-02.parquet", "2013-03.parquet"] == files
    assert ("scheduled", "late") == (table.column_names[0], table.column_names[-1])
    assert {0, 1} == set(table["late"].to_pylist())
    scheduled = table["scheduled"].to_pylist()
    assert sorted(scheduled) == scheduled
    assert datetime.fromisoformat("2013-01-01T10:15Z") == scheduled[0]


def test_the_model_is_better_than_chance_in_a_month_it_has_not_seen(demo: Path) -> None:
    """Of a late and a punctual flight of March, the late one mostly has the higher score."""
    march = pq.read_table(demo / "baseline_predictions")
    scored = sorted(zip(march["score"].to_pylist(), march["late"].to_pylist(), strict=True))
    late = sum(label for _, label in scored)
    ranks = sum(rank for rank, (_, label) in enumerate(scored, start=1) if label)
    area = (ranks - late * (late + 1) / 2) / (late * (len(scored) - late))
    assert datetime.fromisoformat("2013-03-01T10:00Z") == march["scheduled"][0].as_py()
    assert area > 0.65


def test_the_conf_names_the_payload_s_columns(demo: Path) -> None:
    """The inputs are training's columns in order, less the label and the time."""
    conf = yaml.safe_load((ROOT / "conf" / "flights.yaml").read_text(encoding="utf-8"))
    columns = pq.read_schema(demo / "training" / "2013-01.parquet").names
    dropped = {conf["training"]["time"], *conf["features"]["exclude"]}
    assert [name for name in columns if name not in dropped] == conf["captures"]["inputs"]


def test_a_capture_has_the_shape_of_a_real_endpoint_s(captures: list[Record]) -> None:
    """SageMaker's data capture: two texts and their encodings, an id, a time, a version."""
    for _, record in captures:
        assert ["captureData", "eventMetadata", "eventVersion"] == list(record)
        asked, answered = record["captureData"].values()
        assert ("INPUT", "CSV", "text/csv") == (
            asked["mode"],
            asked["encoding"],
            asked["observedContentType"],
        )
        assert ("OUTPUT", "CSV", "text/csv; charset=utf-8") == (
            answered["mode"],
            answered["encoding"],
            answered["observedContentType"],
        )
        assert 10 == len(payload(record))
        assert answered["data"].endswith("\n")
        assert 0 <= float(answered["data"]) <= 1
        assert UUID(record["eventMetadata"]["eventId"])
        assert "0" == record["eventVersion"]


def test_each_record_lies_in_the_hour_of_its_prediction(captures: list[Record]) -> None:
    """The three days are there from their first to their last hour with flights."""
    for path, record in captures:
        time = datetime.fromisoformat(record["eventMetadata"]["inferenceTime"])
        assert hour_of(path) <= time < hour_of(path) + timedelta(hours=1)
    days = Counter(hour_of(path).date().isoformat() for path, _ in captures)
    assert {"2013-06-19", "2013-06-20", "2013-06-21"} == set(days)
    assert min(days.values()) > 900


def test_integers_stay_integers_in_the_payload(captures: list[Record]) -> None:
    """Distance and minutes are written without a decimal point, the weather with one."""
    for _, record in captures:
        _, _, _, distance, departure, arrival, *weather = payload(record)
        assert all(text.isdigit() for text in (distance, departure, arrival))
        assert all(not text or "." in text for text in weather)


def test_distance_is_in_kilometres_on_the_bad_day_only(captures: list[Record]) -> None:
    """The longest flight is the one to Honolulu: 4,983 miles, 8,019 kilometres."""
    longest: dict[str, int] = {}
    for path, record in captures:
        day = hour_of(path).date().isoformat()
        longest[day] = max(longest.get(day, 0), int(payload(record)[3]))
    assert {"2013-06-19": 4983, "2013-06-20": 8019, "2013-06-21": 4983} == longest


def test_ground_truth_comes_a_day_later_for_what_arrived(
    demo: Path, captures: list[Record]
) -> None:
    """Its event id is the capture's inference id, and no flight has two labels."""
    predicted = {record["eventMetadata"]["inferenceId"]: hour_of(path) for path, record in captures}
    labels = records(demo / GROUND_TRUTH)
    assert len(captures) == len(predicted)
    assert 0 < len(labels) < len(captures)
    for path, record in labels:
        assert ["groundTruthData", "eventMetadata", "eventVersion"] == list(record)
        assert record["groundTruthData"] in (
            {"data": "0", "encoding": "CSV"},
            {"data": "1", "encoding": "CSV"},
        )
        one_day_before = hour_of(path) - timedelta(days=1)
        assert predicted.pop(record["eventMetadata"]["eventId"]) == one_day_before
