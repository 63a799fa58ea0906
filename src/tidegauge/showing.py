"""Documents as tables for the terminal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tidegauge.documents import constraints, outcomes, statistics, violations
from tidegauge.documents.text import load
from tidegauge.errors import DocumentError
from tidegauge.rules.packs.words import requirement
from tidegauge.showing_quality import metric_constraints_table, metrics_table
from tidegauge.shown import Shown, check_told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegauge.flows.replaying import Change
    from tidegauge.model.statistics import FeatureStatistics
    from tidegauge.rules.constraints import FeatureConstraints
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.sinks.incidents import Incident
    from tidegauge.sinks.summary import SummaryRow

_FEW = 5
_FEW_RUNS = 3


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
        return (metrics_table(document, where),)
    if any(key.endswith("_constraints") for key in document):
        return (metric_constraints_table(document, where),)
    if "dataset" in document:
        return (_statistics(document, where),)
    if "features" in document:
        return (_constraints(document, where),)
    raise DocumentError(
        f"{where} is none of statistics, constraints, violations and outcomes: its keys are "
        f"{', '.join(map(repr, document)) or 'none'}"
    )


def rules_table(rules: Iterable[InForce]) -> Shown:
    """The rules that are in force, and where each is written."""
    lines = tuple(
        (one.feature, requirement(one.rule), one.rule.severity.value, str(one.rule.place))
        for one in rules
    )
    return Shown("rules in force", ("feature", "requires", "severity", "from"), lines)


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
    columns = ("feature", "check", "violations", "on these UTC days", "first of them")
    return Shown("violations per feature and day", columns, lines, ("violations",))


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
            check_told(story.check, story.rule),
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
