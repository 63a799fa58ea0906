"""Incidents: a feature's violated windows as one story, whatever order the runs come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.documents.run import RunStatus
from tidegauge.model.outcome import Severity, Violation
from tidegauge.model.window import Window
from tidegauge.rules.alarms.budget import Persistence
from tidegauge.sinks.incidents import Incident, IncidentStatus, incidents, incidents_document
from tidegauge.sinks.layout import MonitorType, RunKey
from tidegauge.sinks.reported import ReportedRun

TYPE = MonitorType.DATA_QUALITY
START, DAY = datetime(2024, 3, 1, tzinfo=UTC), timedelta(days=1)
STATUSES = ("quiet", "violated", "failed", "empty")
PERSISTENCES = st.integers(1, 4).flatmap(
    lambda n: st.integers(1, n).map(lambda k: Persistence(k, n))
)


def window(day: int) -> Window:
    """The window of a day."""
    return Window(START + day * DAY, DAY)


def run(day: int, what: str, variant: str = "blue", *features: str, **more: str) -> ReportedRun:
    """The run of one day; a violated one has a violation of each feature."""
    found = tuple(
        Violation(name, "baseline_drift_check", f"{name} on day {day}", more)
        for name in (features or ("x",))
        if what == "violated"
    )
    status = {
        "failed": RunStatus.FAILED,
        "violated": RunStatus.COMPLETED_WITH_VIOLATIONS,
    }.get(what, RunStatus.COMPLETED)
    return ReportedRun(
        RunKey(TYPE, variant, window(day)), status, "b", found, 0 if what == "empty" else 9
    )


def history(days: str, variant: str = "blue") -> list[ReportedRun]:
    """A run a day: v for violated, . for quiet, F for failed, - for empty."""
    words = {"v": "violated", ".": "quiet", "F": "failed", "-": "empty"}
    return [run(day, words[letter], variant) for day, letter in enumerate(days)]


def days_of(incident: Incident) -> list[int]:
    """The days of its violated windows."""
    return [(one.start - START) // DAY for one in incident.windows]


def story(days: str, persistence: str = "1 of 1") -> list[tuple[list[int], int, int | None]]:
    """Each incident's violated days, the day that opened it, and the one that closed it."""
    return [
        (
            days_of(one),
            (one.opened.start - START) // DAY,
            None if one.closed is None else (one.closed.start - START) // DAY,
        )
        for one in incidents(history(days), Persistence.parse(persistence))
    ]


def test_one_change_is_one_story() -> None:
    """From the window that opened it to the first quiet one."""
    assert [([1, 2, 3], 1, 4)] == story(".vvv.")
    assert [([1, 2, 3], 1, None)] == story(".vvv")
    assert [([0], 0, 1), ([2], 2, 3)] == story("v.v.")


def test_two_of_three_take_two_windows_to_open_and_three_to_close() -> None:
    """A single violated window is no incident; one that led to it is part of it."""
    assert [] == story(".v..v....", "2 of 3")
    assert [([1, 3], 3, None)] == story(".v.v..", "2 of 3")
    assert [([1, 3], 3, 6)] == story(".v.v...", "2 of 3")
    assert [([1, 3, 6], 3, None)] == story(".v.v..v", "2 of 3")


def test_windows_that_were_not_run_say_nothing() -> None:
    """Neither that it lasts nor that it is over."""
    assert [([1, 5], 1, 6)] == story(".vF-Fv.")
    assert [([1], 1, None)] == story(".vFFF---")
    assert [([0, 3, 4], 4, 7)] == story("v..vv...", "2 of 3") == story("v..vv...FF", "2 of 3")
    assert [([0, 4, 6], 6, 9)] == story("v.F.v-v...", "2 of 3")


def test_an_incident_says_which_it_is() -> None:
    """The worst severity of all its violations, the first one's sentence, and an id that stays."""
    runs = [run(0, "violated"), run(1, "violated", severity="critical"), run(2, "violated")]
    (one,) = incidents(runs, Persistence())
    assert (Severity.CRITICAL, "x on day 0", IncidentStatus.OPEN) == (
        one.severity, one.description, one.status,
    )  # fmt: skip
    (later,) = incidents([*runs, run(3, "quiet")], Persistence())
    assert (one.id, IncidentStatus.CLOSED, window(3)) == (later.id, later.status, later.closed)
    told = incidents_document("flights", TYPE, [later])["incidents"][0]
    assert (window(0).key, window(2).key, window(3).key) == (
        told["since"], told["last"], told["closed"],
    )  # fmt: skip


