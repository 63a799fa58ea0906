"""Documents as tables for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tidegauge.documents import constraints, outcomes, statistics, violations
from tidegauge.documents.quality import constraints as quality_constraints
from tidegauge.documents.quality import statistics as quality_statistics
from tidegauge.documents.text import load
from tidegauge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegauge.flows.review import Change
    from tidegauge.model.statistics import FeatureStatistics
    from tidegauge.model.window import Window
    from tidegauge.rules.constraints import FeatureConstraints
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.series import Point, Series
    from tidegauge.sinks.summary import SummaryRow

_FEW = 5
_FEW_RUNS = 3
_WINDOWS_SHOWN = 31
_LARGE = 1_000
# The few metrics of each problem that the report's table has room for.
_QUALITY = ("accuracy", "recall", "precision", "auc", "weighted_f1", "mae", "rmse", "r2",
            "cost_per_thousand", "total_cost")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One table: a title, columns, and rows of text; `right` names the columns of numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()


def tables(data: bytes, where: str) -> tuple[Shown, ...]:
    """The tables of a document of any kind that Tidegauge or SageMaker writes.

    Raises:
        DocumentError: it is none of them.
    """
    document = load(data, where)
    if "violations" in document:
        return (_violations(document, where),)
    if "outcomes" in document:
        return (_outcomes(document, where),)
    if any(key.endswith("_metrics") for key in document):
        return (_metrics(document, where),)
    if any(key.endswith("_constraints") for key in document):
        return (_metric_constraints(document, where),)
    if "dataset" in document:
        return (_statistics(document, where),)
    if "features" in document:
        return (_constraints(document, where),)
    raise DocumentError(
        f"{where} is none of statistics, constraints, violations and outcomes: its keys are "
        f"{', '.join(map(repr, document)) or 'none'}"
    )


def days_table(rows: Iterable[SummaryRow]) -> Shown:
    """The report's table: for each feature and check the UTC days on which it was violated."""
    cells: dict[tuple[str, str], list[SummaryRow]] = {}
    for row in rows:
        cells.setdefault((row.feature, row.check), []).append(row)
    lines = tuple(
        (
            feature,
            check,
            str(sum(row.count for row in found)),
            _days([date.fromisoformat(row.date) for row in found]),
            found[0].description,
        )
        for (feature, check), found in cells.items()
    )
    columns = ("feature", "check", "windows", "on these UTC days", "first of them")
    return Shown("violations per feature and day", columns, lines, ("windows",))


def changes_table(changes: Iterable[Change]) -> Shown:
    """Alarms that come and go under other settings."""
    rows = tuple(
        (
            "comes" if change.comes else "goes",
            str(change.key.window),
            change.key.variant,
            outcome.feature,
            outcome.check,
            change.now.description if change.now else "the check is no longer made",
        )
        for change in changes
        if (outcome := change.now or change.before)
    )
    columns = ("alarm", "window", "variant", "feature", "check", "with these settings")
    return Shown(f"{len(rows)} alarms that change", columns, rows)


def open_incidents_table(stories: Iterable[Incident]) -> Shown:
    """What has not ended: since which window, and in how many."""
    rows = tuple(
        (
            story.severity.value,
            story.variant,
            story.feature,
            story.check,
            str(story.since),
            str(len(story.windows)),
        )
        for story in stories
        if story.closed is None
    )
    columns = ("severity", "variant", "feature", "check", "since", "windows")
    return Shown(f"{len(rows)} open incidents", columns, rows, ("windows",))


