"""The golden pair: what the real service made of a file, and what we make of the same file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.world import tidegauge, write_conf

CATEGORICAL = ("categorical_comparison_threshold", "categorical_drift_method")


@pytest.fixture(scope="module")
def golden() -> Path:
    """The folder of the pair."""
    named = os.environ.get("TIDEGAUGE_SAMPLES", "")
    folder = Path(named, "sdk_quality_check", "data_quality")
    if not named or not folder.is_dir():
        pytest.skip("TIDEGAUGE_SAMPLES names no folder with the service's files")
    return folder


def _made(golden: Path, folder: Path) -> Path:
    """Where our documents of the service's input lie."""
    training = {"uri": str(golden / "baseline_dataset.csv"), "format": "csv", "header": False}
    store = {"store": str(folder / "store"), "engine": "local"}
    conf = {"version": 1, "monitor": "golden", **store, "training": training}
    told = tidegauge("baseline", write_conf(folder, conf))
    assert told.code == 0, told
    (document,) = (folder / "store").rglob("statistics.json")
    return document.parent


def _same(theirs: Any, ours: Any, path: str) -> None:  # noqa: ANN401  (JSON)
    """Everything of theirs is in ours, number types included; sketches hold the same items."""
    if path.endswith(".sketch.data"):
        assert [sorted(level) for level in theirs] == [sorted(level) for level in ours], path
    elif isinstance(theirs, dict):
        for key, value in theirs.items():
            _same(value, ours[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert len(theirs) == len(ours), path
        for i, pair in enumerate(zip(theirs, ours, strict=True)):
            _same(*pair, f"{path}[{i}]")
    elif path.endswith(".std_dev"):
        # The service updates it row by row, which rounds otherwise: its first column ends in 891,
        # where the exact value ends in 892.
        assert theirs == pytest.approx(ours, rel=1e-15 * 4), path
    else:
        assert (path, type(theirs), theirs) == (path, type(ours), ours)


def test_every_number_of_the_statistics_is_the_services(golden: Path, tmp_path: Path) -> None:
    """Mean, sum, extremes, histograms and sketches to the last digit, std_dev but for that."""
    theirs = json.loads((golden / "statistics.json").read_text())
    ours = json.loads((_made(golden, tmp_path) / "statistics.json").read_text())

    _same(theirs, ours, "$")
    assert [set(f) - {"tidegauge"} for f in theirs["features"]] == [
        set(f) - {"tidegauge"} for f in ours["features"]
    ]


def test_the_suggested_constraints_are_the_services(golden: Path, tmp_path: Path) -> None:
    """But for the categorical options, which the service's file is too old for, and our key."""
    theirs = json.loads((golden / "good_cases" / "constraints.json").read_text())
    ours = json.loads((_made(golden, tmp_path) / "constraints.json").read_text())
    ours.pop("tidegauge", None)
    for feature in ours["features"]:
        feature.pop("tidegauge", None)
    for key in CATEGORICAL:
        del ours["monitoring_config"]["distribution_constraints"][key]

    assert theirs == ours
