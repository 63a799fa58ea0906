"""Constraints: the content of one `constraints.json`, and the single checks it stands for.

`Constraints` is what people keep and edit (SageMaker's developer guide, "Schema for Constraints");
`expand` turns it into a flat tuple of `Constraint`s, each with the setting that applies to it, so
that evaluation never asks where a threshold came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from tidegauge.model.outcome import Check
from tidegauge.model.statistics import InferredType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class ComparisonMethod(StrEnum):
    """How a drift distance is read: as it is, or less what chance alone would explain."""

    SIMPLE = "Simple"
    ROBUST = "Robust"


class CategoricalMethod(StrEnum):
    """How the categories of two datasets are compared."""

    L_INFINITY = "LInfinity"
    CHI_SQUARED = "ChiSquared"


@dataclass(frozen=True, slots=True)
class MonitoringConfig:
    """The settings of `monitoring_config`; the defaults are those the real container writes.

    `datatype_check_threshold` and `domain_content_threshold` are the least share of values that
    must match; the comparison thresholds are the largest distance that is still no drift.
    """

    evaluate_constraints: bool = True
    emit_metrics: bool = True
    datatype_check_threshold: float = 1.0
    domain_content_threshold: float = 1.0
    perform_comparison: bool = True
    comparison_threshold: float = 0.1
    comparison_method: ComparisonMethod = ComparisonMethod.ROBUST
    categorical_comparison_threshold: float = 0.1
    categorical_drift_method: CategoricalMethod = CategoricalMethod.L_INFINITY


@dataclass(frozen=True, slots=True)
class FeatureConstraints:
    """What is required of one feature; None: nothing is.

    `range` is where nearly all numbers lay, above the first and up to the second; None: unbounded.
    `length` is the least and the largest length of a text that is no surprise, in characters.
    `overrides` maps fields of `MonitoringConfig` to the values that hold for this feature alone;
    `extension` is what else is told of it, under the key `tidegauge`.
    """

    name: str
    inferred_type: InferredType
    completeness: float | None = None
    is_non_negative: bool | None = None
    domains: tuple[str, ...] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    range: tuple[float | None, float | None] | None = None
    length: tuple[int, int] | None = None
    extension: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Constraints:
    """The content of one `constraints.json`, features in the order of the baseline's columns."""

    features: tuple[FeatureConstraints, ...] = ()
    config: MonitoringConfig = field(default_factory=MonitoringConfig)
    extension: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """Violated when the dataset has no column of this name."""

    feature: str
    check: ClassVar[Check] = Check.MISSING_COLUMN


@dataclass(frozen=True, slots=True)
class DataType:
    """Violated when the share of present values that are of the expected type < threshold."""

    feature: str
    expected: InferredType
    threshold: float
    check: ClassVar[Check] = Check.DATA_TYPE


@dataclass(frozen=True, slots=True)
class Completeness:
    """Violated when the share of rows that have a value < threshold."""

    feature: str
    threshold: float
    check: ClassVar[Check] = Check.COMPLETENESS


@dataclass(frozen=True, slots=True)
class NonNegative:
    """Violated when any value is below zero."""

    feature: str
    check: ClassVar[Check] = Check.NON_NEGATIVE


@dataclass(frozen=True, slots=True)
class Domain:
    """Violated when the share of present values that are among `values` < threshold."""

    feature: str
    values: tuple[str, ...]
    threshold: float
    check: ClassVar[Check] = Check.CATEGORICAL_VALUES


@dataclass(frozen=True, slots=True)
class Range:
    """Violated when more numbers than the baseline's are at or below `above`, or beyond `up_to`."""

    feature: str
    above: float | None
    up_to: float | None
    check: ClassVar[Check] = Check.RANGE


@dataclass(frozen=True, slots=True)
class Length:
    """Violated when a text is shorter than `at_least` or longer than `up_to` characters."""

    feature: str
    at_least: int
    up_to: int
    check: ClassVar[Check] = Check.LENGTH


@dataclass(frozen=True, slots=True)
class NumericDrift:
    """Violated when the largest gap between the two distribution functions > threshold."""

    feature: str
    threshold: float
    method: ComparisonMethod
    check: ClassVar[Check] = Check.BASELINE_DRIFT


@dataclass(frozen=True, slots=True)
class CategoricalDrift:
    """Violated when the largest gap between two shares > threshold, or by the chi-squared test."""

    feature: str
    threshold: float
    method: ComparisonMethod
    drift_method: CategoricalMethod
    check: ClassVar[Check] = Check.BASELINE_DRIFT


@dataclass(frozen=True, slots=True)
class Disabled:
    """A check that a setting has switched off: it is reported, and not evaluated."""

    feature: str
    check: Check
    setting: str


OfFeature = (
    DataType
    | Completeness
    | NonNegative
    | Domain
    | Range
    | Length
    | NumericDrift
    | CategoricalDrift
)
Constraint = MissingColumn | OfFeature | Disabled


def expand(constraints: Constraints) -> tuple[Constraint, ...]:
    """Every single check that the constraints stand for, feature by feature, overrides applied."""
    return tuple(
        _switched(constraint, config)
        for feature in constraints.features
        for config in (_in_force(feature, constraints.config),)
        for constraint in _checks(feature, config)
    )


def _in_force(feature: FeatureConstraints, config: MonitoringConfig) -> MonitoringConfig:
    """The settings for one feature.

    A `comparison_threshold` of its own is for categories too, unless it has one for these: the
    docs' default, for one feature as for the whole document.
    """
    if not feature.overrides:
        return config
    overrides = dict(feature.overrides)
    if "comparison_threshold" in overrides:
        overrides.setdefault("categorical_comparison_threshold", overrides["comparison_threshold"])
    return replace(config, **overrides)


def _checks(feature: FeatureConstraints, config: MonitoringConfig) -> Iterator[Constraint]:
    name = feature.name
    yield MissingColumn(name)
    yield DataType(name, feature.inferred_type, config.datatype_check_threshold)
    if feature.completeness is not None:
        yield Completeness(name, feature.completeness)
    if feature.is_non_negative:
        yield NonNegative(name)
    if feature.domains is not None:
        yield Domain(name, feature.domains, config.domain_content_threshold)
    if feature.range is not None:
        yield Range(name, *feature.range)
    if feature.length is not None:
        yield Length(name, *feature.length)
    match feature.inferred_type:
        case InferredType.INTEGRAL | InferredType.FRACTIONAL:
            yield NumericDrift(name, config.comparison_threshold, config.comparison_method)
        case InferredType.STRING:
            yield CategoricalDrift(
                name,
                config.categorical_comparison_threshold,
                config.comparison_method,
                config.categorical_drift_method,
            )
        case InferredType.UNKNOWN:
            pass  # nothing is known that could be compared; the data type check says so


def _switched(constraint: Constraint, config: MonitoringConfig) -> Constraint:
    """The constraint itself, or what stands for it where the configuration switches it off."""
    if not config.evaluate_constraints:
        return Disabled(constraint.feature, constraint.check, "evaluate_constraints")
    if constraint.check is Check.BASELINE_DRIFT and not config.perform_comparison:
        return Disabled(constraint.feature, constraint.check, "perform_comparison")
    return constraint
