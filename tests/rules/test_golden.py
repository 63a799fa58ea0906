"""The rules on the real service's files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents.text import load
from tidegauge.model.outcome import Check
from tidegauge.rules.evaluate import evaluate, violations
from tidegauge.rules.suggest import suggest

SAMPLES = Path(os.environ.get("TIDEGAUGE_SAMPLES", "no samples")) / "sdk_quality_check/data_quality"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="TIDEGAUGE_SAMPLES does not name the folder of real files"
)


def _load(name: str) -> dict[str, object]:
    return load((SAMPLES / name).read_bytes(), name)


def test_the_suggestion_is_the_services() -> None:
    """For the real statistics: the real constraints; beside them stands what is ours alone."""
    statistics = statistics_document.decode(_load("statistics.json"), "statistics.json")
    expected = constraints_document.decode(_load("good_cases/constraints.json"), "good")
    assert expected == replace(suggest(statistics), extension={})


def test_the_baseline_itself_violates_nothing() -> None:
    """Nor in the service's own test of these two files."""
    statistics = statistics_document.decode(_load("statistics.json"), "statistics.json")
    good = constraints_document.decode(_load("good_cases/constraints.json"), "good")
    assert violations(evaluate(statistics, good, statistics)) == ()


def test_a_type_edited_to_string_is_violated_by_numbers() -> None:
    """As in the service's own test, whose quality check fails by this one change."""
    statistics = statistics_document.decode(_load("statistics.json"), "statistics.json")
    bad = constraints_document.decode(_load("bad_cases/constraints.json"), "bad")
    (found,) = violations(evaluate(statistics, bad, statistics))
    assert ("_c5", Check.DATA_TYPE) == (found.feature_name, found.constraint_check_type)
    assert found.description == (
        "Data type match requirement is not met. Expected data type: String,"
        " Expected match: 100.0%. Observed: Only 0.0% of data is String."
    )


def test_a_flag_that_flips_is_drift() -> None:
    """Values 0 and 1 with tied items: with Deequ's distance this column could never drift."""
    statistics = statistics_document.decode(_load("statistics.json"), "statistics.json")
    good = constraints_document.decode(_load("good_cases/constraints.json"), "good")
    flag = statistics.feature("_c1")
    assert flag is not None
    assert flag.numeric is not None
    assert flag.numeric.sketch is not None
    ones = replace(flag.numeric.sketch, levels=tuple(x * 0 + 1 for x in flag.numeric.sketch.levels))
    flipped = replace(flag, numeric=replace(flag.numeric, sketch=ones))
    current = replace(
        statistics,
        features=tuple(flipped if f.name == "_c1" else f for f in statistics.features),
    )
    (found,) = violations(evaluate(current, good, statistics))
    assert ("_c1", Check.BASELINE_DRIFT) == (found.feature_name, found.constraint_check_type)
    assert found.extension["distance_simple"] == 0.62
