"""SNS and EventBridge: a message and an event for each change.

Sources: the API references of SNS, Publish, and of EventBridge, PutEvents.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import StorageError
from tidegauge.sinks.alerts.wording import body, title
from tidegauge.sinks.aws import aws_client, explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.sinks.alerts.changes import Change
    from tidegauge.storage import S3Settings

SOURCE = "tidegauge"
_LONGEST_SUBJECT = 100
_FIFO = ".fifo"


@dataclass(frozen=True, slots=True)
class Sns:
    """A topic: text for people who subscribe by e-mail, JSON for programs."""

    topic: str
    settings: S3Settings
    at_once: int = 1

    def tell(self, changes: Sequence[Change]) -> None:
        """Publish each.

        Raises:
            StorageError: SNS cannot be reached, or refuses.
        """
        client = aws_client("sns", self.settings.profile, self.settings.region)
        for change in changes:
            with explained(f"the topic {self.topic}", "sns:Publish"):
                client.publish(TopicArn=self.topic, **_message(change), **self._order(change))

    def _order(self, change: Change) -> dict[str, str]:
        """A FIFO topic keeps the order within a monitor, and drops what it has had."""
        if not self.topic.endswith(_FIFO):
            return {}
        return {"MessageGroupId": change.monitor, "MessageDeduplicationId": change.id}


def _message(change: Change) -> dict[str, object]:
    document = json.dumps(change.to_json())
    text = f"{title(change)}\n{body(change)}"
    forms = {"default": text, "sqs": document, "lambda": document, "http": document}
    subject = f"{change.monitor}: {change.kind.value}: {change.feature}"
    facts = {"monitor": change.monitor, "change": change.kind.value, "severity": change.severity}
    return {
        # ASCII of one line is all that a subject may be.
        "Subject": " ".join(subject.encode("ascii", "replace").decode().split())[:_LONGEST_SUBJECT],
        "Message": json.dumps(forms | {"https": document}),
        "MessageStructure": "json",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": str(value)} for name, value in facts.items()
        },
    }


@dataclass(frozen=True, slots=True)
class EventBridge:
    """A bus, on which a rule may start whatever should follow: a retraining, say."""

    bus: str
    settings: S3Settings
    at_once: int = 1

    def tell(self, changes: Sequence[Change]) -> None:
        """Put each as an event of the source `tidegauge`.

        Raises:
            StorageError: EventBridge cannot be reached, or refuses one.
        """
        client = aws_client("events", self.settings.profile, self.settings.region)
        entries = [
            {
                "Source": SOURCE,
                "DetailType": f"Tidegauge Incident {change.kind.value.title()}",
                "Detail": json.dumps(change.to_json()),
                "EventBusName": self.bus,
            }
            for change in changes
        ]
        with explained(f"the event bus {self.bus!r}", "events:PutEvents"):
            answer = client.put_events(Entries=entries)
        if answer["FailedEntryCount"]:
            reasons = {entry.get("ErrorMessage") for entry in answer["Entries"]}
            raise StorageError(f"the event bus {self.bus!r} refused an event: {reasons}")