def _days(days: Sequence[date]) -> str:
    """Days in order, runs of them as one; beyond a few, how many more there are."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    words = [f"{a}" if a == b else f"{a} to {b:%m-%d}" for a, b in runs[:_FEW_RUNS]]
    more = sum((b - a).days + 1 for a, b in runs[_FEW_RUNS:])
    return ", ".join(words) + (f", {more} more" if more else "")


def _statistics(document: dict[str, object], where: str) -> Shown:
    decoded = statistics.decode(document, where)
    columns = ("feature", "type", "present", "missing", "mean", "std dev", "min", "max",
               "distinct", "most frequent")  # fmt: skip
    rows = tuple(_statistics_row(feature) for feature in decoded.features)
    return Shown(f"{decoded.item_count:,} rows", columns, rows, columns[2:9])


def _statistics_row(feature: FeatureStatistics) -> tuple[str, ...]:
    numeric, text = feature.numeric, feature.text
    numbers = (numeric.mean, numeric.std_dev, numeric.min, numeric.max) if numeric else (None,) * 4
    distinct = numeric.approximate_num_distinct_values if numeric else None
    return (
        feature.name,
        feature.failure or feature.inferred_type.value,
        f"{feature.num_present:,}",
        f"{feature.num_missing:,}",
        *map(_number, numbers),
        _number(text.distinct_count if text else distinct),
        _frequent(feature),
    )


def _frequent(feature: FeatureStatistics) -> str:
    detail = feature.detail
    if feature.text is None:
        strays = detail.strays.values if detail and detail.strays else ()
        listed = ", ".join(f"{value!r} ({count:,})" for value, count in strays[:_FEW])
        return f"not {feature.inferred_type.value}: {listed}" if listed else ""
    ranked = feature.text.categories or ()
    if not ranked and detail and detail.frequent:
        ranked = detail.frequent.values
    return ", ".join(f"{value} ({count:,})" for value, count in ranked[:_FEW])


def _constraints(document: dict[str, object], where: str) -> Shown:
    decoded = constraints.decode(document, where)
    columns = ("feature", "type", "completeness", "non-negative", "domain", "overrides")
    rows = tuple(_constraints_row(feature) for feature in decoded.features)
    return Shown(f"constraints of {len(rows)} features", columns, rows, ("completeness",))


def _constraints_row(feature: FeatureConstraints) -> tuple[str, ...]:
    domain = feature.domains or ()
    more = f" ... {len(domain)} in all" if len(domain) > _FEW else ""
    return (
        feature.name,
        feature.inferred_type.value,
        _number(feature.completeness),
        {None: "", True: "yes", False: "no"}[feature.is_non_negative],
        ", ".join(domain[:_FEW]) + more,
        ", ".join(f"{key}={value}" for key, value in feature.overrides.items()),
    )


def _metrics(document: dict[str, object], where: str) -> Shown:
    decoded = quality_statistics.decode(document, where)
    rows = tuple(
        (name, _number(metric.value), _number(metric.low), _number(metric.high), f"{metric.n:,}")
        for name, metric in decoded.metrics.items()
    )
    columns = ("metric", "value", "at least", "at most", "rows")
    return Shown(f"{decoded.rows:,} rows with label and answer", columns, rows, columns[1:])


def _metric_constraints(document: dict[str, object], where: str) -> Shown:
    decoded = quality_constraints.decode(document, where)
    rows = tuple(
        (
            constraint.metric,
            "at least" if constraint.operator.sign < 0 else "at most",
            _number(constraint.threshold),
            _number(constraint.basis.value if constraint.basis else None),
        )
        for constraint in decoded.metrics
    )
    columns = ("metric", "must be", "threshold", "in the baseline")
    return Shown(f"constraints of {len(rows)} metrics", columns, rows, columns[2:])


def _violations(document: dict[str, object], where: str) -> Shown:
    rows = tuple(
        (v.feature_name, v.constraint_check_type, v.description)
        for v in violations.decode(document, where)
    )
    return Shown(f"{len(rows)} violations", ("feature", "check", "description"), rows)


def _outcomes(document: dict[str, object], where: str) -> Shown:
    rows = tuple(
        (o.feature, o.check, o.verdict.value, o.description)
        for o in outcomes.decode(document, where)
    )
    return Shown(f"{len(rows)} outcomes", ("feature", "check", "verdict", "description"), rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"


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
