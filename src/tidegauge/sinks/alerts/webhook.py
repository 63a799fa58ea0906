"""Webhooks: the shapes of Slack and Teams, and plain JSON for everything else.

Sources: Slack's "Sending messages using incoming webhooks" and its Block Kit; Microsoft's "Create
incoming webhooks with Workflows", whose messages are Adaptive Cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tidegauge.sinks.alerts.http import post
from tidegauge.sinks.alerts.wording import body, headline, title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.sinks.alerts.changes import Change
    from tidegauge.sinks.alerts.secrets import Sealed

_CARD = "application/vnd.microsoft.card.adaptive"
_LONGEST_TEXT = 900  # characters of one change: 20 of them stay under Teams' 28 kB


class Shape(StrEnum):
    """What the receiver understands."""

    SLACK = "slack"
    TEAMS = "teams"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver of JSON by HTTP; up to 20 changes are one message."""

    shape: Shape
    url: Sealed
    authorization: Sealed | None = None
    at_once: int = 20

    def tell(self, changes: Sequence[Change]) -> None:
        """Post one message about all of them.

        Raises:
            UsageError: the URL is none of HTTP.
            StorageError: the receiver cannot be reached, or refuses.
        """
        headers = {"Authorization": self.authorization.value} if self.authorization else {}
        post(f"the webhook {self.shape}", self.url.value, self._document(changes), headers)

    def _document(self, changes: Sequence[Change]) -> Mapping[str, Any]:
        match self.shape:
            case Shape.SLACK:
                return slack_message(changes)
            case Shape.TEAMS:
                return teams_message(changes)
            case Shape.JSON:
                return {"version": 1, "changes": [change.to_json() for change in changes]}


def slack_message(changes: Sequence[Change]) -> Mapping[str, Any]:
    """The headline for the notification, and a block a change."""
    texts = (f"*{_mrkdwn(title(change))}*\n{_mrkdwn(_short(change))}" for change in changes)
    head = _mrkdwn(headline(changes))
    return {
        "text": head,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text}}
            for text in (f"*{head}*", *texts)
        ],
    }


def teams_message(changes: Sequence[Change]) -> Mapping[str, Any]:
    """An Adaptive Card: the headline, and two blocks a change."""
    blocks: list[dict[str, Any]] = [_block(headline(changes), weight="Bolder", size="Large")]
    for change in changes:
        blocks += [_block(title(change), weight="Bolder"), _block(_short(change))]
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": blocks,
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "content": card}]}


def _block(text: str, **style: str) -> dict[str, Any]:
    # What looks like Markdown is somebody's name for a feature.
    escaped = "".join(f"\\{c}" if c in r"\*_[]`#" else c for c in text)
    return {"type": "TextBlock", "text": escaped, "wrap": True, **style}


def _short(change: Change) -> str:
    text = body(change)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} ..."


def _mrkdwn(text: str) -> str:
    """Slack's three control characters; a feature may be called `<!channel>`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