def test_variants_and_features_have_stories_of_their_own() -> None:
    """And ids."""
    runs = [
        run(0, "violated", "blue", "x", "y"),
        run(0, "violated", "green", "x"),
        run(1, "violated", "blue", "y"),
    ]
    found = incidents(runs, Persistence())
    assert [("blue", "x", [0]), ("blue", "y", [0, 1]), ("green", "x", [0])] == [
        (one.variant, one.feature, days_of(one)) for one in found
    ]
    assert 3 == len({one.id for one in found})


def ruled(day: int, *rule_ids: str) -> ReportedRun:
    """The run of a day, violated by these rules of one feature and check; "" is one without id."""
    found = tuple(
        Violation("x", "range_check", f"{one} on day {day}", {"rule": one, "rule_id": one})
        if one
        else Violation("x", "range_check", f"old on day {day}", {"rule": "pack.yaml:3"})
        for one in rule_ids
    )
    return replace(run(day, "violated"), violations=found)


def test_two_rules_of_one_feature_and_check_have_two_stories() -> None:
    """One ends while the other lasts; each has its id, its sentence and the name of its rule."""
    runs = [ruled(0, "a", "b"), ruled(1, "b"), ruled(2, "b")]
    a, b = incidents(runs, Persistence())
    assert ([0], window(1), "a", "a on day 0") == (days_of(a), a.closed, a.rule, a.description)
    assert ([0, 1, 2], None, "b", "b on day 0") == (days_of(b), b.closed, b.rule, b.description)
    assert a.id != b.id


def test_violations_of_before_rules_had_ids_share_a_story_as_they_did() -> None:
    """Under the id that receivers know from then."""
    runs = [ruled(0, "", ""), ruled(1, "")]
    (one,) = incidents(runs, Persistence())
    plain = [replace(r, violations=(Violation("x", "range_check", ""),)) for r in runs]
    (known,) = incidents(plain, Persistence())
    assert ([0, 1], known.id, "pack.yaml:3") == (days_of(one), one.id, one.rule)


def is_quiet(runs: list[ReportedRun], first: int, last: int) -> int:
    """The number of runs that tell something between two days, and have no violation."""
    told = [r for r in runs if r.status is not RunStatus.FAILED and (r.rows or r.violations)]
    between = [r for r in told if window(first) < r.key.window < window(last)]
    return sum(not r.violations for r in between)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(STATUSES), max_size=25),
    PERSISTENCES,
    st.randoms(use_true_random=False),
)
def test_stories_keep_their_laws(what: list[str], persistence: Persistence, random: object) -> None:
    """No window twice; at least k windows each; n quiet ones close and fewer do not."""
    runs = [run(day, status) for day, status in enumerate(what)]
    found = incidents(runs, persistence)
    shuffled = list(runs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found == incidents(shuffled, persistence)
    days = [day for one in found for day in days_of(one)]
    assert len(days) == len(set(days))
    assert {"violated"} >= {what[day] for day in days}
    for one in found:
        own = days_of(one)
        assert len(own) >= persistence.k
        assert one.since <= one.opened <= one.windows[-1]
        for earlier, later in pairwise(own):
            assert is_quiet(runs, earlier, later) < persistence.n
        quiet = is_quiet(runs, own[-1], len(what))
        assert (one.closed is not None) == (quiet >= persistence.n)
        if one.closed is not None:
            assert persistence.n == 1 + is_quiet(runs, own[-1], (one.closed.start - START) // DAY)


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=25), PERSISTENCES)
def test_an_incident_opens_with_the_kth_violated_window_of_n(
    violated: list[bool], persistence: Persistence
) -> None:
    """Spelled out window by window."""
    runs = [run(day, "violated" if bad else "quiet") for day, bad in enumerate(violated)]
    opened: list[int] = []
    is_open, quiet = False, 0
    for day, bad in enumerate(violated):
        quiet = 0 if bad else quiet + 1
        if quiet >= persistence.n:
            is_open = False
        recent = violated[max(0, day - persistence.n + 1) : day + 1]
        if bad and not is_open and sum(recent) >= persistence.k:
            is_open = True
            opened.append(day)
    found = incidents(runs, persistence)
    assert opened == [(one.opened.start - START) // DAY for one in found]
    assert is_open == (bool(found) and found[-1].status is IncidentStatus.OPEN)
