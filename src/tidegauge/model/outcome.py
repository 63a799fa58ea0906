"""Outcomes: what became of each check of each feature, with the numbers it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Check(StrEnum):
    """`constraint_check_type`: SageMaker's six words, and ours where it has none."""

    DATA_TYPE = "data_type_check"
    COMPLETENESS = "completeness_check"
    BASELINE_DRIFT = "baseline_drift_check"
    MISSING_COLUMN = "missing_column_check"
    EXTRA_COLUMN = "extra_column_check"
    CATEGORICAL_VALUES = "categorical_values_check"
    NON_NEGATIVE = "non_negative_check"
    RANGE = "range_check"
    LENGTH = "length_check"
    ROW_COUNT = "row_count_check"
    # Of constraint packs alone:
    SIGN = "sign_check"
    PATTERN = "pattern_check"
    UNIQUENESS = "uniqueness_check"
    FRESHNESS = "freshness_check"
    COMPARISON = "comparison_check"
    CORRELATION = "correlation_check"
    ENTROPY = "entropy_check"
    MUTUAL_INFORMATION = "mutual_information_check"
    DISTINCT_COUNT = "distinct_count_check"
    QUANTILE = "quantile_check"
    MEAN = "mean_check"
    STD_DEV = "std_dev_check"
    SUM = "sum_check"
    PREDICATE = "predicate_check"


DATASET = "_dataset"
"""The feature of an outcome that is about no column."""


class Verdict(StrEnum):
    """Never a silent pass: what could not be decided says so."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_ENOUGH_DATA = "not enough data"
    NOT_EVALUATED = "not evaluated"


class Severity(StrEnum):
    """How bad a violation is: that of a feature that people call critical, or any other's."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check of one feature. `numbers` are JSON values: observed, threshold, sample sizes ..."""

    feature: str
    check: str
    verdict: Verdict
    description: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Violation:
    """One entry of `constraint_violations.json`; `extension` travels under `tidegauge`."""

    feature_name: str
    constraint_check_type: str
    description: str
    extension: Mapping[str, Any] = field(default_factory=dict)
