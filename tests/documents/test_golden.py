"""The real service's files: read whole, and written again as they were."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tidegauge.documents import constraints, statistics, violations
from tidegauge.documents.text import dump, load

SAMPLES = Path(os.environ.get("TIDEGAUGE_SAMPLES", "no samples"))
QUALITY = SAMPLES / "sdk_quality_check/data_quality"
LEGACY = SAMPLES / "sdk_legacy_monitor"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="TIDEGAUGE_SAMPLES does not name the folder of real files"
)


def _load(path: Path) -> dict[str, Any]:
    return load(path.read_bytes(), str(path))


@pytest.mark.parametrize("folder", ["sdk_quality_check/data_quality", "sdk_legacy_monitor"])
def test_real_statistics_are_written_as_they_were(folder: str) -> None:
    """Values and number types are equal; json.loads is all that the SDK does with the file."""
    path = SAMPLES / folder / "statistics.json"
    ours = dump(statistics.encode(statistics.decode(_load(path), str(path))))
    expected, found = json.loads(path.read_bytes()), json.loads(ours)
    assert expected == found
    assert repr(expected) == repr(found)  # tells 1 from 1.0, and one order of keys from another


@pytest.mark.parametrize("case", ["good_cases", "bad_cases"])
def test_real_constraints_are_written_as_they_were(case: str) -> None:
    """But for the categorical options, which the file's container did not have yet."""
    path = QUALITY / case / "constraints.json"
    found = json.loads(dump(constraints.encode(constraints.decode(_load(path), str(path)))))
    options = found["monitoring_config"]["distribution_constraints"]
    assert options.pop("categorical_comparison_threshold") == 0.1
    assert options.pop("categorical_drift_method") == "LInfinity"
    assert repr(json.loads(path.read_bytes())) == repr(found)


def test_legacy_constraints_are_read() -> None:
    """The shape of 2019: overrides inside string_constraints, two settings by other names."""
    path = LEGACY / "constraints.json"
    found = constraints.decode(_load(path), str(path))
    first, second = found.features
    assert {"evaluate_constraints": True, "emit_metrics": True} == first.overrides
    assert second.domains == ("preproc-not-YET-supported-for-csv-json",)
    assert (True, 1.0, 1.0) == (
        found.config.perform_comparison,
        found.config.comparison_threshold,
        found.config.domain_content_threshold,
    )


@pytest.mark.parametrize(
    "path",
    [
        "sdk_legacy_monitor/constraint_violations.json",
        "notebooks/data_quality_violations_churn_first10_RECONSTRUCTED.json",
    ],
)
def test_real_violations_are_written_as_they_were(path: str) -> None:
    """Every entry, to the letter."""
    document = _load(SAMPLES / path)
    assert document == violations.encode(violations.decode(document, path))
