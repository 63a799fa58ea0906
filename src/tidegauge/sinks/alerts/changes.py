"""What is news: the changes of incidents that a sink has not been told of yet.

An incident has at most four: it opened, it is still open after some time, it closed, or it was
withdrawn, because its windows were run again and are violated no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tidegauge.documents.reader import Reader, count, one_of, text
from tidegauge.model.outcome import Severity
from tidegauge.model.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import timedelta

    from tidegauge.sinks.incidents import Incident

_ID_DIGITS = 12


class Kind(StrEnum):
    """What became of an incident."""

    OPENED = "opened"
    STILL_OPEN = "still open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


_ENDS = (Kind.CLOSED, Kind.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Change:
    """One piece of news; `since` is the first violated window, `windows` how many there are.

    `closed` is the window with which the incident ended, "" before.
    """

    kind: Kind
    monitor: str
    type: str
    incident: str
    variant: str
    feature: str
    check: str
    severity: Severity
    since: str
    last: str
    closed: str
    windows: int
    description: str
    rule: str = ""

    @property
    def id(self) -> str:
        """The same each time that this is told: receivers may drop what they have."""
        name = f"{self.monitor}\n{self.incident}\n{self.kind}\n{self.last}"
        return sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:_ID_DIGITS]

    @property
    def is_end(self) -> bool:
        """Whether there will be no more of this incident."""
        return self.kind in _ENDS

    @classmethod
    def of(cls, kind: Kind, monitor: str, story: Incident) -> Change:
        return cls(
            kind, monitor, story.type.value, story.id, story.variant, story.feature, story.check,
            story.severity, story.since.key, story.windows[-1].key,
            story.closed.key if story.closed else "", len(story.windows), story.description,
            story.rule,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The change as receivers and the ledger have it."""
        return {
            "id": self.id,
            "change": self.kind.value,
            "monitor": self.monitor,
            "type": self.type,
            "incident": self.incident,
            "severity": self.severity.value,
            "variant": self.variant,
            "feature": self.feature,
            "check": self.check,
            "rule": self.rule,
            "since": self.since,
            "last": self.last,
            "closed": self.closed,
            "windows": self.windows,
            "description": self.description,
        }


def decode_change(reader: Reader) -> Change:
    """A change of a document that `to_json` made.

    Raises:
        DocumentError: a value is missing or unfit.
    """
    return Change(
        kind=reader.get("change", one_of(Kind)),
        severity=reader.get("severity", one_of(Severity)),
        windows=reader.get("windows", count),
        rule=reader.maybe("rule", text) or "",  # changes of old ledgers have none
        **{
            name: reader.get(name, text)
            for name in (
                "monitor", "type", "incident", "variant", "feature", "check", "since", "last",
                "closed", "description",
            )
        },
    )  # fmt: skip


def news(
    monitor: str, stories: Iterable[Incident], told: Mapping[str, Change], remind: timedelta
) -> Iterator[Change]:
    """The changes that are due, of incidents of which `told` has the last one by incident.

    An incident that has closed before it was told of is one change, not two. It is still open when
    its last violated window ends `remind` or more after the one that opened it began.
    """
    present = set[str]()
    for story in stories:
        present.add(story.id)
        if kind := _kind(story, told.get(story.id), remind):
            yield Change.of(kind, monitor, story)
    for incident, last in told.items():
        if incident not in present and not last.is_end:
            yield _withdrawn(last)


def _kind(story: Incident, last: Change | None, remind: timedelta) -> Kind | None:
    if story.closed:
        return None if last and last.kind is Kind.CLOSED else Kind.CLOSED
    if last is None or last.is_end:
        return Kind.OPENED
    lasts = story.windows[-1].end - story.opened.start
    return Kind.STILL_OPEN if last.kind is Kind.OPENED and lasts >= remind else None


def _withdrawn(last: Change) -> Change:
    return replace(last, kind=Kind.WITHDRAWN)


def spoken(window: str) -> str:
    """A window's key as people read it."""
    return str(Window.parse(window))
