"""Each change of an incident is news once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.documents.reader import Reader
from tidegauge.documents.run import RunStatus
from tidegauge.errors import StorageError
from tidegauge.model.outcome import Severity, Violation
from tidegauge.model.window import Window
from tidegauge.rules.alarms.budget import Persistence
from tidegauge.sinks.alerts.changes import Change, Kind, decode_change, news
from tidegauge.sinks.alerts.ledger import Ledger, read_ledger, write_ledger
from tidegauge.sinks.alerts.wording import title
from tidegauge.sinks.incidents import Incident, incidents
from tidegauge.sinks.layout import MonitorType, RunKey
from tidegauge.sinks.reported import ReportedRun
from tidegauge.storage import storage_for

DAY = timedelta(days=1)
START = datetime(2024, 3, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
OPENED, STILL, CLOSED, WITHDRAWN = Kind


def story(days: int, *, closed: bool = False) -> Incident:
    """An incident whose first `days` days are violated."""
    windows = tuple(Window(START + i * DAY, DAY) for i in range(days))
    end = Window(START + (days + 1) * DAY, DAY) if closed else None
    return Incident(
        "0123456789ab", MonitorType.DATA_QUALITY, "blue", "miles", "baseline_drift_check",
        Severity.WARNING, windows[0], windows, end, "it drifted",
    )  # fmt: skip


def told(kind: Kind) -> dict[str, Change]:
    """A ledger's memory of that incident."""
    return {story(1).id: Change.of(kind, "churn", story(1))}


@pytest.mark.parametrize(
    ("stories", "last", "expected"),
    [
        ([story(1)], {}, [OPENED]),
        ([story(2)], told(OPENED), []),
        ([story(6)], told(OPENED), []),
        ([story(7)], told(OPENED), [STILL]),
        ([story(30)], told(STILL), []),
        ([story(30, closed=True)], told(STILL), [CLOSED]),
        ([story(2, closed=True)], told(OPENED), [CLOSED]),
        ([story(2, closed=True)], told(CLOSED), []),
        ([story(2, closed=True)], {}, [CLOSED]),
        ([story(3)], told(CLOSED), [OPENED]),
        ([], told(OPENED), [WITHDRAWN]),
        ([], told(STILL), [WITHDRAWN]),
        ([], told(CLOSED), []),
        ([], told(WITHDRAWN), []),
        ([story(1)], told(WITHDRAWN), [OPENED]),
    ],
)
def test_what_is_news(
    stories: list[Incident], last: dict[str, Change], expected: list[Kind]
) -> None:
    """By what became of the incident, and what was told of it last."""
    assert expected == [change.kind for change in news("churn", stories, last, WEEK)]


@given(
    st.lists(st.booleans(), min_size=1, max_size=40),
    st.lists(st.integers(1, 40), max_size=8),
    st.integers(1, 3),
)
def test_whatever_the_reports_see_no_change_is_told_twice(
    violated: list[bool], reports: list[int], quiet: int
) -> None:
    """Reports after any windows tell, of each incident, a part of opened, still open, closed."""
    key = RunKey(MonitorType.DATA_QUALITY, "blue", Window(START, DAY))
    found = (Violation("miles", "baseline_drift_check", "it drifted"),)
    runs = [
        ReportedRun(
            replace(key, window=Window(START + i * DAY, DAY)), RunStatus.COMPLETED, "b",
            found if bad else (), 10,
        )
        for i, bad in enumerate(violated)
    ]  # fmt: skip
    last: dict[str, Change] = {}
    heard: dict[str, list[Kind]] = {}
    for seen in [*sorted(reports), len(runs)]:
        for change in news("churn", incidents(runs[:seen], Persistence(1, quiet)), last, WEEK):
            heard.setdefault(change.incident, []).append(change.kind)
            last[change.incident] = change
    for story in incidents(runs, Persistence(1, quiet)):
        kinds = heard.pop(story.id)
        assert sorted(set(kinds), key=list(Kind).index) == kinds
        assert (CLOSED if story.closed else kinds[0]) in kinds
        assert (kinds[-1] is CLOSED) == (story.closed is not None)
    assert {} == heard


def test_the_ledger_comes_back_as_it_was_put(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Changes and windows, by receiver."""
    uri = str(tmp_path_factory.mktemp("ledger") / "delivered.json")
    storage = storage_for(uri)
    assert Ledger({}, {}) == read_ledger(storage, uri)
    change = Change.of(STILL, "churn", story(9))
    ledger = Ledger({}, {}).with_changes("slack", [change]).with_window("mlflow", "a/b", "c0ffee")
    written = write_ledger(storage, uri, ledger)

    assert written == read_ledger(storage, uri)
    assert (ledger.incidents, ledger.windows) == (written.incidents, written.windows)
    with pytest.raises(StorageError, match="was written by another process meanwhile"):
        write_ledger(storage, uri, ledger)  # made from what is there no more
    assert written == read_ledger(storage, uri)


def test_people_are_told_which_rule_it_was() -> None:
    """Two rules may make the same check of the same feature; of other checks nothing is added."""
    plain = Change.of(OPENED, "churn", story(1))
    ruled = replace(plain, rule="pack.yaml:3")

    assert "opened: miles, baseline_drift_check (variant blue, warning)" == title(plain)
    assert title(ruled).endswith("(rule pack.yaml:3, variant blue, warning)")
    assert ruled == decode_change(Reader(ruled.to_json(), "ledger"))
    old = {key: value for key, value in plain.to_json().items() if key != "rule"}
    assert plain == decode_change(Reader(old, "a ledger of before"))
