"""Edits: the smallest change of a constraint that would accept what a window has shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, inf, nextafter
from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Check, Severity, Violation
from tidegauge.model.statistics import InferredType
from tidegauge.rules.constraints import CategoricalMethod, Constraints, FeatureConstraints
from tidegauge.rules.counts import value_counts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tidegauge.model.statistics import FeatureStatistics, Statistics

EDIT = "suggested_edit"
_ADD, _REMOVE, _DOMAINS = "add", "remove", "domains"


@dataclass(frozen=True, slots=True)
class Edit:
    """One setting of one feature of a `constraints.json`.

    `setting` is a key of the feature (`domains`: the values are added to the others), a key of its
    `monitoringConfigOverrides`, or `add` and `remove` for the feature itself.
    """

    feature: str
    setting: str
    value: Any

    def to_json(self) -> dict[str, Any]:
        """The edit as it stands in a violation."""
        return {"feature": self.feature, "setting": self.setting, "value": self.value}


def told(
    violations: Iterable[Violation],
    statistics: Statistics,
    constraints: Constraints,
    critical: Collection[str],
) -> tuple[Violation, ...]:
    """The violations with their severity, and with the edit that would accept each."""
    by_name = {feature.name: feature for feature in constraints.features}
    found = []
    for violation in violations:
        name = violation.feature_name
        severity = Severity.CRITICAL if name in critical else Severity.WARNING
        edit = _edit(violation, statistics.feature(name), by_name.get(name))
        more = {"severity": severity.value} | ({EDIT: edit.to_json()} if edit else {})
        found.append(replace(violation, extension={**violation.extension, **more}))
    return tuple(found)


def applied(constraints: Constraints, edit: Edit) -> Constraints:
    """The constraints with the edit made; the others stay as they are."""
    if edit.setting == _ADD:
        kept = tuple(f for f in constraints.features if f.name != edit.feature)
        added = FeatureConstraints(edit.feature, InferredType(edit.value))
        return replace(constraints, features=(*kept, added))
    features = (
        _edited(feature, edit) if feature.name == edit.feature else feature
        for feature in constraints.features
        if feature.name != edit.feature or edit.setting != _REMOVE
    )
    return replace(constraints, features=tuple(features))


def _edited(feature: FeatureConstraints, edit: Edit) -> FeatureConstraints:
    if edit.setting == _DOMAINS:
        new = (value for value in edit.value if value not in (feature.domains or ()))
        return replace(feature, domains=(*(feature.domains or ()), *new))
    match edit.setting:
        case "completeness":
            return replace(feature, completeness=edit.value)
        case "inferred_type":
            return replace(feature, inferred_type=InferredType(edit.value))
        case "range":
            return replace(feature, range=tuple(edit.value))
        case "length":
            return replace(feature, length=tuple(edit.value))
        case "is_non_negative":
            return replace(feature, is_non_negative=edit.value)
        case setting:
            return replace(feature, overrides={**feature.overrides, setting: edit.value})


def _edit(
    violation: Violation, current: FeatureStatistics | None, feature: FeatureConstraints | None
) -> Edit | None:
    name, numbers = violation.feature_name, violation.extension
    match violation.constraint_check_type:
        case Check.MISSING_COLUMN:
            return Edit(name, _REMOVE, value=True)
        case Check.EXTRA_COLUMN if current:
            return Edit(name, _ADD, current.inferred_type.value)
        case Check.NON_NEGATIVE:
            return Edit(name, "is_non_negative", value=False)
        case Check.COMPLETENESS:
            return Edit(name, "completeness", _below(numbers["observed"]))
        case Check.DATA_TYPE if current and feature:
            return _of_type(name, numbers, current, feature)
        case Check.CATEGORICAL_VALUES if current and feature:
            return _of_domain(name, numbers, current, feature)
        case Check.RANGE if feature and feature.range:
            return _of_range(name, numbers, feature.range)
        case Check.LENGTH if feature and feature.length:
            low, high = feature.length
            bounds = [min(low, numbers["shortest"]), max(high, numbers["longest"])]
            return Edit(name, "length", bounds)
        case Check.BASELINE_DRIFT if feature:
            return _of_drift(name, numbers, feature)
        case _:
            return None


def _of_type(
    name: str,
    numbers: Mapping[str, Any],
    current: FeatureStatistics,
    feature: FeatureConstraints,
) -> Edit:
    """Another type where no value is of the expected one; a column of strays keeps its type."""
    if numbers["observed"] or current.inferred_type is feature.inferred_type:
        return Edit(name, "datatype_check_threshold", _below(numbers["observed"]))
    return Edit(name, "inferred_type", current.inferred_type.value)


def _of_domain(
    name: str,
    numbers: Mapping[str, Any],
    current: FeatureStatistics,
    feature: FeatureConstraints,
) -> Edit:
    values = value_counts(current)
    if values is None or values.error:
        return Edit(name, "domain_content_threshold", _below(numbers["observed"]))
    known = frozenset(feature.domains or ())
    return Edit(name, _DOMAINS, [value for value in values.counts if value not in known])


def _of_range(
    name: str, numbers: Mapping[str, Any], bounds: tuple[float | None, float | None]
) -> Edit:
    """Both bounds moved to where the window's numbers end."""
    low, high = bounds
    least, greatest = numbers["min"], numbers["max"]
    if low is not None and least <= low:
        low = nextafter(least, -inf)
    if high is not None and greatest > high:
        high = greatest
    return Edit(name, "range", [low, high])


def _of_drift(name: str, numbers: Mapping[str, Any], feature: FeatureConstraints) -> Edit:
    effect = numbers.get("effect", numbers.get("distance"))
    if effect is None or numbers.get("method") == CategoricalMethod.CHI_SQUARED:
        return Edit(name, "perform_comparison", value=False)
    is_text = feature.inferred_type is InferredType.STRING
    key = "categorical_comparison_threshold" if is_text else "comparison_threshold"
    return Edit(name, key, min(1.0, ceil(effect * 100) / 100))


def _below(share: float) -> float:
    return floor(share * 10_000) / 10_000
