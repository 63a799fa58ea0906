"""Documents of our own: outcomes.json, run.json and current.json."""

from __future__ import annotations

import pytest

from tidegauge.documents import outcomes, pin, run
from tidegauge.documents.run import Inputs, RunRecord, RunStatus
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.outcome import Check, Outcome, Verdict

OUTCOMES = tuple(
    Outcome("distance", Check.BASELINE_DRIFT, verdict, "why", {"distance": 0.25, "n": 3})
    for verdict in Verdict
)
RECORD = RunRecord(
    monitor="flights",
    type="data_quality",
    variant="AllTraffic",
    window="2013-06-20T0000Z_P1D",
    status=RunStatus.COMPLETED_WITH_VIOLATIONS,
    reason="",
    baseline="b1",
    counts={"rows": 900, "violated": 2},
    inputs=Inputs(24, 1_000, "ab"),
    documents={"statistics.json": "cd"},
    versions={"tidegauge": "0.1.0"},
    conf_digest="ef",
)


def test_outcomes_are_read_as_they_were_written() -> None:
    """Every verdict survives, with its numbers."""
    data = dump(outcomes.encode(OUTCOMES))
    assert OUTCOMES == outcomes.decode(load(data, "outcomes.json"), "outcomes.json")


def test_a_run_record_is_read_as_it_was_written() -> None:
    """The record that commits a run."""
    data = dump(run.encode(RECORD))
    assert RECORD == run.decode(load(data, "run.json"), "run.json")


def test_a_pin_is_read_as_it_was_written() -> None:
    """The ids of the pinned baselines; data quality's has had its key since before the others."""
    pins = {"data_quality": "2013Q1-0a1b", "model_quality": "2013Q1-7c"}
    document = pin.encode(pins)
    assert {"version": 1, "baseline": "2013Q1-0a1b", "model_quality": "2013Q1-7c"} == document
    assert pins == pin.decode(document, "current.json")


def test_a_pin_without_data_quality_pins_the_other_types() -> None:
    """A conf may have model quality alone."""
    assert {"model_quality": "7c"} == pin.decode({"version": 1, "model_quality": "7c"}, "x.json")


@pytest.mark.parametrize("version", [None, 2, True, "1"])
def test_a_version_that_is_not_known_is_refused(version: object) -> None:
    """What another release wrote is not guessed at."""
    for decode in (outcomes.decode, run.decode, pin.decode):
        with pytest.raises(DocumentError, match=r"x\.json: version: expected version 1"):
            decode({"version": version}, "x.json")


def test_an_unknown_status_is_refused() -> None:
    """A status decides whether a run counts, so it is never guessed."""
    document = run.encode(RECORD) | {"status": "Complete"}
    with pytest.raises(DocumentError, match=r"status: expected one of .* did you mean 'Completed'"):
        run.decode(document, "run.json")


def test_a_count_that_is_none_is_named_by_its_path() -> None:
    """The path goes into the mapping."""
    document = run.encode(RECORD) | {"counts": {"rows": "many"}}
    with pytest.raises(DocumentError, match=r"counts.rows: expected a count, .* found \"many\""):
        run.decode(document, "run.json")
