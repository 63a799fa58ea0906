"""Incidents: a feature's violated windows as one story, from the window that opened it to the end.

One change of the data makes many violated windows. An incident opens with the k-th violated window
among the last n, and closes after n windows in a row without a violation; windows that could not
be run, or had no rows, say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING

from tidegauge.documents.run import RunStatus
from tidegauge.model.outcome import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from tidegauge.model.outcome import Violation
    from tidegauge.model.window import Window
    from tidegauge.rules.alarms.budget import Persistence
    from tidegauge.sinks.layout import MonitorType
    from tidegauge.sinks.reported import ReportedRun

_ID_DIGITS = 12
Tested = tuple[str, str, str]


class IncidentStatus(StrEnum):
    """Whether it still lasts."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Incident:
    """One story of one check of one feature of one variant.

    `opened` is the window with which it became one; `windows` are all its violated windows, those
    before `opened` that led to it among them; `closed` is the window with which it ended. `rule` is
    the name, or the place, of the pack's rule that made the check, "" where none did.
    """

    id: str
    type: MonitorType
    variant: str
    feature: str
    check: str
    severity: Severity
    opened: Window
    windows: tuple[Window, ...]
    closed: Window | None
    description: str
    rule: str = ""
    rule_id: str = ""

    @property
    def test(self) -> Tested:
        """What it is about, as `tested` says it of each of its violations."""
        return (self.feature, self.check, self.rule_id)

    @property
    def since(self) -> Window:
        """The first violated window."""
        return self.windows[0]

    @property
    def status(self) -> IncidentStatus:
        """Whether it still lasts."""
        return IncidentStatus.OPEN if self.closed is None else IncidentStatus.CLOSED

    def to_json(self) -> Mapping[str, Any]:
        """The incident as an entry of `incidents.json`."""
        return {
            "id": self.id,
            "type": self.type.value,
            "status": self.status.value,
            "severity": self.severity.value,
            "variant": self.variant,
            "feature": self.feature,
            "check": self.check,
            "rule": self.rule,
            "since": self.since.key,
            "opened": self.opened.key,
            "last": self.windows[-1].key,
            "closed": None if self.closed is None else self.closed.key,
            "windows": [window.key for window in self.windows],
            "description": self.description,
        }


def incidents_document(
    monitor: str, monitor_type: MonitorType, stories: Sequence[Incident]
) -> Mapping[str, Any]:
    """The content of `report/<type>/incidents.json`."""
    return {
        "version": 1,
        "monitor": monitor,
        "type": monitor_type.value,
        "incidents": [story.to_json() for story in stories],
    }


def incidents(runs: Iterable[ReportedRun], persistence: Persistence) -> tuple[Incident, ...]:
    """The incidents among some runs, by variant, feature, check and rule, oldest first.

    The first violation's sentence describes each, its worst severity is the incident's.
    """
    told = [
        run for run in runs if run.status is not RunStatus.FAILED and (run.rows or run.violations)
    ]
    ordered = sorted(told, key=lambda run: (run.key.variant, run.key.window))
    return tuple(
        incident
        for _, group in groupby(ordered, key=lambda run: run.key.variant)
        for incident in _of_variant(list(group), persistence)
    )


def _of_variant(runs: Sequence[ReportedRun], persistence: Persistence) -> Iterator[Incident]:
    found: dict[Tested, dict[int, Violation]] = {}
    for i, run in enumerate(runs):
        for violation in run.violations:
            found.setdefault(tested(violation), {}).setdefault(i, violation)
    for test in sorted(found):
        yield from _of_test(runs, found[test], persistence)


def tested(violation: Violation) -> Tested:
    """Feature, check, and the id of the rule: "" where no pack's rule said it.

    Violations that were written before rules had ids share the story of their feature and check.
    """
    rule_id = str(violation.extension.get("rule_id", ""))
    return (violation.feature_name, violation.constraint_check_type, rule_id)


def _of_test(
    runs: Sequence[ReportedRun], violated: Mapping[int, Violation], persistence: Persistence
) -> Iterator[Incident]:
    """The stories of one check: its violated windows by their place among the runs."""
    story: list[int] = []
    opened: int | None = None
    for i in sorted(violated):
        if story and i - story[-1] > persistence.n:  # n quiet windows lie in between
            if opened is not None:
                closed = story[-1] + persistence.n
                yield _incident(runs, violated, story, opened, closed)
            story, opened = [], None
        story.append(i)
        recent = sum(1 for j in story if j > i - persistence.n)
        if opened is None and recent >= persistence.k:
            opened = i
    if opened is not None:
        closed = story[-1] + persistence.n
        yield _incident(runs, violated, story, opened, closed if closed < len(runs) else None)


def _incident(
    runs: Sequence[ReportedRun],
    violated: Mapping[int, Violation],
    story: Sequence[int],
    opened: int,
    closed: int | None,
) -> Incident:
    key, first = runs[story[0]].key, violated[story[0]]
    worst = any(violated[i].extension.get("severity") == Severity.CRITICAL for i in story)
    feature, check, rule_id = tested(first)
    about = (feature, check, *([rule_id] if rule_id else []))
    name = "\n".join((key.type, key.variant, *about, key.window.key))
    return Incident(
        sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:_ID_DIGITS],
        key.type,
        key.variant,
        feature,
        check,
        Severity.CRITICAL if worst else Severity.WARNING,
        runs[opened].key.window,
        tuple(runs[i].key.window for i in story),
        None if closed is None else runs[closed].key.window,
        first.description,
        rule=str(first.extension.get("name") or first.extension.get("rule", "")),
        rule_id=rule_id,
    )
