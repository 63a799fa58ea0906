"""Outcomes of packs: each rule answered from the profile or from the rows, and never silently.

One rule's trouble leaves the others whole; what could not be answered says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Outcome
from tidegauge.model.statistics import Kind
from tidegauge.rules.finding import Finding, not_evaluated
from tidegauge.rules.packs.from_profile import Batch, from_profile
from tidegauge.rules.packs.judging import Open, of_measured
from tidegauge.rules.packs.measure import Measured, columns_of
from tidegauge.rules.packs.of_batches import Drift
from tidegauge.rules.packs.rows import FromRows, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegauge.model.statistics import FeatureStatistics
    from tidegauge.rules.constraints import Constraints
    from tidegauge.rules.packs.overlay import InForce


_INT64 = 2**63


def open_rules(rules: Sequence[InForce], batch: Batch) -> tuple[int, ...]:
    """The rules that a batch's profile leaves open, by their place; its rows must be asked."""
    if not batch.statistics.item_count:
        return ()
    return tuple(
        index
        for index, one in enumerate(rules)
        if not isinstance(one.rule.check, Drift)
        and not _missing(one, batch)
        and isinstance(from_profile(one, batch), Open)
    )


def kinds_of(batch: Batch) -> dict[str, Kind]:
    """The kinds of a batch's columns as rows have them; one that failed is not among them."""
    return {
        name: _kind(feature) for name, feature in batch.features.items() if feature.failure is None
    }


def _kind(feature: FeatureStatistics) -> Kind:
    """Unsigned numbers that 64 bits with a sign do not hold are fractions in rows."""
    kind = feature.detail.kind if feature.detail else Kind.EMPTY
    most = feature.detail.exact_max if feature.detail else None
    if kind is Kind.INTEGRAL and most is not None and int(most) >= _INT64:
        return Kind.FRACTIONAL
    return kind


def outcomes(
    rules: Sequence[InForce], batch: Batch, rows: FromRows, no_rows: str = ""
) -> tuple[Outcome, ...]:
    """What became of each rule, in their order; `no_rows` is why no rows could be asked at all."""
    return tuple(_outcomes(rules, batch, rows, no_rows))


def _outcomes(
    rules: Sequence[InForce], batch: Batch, rows: FromRows, no_rows: str
) -> Iterator[Outcome]:
    for index, one in enumerate(rules):
        if isinstance(one.rule.check, Drift):
            continue  # it changes the drift check's own settings, whose outcome tells
        answer = from_profile(one, batch)
        by = "profile"
        if isinstance(answer, Open):
            by = rows.by
            answer = _from_rows(index, one, batch, rows, no_rows or answer.reason)
        yield _outcome(one, answer, by)


def _from_rows(index: int, one: InForce, batch: Batch, rows: FromRows, reason: str) -> Finding:
    if not batch.statistics.item_count:
        return not_evaluated("the dataset has no rows")
    if missing := _missing(one, batch):
        return not_evaluated(f"the column {missing!r} is missing")
    match rows.answers.get(index):
        case Measured() as measured:
            return of_measured(measured, one.rule, batch.end)
        case Unanswered() as unanswered:
            return not_evaluated(unanswered.reason)
        case _:
            return not_evaluated(f"the rows were not asked: {reason}")


def _missing(one: InForce, batch: Batch) -> str:
    """The first column of a rule that the batch does not have; empty: it has them all."""
    return next((name for name in columns_of(one) if name not in batch.features), "")


def _outcome(one: InForce, finding: Finding, by: str) -> Outcome:
    rule = one.rule
    about: dict[str, Any] = {
        "rule": str(rule.place), "rule_id": one.id, "severity": rule.severity.value,
    }  # fmt: skip
    told = {"name": rule.name, "owner": rule.owner, "where": rule.where, "answered_by": by}
    about |= {key: text for key, text in told.items() if text}
    return Outcome(
        one.feature,
        rule.check.check,
        finding.verdict,
        finding.description,
        {**_json(finding.numbers), **about},
    )


def _json(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers that JSON has a word for; NaN and infinities become texts."""
    return {k: v if not _odd(v) else str(v) for k, v in numbers.items()}


def _odd(value: object) -> bool:
    return isinstance(value, float) and (value != value or abs(value) == float("inf"))  # noqa: PLR0124


def overridden(constraints: Constraints, rules: Iterable[InForce]) -> Constraints:
    """The constraints with the drift settings of the packs, which go before their own."""
    settings = {one.column: one.rule.check for one in rules if isinstance(one.rule.check, Drift)}
    if not settings:
        return constraints
    features = tuple(
        replace(f, overrides={**f.overrides, **_drift_settings(settings[f.name])})
        if f.name in settings
        else f
        for f in constraints.features
    )
    return replace(constraints, features=features)


def _drift_settings(drift: Drift) -> dict[str, Any]:
    """As fields of `MonitoringConfig`."""
    given = {
        "perform_comparison": drift.compare,
        "comparison_threshold": drift.threshold,
        "categorical_comparison_threshold": drift.threshold,
        "comparison_method": drift.method,
    }
    return {name: value for name, value in given.items() if value is not None}
