"""The words in which people are told of changes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Severity
from tidegauge.sinks.alerts.changes import Kind, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.sinks.alerts.changes import Change

_WITHDRAWN = "its windows were run again and are no longer violated"


def headline(changes: Sequence[Change]) -> str:
    """One line for all of them: `churn: incidents: 2 opened, 1 closed (critical)`."""
    counts = Counter(change.kind for change in changes)
    told = ", ".join(f"{counts[kind]} {kind.value}" for kind in Kind if counts[kind])
    opened = [change for change in changes if change.kind is Kind.OPENED]
    critical = any(change.severity is Severity.CRITICAL for change in opened)
    return f"{changes[0].monitor}: incidents: {told}{' (critical)' if critical else ''}"


def title(change: Change) -> str:
    """What it is about: `opened: distance, baseline_drift_check (variant blue, critical)`."""
    rule = f"rule {change.rule}, " if change.rule else ""
    aside = f"{rule}variant {change.variant}, {change.severity}"
    return f"{change.kind.value}: {change.feature}, {change.check} ({aside})"


def body(change: Change) -> str:
    """Since when, how often, and the first violation's own sentence."""
    times = "1 window" if change.windows == 1 else f"{change.windows} windows"
    told = f"since {spoken(change.since)}, {times}, the last of them {spoken(change.last)}"
    if change.kind is Kind.WITHDRAWN:
        return f"{told}; {_WITHDRAWN}"
    ended = f"; ended with {spoken(change.closed)}" if change.closed else ""
    return f"{told}{ended}. {change.description}"


def plain(changes: Sequence[Change]) -> str:
    """All of them as text."""
    return "\n\n".join(f"{title(change)}\n{body(change)}" for change in changes) + "\n"
