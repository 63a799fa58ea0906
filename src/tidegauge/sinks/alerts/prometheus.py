"""A text file of metrics, as the textfile collector of Prometheus' node exporter reads it.

Source: Prometheus' "Exposition formats", the text format 0.0.4.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tidegauge.model.outcome import Severity
from tidegauge.sinks.layout import MonitorType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.reported import ReportedRun

Sample = tuple[dict[str, str], float]


def exposition(monitor: str, runs: Sequence[ReportedRun], stories: Sequence[Incident]) -> bytes:
    """The state after a report: open incidents, runs by status, and each variant's last window."""
    ordered = sorted(runs, key=lambda run: run.key)
    last = {(run.key.type, run.key.variant): run for run in ordered}

    def of_last(value: Callable[[ReportedRun], float]) -> Iterator[Sample]:
        for (type_, variant), run in last.items():
            yield {"monitor": monitor, "variant": variant, **_type(type_)}, float(value(run))

    metrics: dict[str, tuple[str, Iterable[Sample]]] = {
        "open_incidents": ("Incidents that have not ended.", _open(monitor, stories)),
        "incident_open": ("1 for each incident that has not ended.", _each_open(monitor, stories)),
        "runs": ("Committed runs.", _statuses(monitor, runs)),
        "last_window_end_seconds": (
            "End of the last window that was run, in Unix seconds.",
            of_last(lambda run: run.key.window.end.timestamp()),
        ),
        "last_window_rows": ("Rows of that window.", of_last(lambda run: run.rows)),
        "last_window_violations": (
            "Violations in that window.",
            of_last(lambda run: len(run.violations)),
        ),
    }
    lines = (line for name, told in metrics.items() for line in _metric(f"tidegauge_{name}", *told))
    return "".join(lines).encode("utf-8", "replace")


def _metric(name: str, help_: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {help_}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{told}}} {value:.17g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _open(monitor: str, stories: Iterable[Incident]) -> Iterator[Sample]:
    counts = Counter(story.severity for story in stories if story.closed is None)
    for severity in Severity:
        yield {"monitor": monitor, "severity": severity.value}, float(counts[severity])


def _each_open(monitor: str, stories: Iterable[Incident]) -> Iterator[Sample]:
    for story in stories:
        if story.closed is None:
            labels = {
                "monitor": monitor,
                **_type(story.type),
                "variant": story.variant,
                "feature": story.feature,
                "check": story.check,
                **({"rule": story.rule} if story.rule else {}),
                "severity": story.severity.value,
            }
            yield labels, 1.0


def _statuses(monitor: str, runs: Iterable[ReportedRun]) -> Iterator[Sample]:
    counts = Counter((run.key.type, run.status) for run in runs)
    for (type_, status), count in sorted(counts.items()):
        yield {"monitor": monitor, "status": status.value, **_type(type_)}, float(count)


def _type(type_: MonitorType) -> dict[str, str]:
    """Data quality, the first type there was, is told of without its name."""
    return {} if type_ is MonitorType.DATA_QUALITY else {"type": type_.value}
