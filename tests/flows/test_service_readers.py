"""What the service's own tools expect of the documents, checked on those of a real run.

Its visualisation of violations and distributions needs these keys and sentences; the SDK itself is
asked in tests/heavy.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.flows.endpoint import make_endpoint, write_captures

from tidegauge.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATTERNS = {
    "baseline_drift_check": (r"distance: (.+) exceeds threshold: (.+)", r"distance: (.+) exceeds"),
    "categorical_values_check": (r"Value: (.+) does not meet the constraint requirement!",),
    "completeness_check": (r"Value: (.+) does not meet the constraint requirement!",),
    "non_negative_check": (r"Value: (.+) does not meet the constraint requirement!",),
    "data_type_check": (
        r"Expected data type: \w+, Expected match: (.+)%\. Observed: Only (.+)% of data is \w+\.",
    ),
    "missing_column_check": (
        r"current dataset: (\d+), Number of columns in baseline constraints: (\d+)",
    ),
    "extra_column_check": (
        r"current dataset: (\d+), Number of columns in baseline constraints: (\d+)",
    ),
}
TYPES = {"Integral": "numerical", "Fractional": "numerical", "String": "string"}
BUCKET = {"lower_bound": float, "upper_bound": float, "count": float}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service's folder of a window in which everything is wrong that can be."""
    here = tmp_path_factory.mktemp("readers")
    endpoint = make_endpoint(
        here,
        captures={
            "uri": str(here / "captures/wrong"),
            "format": "sagemaker",
            "inputs": ["distance", "carrier", "colour"],  # no seats
            "outputs": ["score"],
        },
        outputs={"layout": "sagemaker", "uri": str(here / "reports"), "endpoint": "e"},
    )
    answered = [(0.5, -900.5 - i, "" if i % 3 else "ZZ", "red") for i in range(300)]
    answered += [(0.5, "far", "AA", "red")] * 3
    hour = here / "captures/wrong/AllTraffic/2024/06/23/02"
    write_captures(hour, answered, "2024-06-23T02:00:00Z")
    assert 0 == main(["baseline", endpoint.conf])
    assert 0 == main(["monitor", endpoint.conf, "--set", "alarms.method=sagemaker"])
    return here / "reports/e/late-arrival-quality/2024/06/23/03"


def load(folder: Path, name: str) -> dict[str, Any]:
    """A document as strict readers load it: JSON in UTF-8, and no words that JSON has not."""
    text = (folder / name).read_bytes().decode("utf-8")

    def refuse(word: str) -> None:
        pytest.fail(f"{name} holds {word}")

    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return document


def test_every_violation_has_the_sentence_that_tools_parse(folder: Path) -> None:
    """All seven types are there, three keys each, and numbers where the patterns look for them."""
    found = load(folder, "constraint_violations.json")["violations"]

    assert set(PATTERNS) == {violation["constraint_check_type"] for violation in found}
    for violation in found:
        assert {"feature_name", "constraint_check_type", "description"} == {*violation} - {
            "tidegauge"
        }
        for pattern in PATTERNS[violation["constraint_check_type"]]:
            match = re.search(pattern, violation["description"])
            assert match, violation["description"]
            assert all(float(number.split(" exceeds")[0]) is not None for number in match.groups())


@pytest.mark.parametrize("where", ["run", "baseline"])
def test_statistics_have_what_a_drawing_needs(folder: Path, where: str) -> None:
    """Of each feature a type, its counts, and bars: of numbers, or of categories."""
    if where == "baseline":
        (folder,) = folder.parents[6].glob("store/*/baseline/*/data_quality")
    features = load(folder, "statistics.json")["features"]

    assert features
    for feature in features:
        statistics = feature[f"{TYPES[feature['inferred_type']]}_statistics"]
        assert {"num_present": int, "num_missing": int} == {
            key: type(value) for key, value in statistics["common"].items()
        }
        for bar in _bars(statistics["distribution"]):
            assert bar in (BUCKET, {"value": str, "count": int})


def _bars(distribution: dict[str, Any]) -> Iterator[dict[str, type]]:
    (holder,) = distribution.values()
    assert holder["buckets"]
    for bucket in holder["buckets"]:
        yield {key: type(value) for key, value in bucket.items()}


def test_constraints_have_the_switch_that_the_sdk_turns(folder: Path) -> None:
    """For all, and where there are categories for one feature."""
    document = load(folder, "constraints.json")

    assert "Enabled" == document["monitoring_config"]["evaluate_constraints"]
    assert ["carrier"] == [f["name"] for f in document["features"] if "string_constraints" in f]
