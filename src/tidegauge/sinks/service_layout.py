"""SageMaker's output layout: a run's documents where the service's users look for them.

Sources: listings of what real executions wrote; the names that the SDK's `MonitoringExecution`
reads. The folder's hour is that of the scheduled time, which is the end of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.window import Window
    from tidegauge.storage import Storage

# In the order of writing: who sees the violations also finds what they are about.
SERVICE_DOCUMENTS = ("statistics.json", "constraints.json", "constraint_violations.json")

_LONGEST_MESSAGE = 1024  # characters of a processing job's ExitMessage


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """What the service calls a monitor: its schedule, and its endpoint (None: batch transform)."""

    schedule: str
    endpoint: str | None = None


def execution_folder(uri: str, names: ServiceNames, window: Window) -> str:
    """`{uri}/{endpoint}/{schedule}/{yyyy}/{mm}/{dd}/{hh}`, in UTC; no endpoint for a batch.

    Windows that end within one hour share a folder, as the service, which knows none, would.

    Raises:
        UsageError: a name would lead out of `uri`.
    """
    owner = (names.endpoint, names.schedule) if names.endpoint else (names.schedule,)
    return join(uri, *owner, f"{window.end:%Y/%m/%d/%H}")


def publish_execution(storage: Storage, folder: str, documents: Mapping[str, bytes]) -> None:
    """Make the folder hold these of the run's documents that the service has, and no older ones.

    No `constraint_violations.json` means no violations there, so that of a former run goes first.
    """
    storage.delete(join(folder, name) for name in SERVICE_DOCUMENTS if name not in documents)
    for name in SERVICE_DOCUMENTS:
        if name in documents:
            storage.write(join(folder, name), documents[name])


def exit_message(violations: int, failure: str = "") -> str:
    """The one line that the service keeps as a job's `ExitMessage`, at most 1,024 characters.

    The two sentences of a completed job are the service's; it has none for a failed one, whose
    reason it keeps elsewhere (`FailureReason`).
    """
    if failure:
        return f"Failed: {' '.join(failure.split())}"[:_LONGEST_MESSAGE]
    if violations:
        word = f"{violations} violations"
        return f"CompletedWithViolations: Job completed successfully with {word}."
    return "Completed: Job completed successfully with no violations."
