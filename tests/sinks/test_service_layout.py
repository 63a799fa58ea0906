"""The service's layout: where its users look, they find what a run of ours found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegauge.errors import UsageError
from tidegauge.model.window import Window
from tidegauge.sinks.service_layout import (
    ServiceNames,
    execution_folder,
    exit_message,
    publish_execution,
)
from tidegauge.storage import join

if TYPE_CHECKING:
    from tests.storage.conftest import Place

    from tidegauge.storage import Entry

ENDPOINT = ServiceNames("daily", "late-arrival")
DAY = Window.parse("2013-06-20T00:00Z/P1D")
DOCUMENTS = {
    "statistics.json": b"s",
    "constraints.json": b"c",
    "outcomes.json": b"ours",
    "profile.parquet": b"ours",
}
VIOLATED = DOCUMENTS | {"constraint_violations.json": b"v"}


@pytest.mark.parametrize(
    ("window", "hour"),
    [
        ("2013-06-20T02:00Z/PT1H", "2013/06/20/03"),
        ("2013-06-20T00:00Z/P1D", "2013/06/21/00"),
        ("2013-12-31T23:00Z/PT1H", "2014/01/01/00"),
        ("2013-06-20T00:30Z/PT1H", "2013/06/20/01"),
    ],
)
def test_the_folder_is_that_of_the_hour_in_which_the_window_ends(window: str, hour: str) -> None:
    """As the service has it: what happened from 2 to 3 lies under 03."""
    assert f"s3://bucket/reports/late-arrival/daily/{hour}" == execution_folder(
        "s3://bucket/reports/", ENDPOINT, Window.parse(window)
    )


def test_a_batch_transform_has_no_endpoint_in_its_path() -> None:
    """The schedule comes first."""
    assert "out/nightly/2013/06/21/00" == execution_folder("out", ServiceNames("nightly"), DAY)


def test_a_name_leads_nowhere_else() -> None:
    """What is joined to the location stays below it."""
    with pytest.raises(UsageError, match="cannot be joined"):
        execution_folder("out", ServiceNames("..", "late-arrival"), DAY)


def test_the_three_documents_are_there_and_nothing_of_ours(place: Place) -> None:
    """Byte for byte, under the names that the SDK reads."""
    publish_execution(place.storage, join(place.uri, "x"), VIOLATED)

    found = {e.key: place.storage.read(join(place.uri, e.key)) for e in _files(place)}
    assert {
        "x/statistics.json": b"s",
        "x/constraints.json": b"c",
        "x/constraint_violations.json": b"v",
    } == found


def test_a_run_without_violations_removes_those_of_the_one_before(place: Place) -> None:
    """A missing file means none: so it must be missing."""
    folder = join(place.uri, "x")
    publish_execution(place.storage, folder, VIOLATED)
    publish_execution(place.storage, folder, DOCUMENTS)

    assert ["x/constraints.json", "x/statistics.json"] == [e.key for e in _files(place)]


def test_a_failed_run_leaves_nothing(place: Place) -> None:
    """It has no documents, and the old ones are not its own."""
    folder = join(place.uri, "x")
    publish_execution(place.storage, folder, VIOLATED)
    publish_execution(place.storage, folder, {})

    assert [] == _files(place)


def test_the_message_is_one_of_the_service() -> None:
    """Its users' tools look for these words."""
    assert (
        "Completed: Job completed successfully with no violations.",
        "CompletedWithViolations: Job completed successfully with 60 violations.",
    ) == (exit_message(0), exit_message(60))


def test_a_failure_is_one_line_of_at_most_1024_characters() -> None:
    """The limit is that of a job's ExitMessage."""
    assert "Failed: no captures: look there" == exit_message(0, "no captures:\n  look there")
    assert 1024 == len(exit_message(3, "x" * 2000))


def _files(place: Place) -> list[Entry]:
    return list(place.storage.files(place.uri))
