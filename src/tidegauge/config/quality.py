"""`ground_truth:` and `model_quality:`, the sections of the monitor of a model's answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.model.quality import MIN_EFFECT, Costs, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CLASSES = ("positive", "negative", "classes")


def with_class_names(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parsed conf whose classes have names: to YAML a class that is called 1 is a number."""
    section = tree.get("model_quality")
    if not isinstance(section, dict):
        return tree
    named = {key: _named(section[key]) for key in _CLASSES if key in section}
    return {**tree, "model_quality": {**section, **named}}


def _named(value: object) -> object:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list():
            return [_named(one) for one in value]
        case _:
            return value


class LabelFormat(StrEnum):
    """How the labels are written."""

    SAGEMAKER = "sagemaker"
    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    TABLE = "table"


class MergedForm(StrEnum):
    """How the merged rows are kept: as Parquet, or as the service's merged JSON Lines, too."""

    PARQUET = "parquet"
    SAGEMAKER = "sagemaker"


class Deviation(StrEnum):
    """What `standard_deviation` is: a bootstrap on the states, or the service's subsamples."""

    BOOTSTRAP = "bootstrap"
    SAGEMAKER = "sagemaker"


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """`ground_truth:` what really happened, as it becomes known.

    A window is evaluated when `wait` has passed since its end, or earlier when `coverage` of its
    predictions have labels; labels that are collected until `closes` after its end revise it.
    """

    uri: str
    format: LabelFormat
    id: str | None = None
    label: str | None = None
    time: str | None = None
    layout: str | None = None
    header: bool = True
    wait: str = "1d"
    coverage: float | None = None
    closes: str = "30d"
    merged: MergedForm = MergedForm.PARQUET


@dataclass(frozen=True, slots=True)
class QualityBaseline:
    """`model_quality.baseline:` rows with label and answer that the model has not learnt from."""

    uri: str
    format: LabelFormat
    time: str | None = None
    header: bool = True


@dataclass(frozen=True, slots=True)
class ModelQuality:
    """`model_quality:` what the model answers, and what its errors cost."""

    problem: Problem
    label: str = "label"
    score: str | tuple[str, ...] | None = None
    prediction: str | None = None
    threshold: float = 0.5
    positive: str = "1"
    negative: str = "0"
    classes: tuple[str, ...] = ()
    costs: Costs | None = None
    baseline: QualityBaseline | None = None
    standard_deviation: Deviation = Deviation.BOOTSTRAP
    fewest_labels: int = 30
    min_effect: float = MIN_EFFECT
