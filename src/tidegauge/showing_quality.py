"""Model quality as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.documents.quality import constraints, statistics
from tidegauge.model.window import Window
from tidegauge.shown import Shown

if TYPE_CHECKING:
    from tidegauge.rules.quality.constraints import Basis
    from tidegauge.sinks.series import Point, Series

_WINDOWS_SHOWN = 31
_LARGE = 1_000
# The few metrics of each problem that the report's table has room for.
_QUALITY = ("accuracy", "recall", "precision", "auc", "weighted_f1", "mae", "rmse", "r2",
            "cost_per_thousand", "total_cost")  # fmt: skip


def metrics_table(document: dict[str, object], where: str) -> Shown:
    """The metrics of a model-quality statistics document, with their intervals."""
    decoded = statistics.decode(document, where)
    rows = tuple(
        (name, _number(metric.value), _number(metric.low), _number(metric.high), f"{metric.n:,}")
        for name, metric in decoded.metrics.items()
    )
    columns = ("metric", "value", "at least", "at most", "rows")
    return Shown(f"{decoded.rows:,} rows with label and answer", columns, rows, columns[1:])


def metric_constraints_table(document: dict[str, object], where: str) -> Shown:
    """The constraints of a model-quality document, beside the baseline's values."""
    decoded = constraints.decode(document, where)
    rows = tuple(
        (
            constraint.metric,
            "at least" if constraint.operator.sign < 0 else "at most",
            _number(constraint.threshold),
            _number(constraint.basis.value if constraint.basis else None),
            _stands_on(constraint.basis),
        )
        for constraint in decoded.metrics
    )
    columns = ("metric", "must be", "threshold", "value", "in")
    return Shown(f"constraints of {len(rows)} metrics", columns, rows, columns[2:4])


def _stands_on(basis: Basis | None) -> str:
    if basis is None:
        return ""
    return f"{Window.parse(basis.accepted)}, accepted" if basis.accepted else "the baseline"


def quality_table(series: Series) -> Shown:
    """Model quality window by window, the last month's; a mark says what stands out there."""
    points = series.points[-_WINDOWS_SHOWN:]
    names = [name for name in _QUALITY if any(name in point.values for point in points)]
    shifts: dict[Window, list[str]] = {}
    for shift in series.shifts:
        shifts.setdefault(shift.key.window, []).append(shift.name)
    rows = tuple(
        (
            f"{point.key.window.start:%Y-%m-%d %H:%M}".removesuffix(" 00:00"),
            _labels(point),
            str(point.record.labels.get("revision", 0)),
            *(_short(point.values.get(name)) for name in names),
            "; ".join(
                f"{word} {', '.join(found)}"
                for word, found in (
                    ("spike:", [n for n in point.spikes if n in names]),
                    ("level moved:", [n for n in shifts.get(point.key.window, ()) if n in names]),
                )
                if found
            ),
        )
        for point in points
    )
    columns = ("window", "labels", "revision", *names, "stands out")
    before = ("baseline", "", "", *(_short(series.baseline.get(name)) for name in names), "")
    title = f"model quality of {series.variant}, window by window"
    return Shown(title, columns, (before, *rows), columns[1:-1])


def _labels(point: Point) -> str:
    labels = point.record.labels
    return f"{labels.get('labelled', 0):,} of {labels.get('predictions', 0):,}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}" if abs(value) < _LARGE else f"{value:,.0f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"
