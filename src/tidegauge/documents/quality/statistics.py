"""`statistics.json` of model quality: SageMaker's shape, order and names of metrics.

Sources: the developer guide, "Model quality metrics", and the shapes of files that the service
wrote from 2020 to 2024. An undefined metric is left out of its section, its reason stands under
`tidegauge`; null stands only for a standard deviation, as in the service's newer files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.documents.quality.problems import key_of, problem_of
from tidegauge.documents.reader import (
    Reader,
    UnfitError,
    count,
    mapping,
    number,
    text,
    version_zero,
)
from tidegauge.model.quality import Estimate, Problem, QualityStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONSTANT = "_best_constant_classifier"
_ROC, _PRC = "receiver_operating_characteristic_curve", "precision_recall_curve"
_MATRIX = "confusion_matrix"
_MEANS = ("recall", "precision", "f0_5", "f1", "f2")
_RATES = ("recall", "precision", "accuracy")
_FS = ("f0_5", "f1", "f2")
_MULTICLASS = ("accuracy", *(f"weighted_{name}" for name in _MEANS))
# The sections' keys in the service's order.
_ORDER: Mapping[Problem, tuple[str, ...]] = {
    Problem.REGRESSION: ("mae", "mse", "rmse", "r2"),
    Problem.BINARY: (
        *(_MATRIX, *_RATES, *(name + _CONSTANT for name in _RATES)),
        *("true_positive_rate", "true_negative_rate"),
        *("false_positive_rate", "false_negative_rate"),
        *(_ROC, _PRC, "auc", "au_prc", *_FS, *(name + _CONSTANT for name in _FS)),
    ),
    Problem.MULTICLASS: (_MATRIX, *_MULTICLASS, *(name + _CONSTANT for name in _MULTICLASS)),
}
_NUMBERS = ("value", "standard_deviation", "low", "high")
_EXTRAS = ("error", "skewness")  # left out where they are 0


def encode(statistics: QualityStatistics) -> dict[str, Any]:
    """The document; metrics that SageMaker has not are under `tidegauge`, with all intervals."""
    return {
        "version": 0.0,
        "dataset": {"item_count": statistics.rows},
        key_of(statistics.problem, "metrics"): _section(statistics),
        "tidegauge": {
            "metrics": {name: _own(metric) for name, metric in statistics.metrics.items()},
            **statistics.detail,
        },
    }


def _section(statistics: QualityStatistics) -> dict[str, Any]:
    deviations = statistics.detail.get("subsample_standard_deviations")
    section: dict[str, Any] = {}
    for key in _ORDER[statistics.problem]:
        metric = statistics.metrics.get(key)
        if key == _MATRIX:
            section[key] = {actual: dict(row) for actual, row in statistics.confusion.items()}
        elif curve := statistics.curves.get(key):
            section[key] = {name: list(points) for name, points in curve.items()}
        elif metric is not None and metric.value is not None:
            deviation = metric.standard_deviation if deviations is None else deviations.get(key)
            section[key] = {"value": metric.value, "standard_deviation": deviation}
    return section


def _own(metric: Estimate) -> dict[str, Any]:
    if metric.value is None:
        return {"undefined": metric.undefined}
    known = {name: getattr(metric, name) for name in _NUMBERS}
    document: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    document["n"] = metric.n
    return document | {name: n for name in _EXTRAS if (n := getattr(metric, name))}


def decode(document: dict[str, Any], where: str) -> QualityStatistics:
    """The statistics of a document that `load` has read, ours or the service's.

    Metrics of any name are taken over. A standard deviation of null or "NaN" is unknown. Where
    there is no number of rows, it is that of the confusion matrix.

    Raises:
        DocumentError: a value is missing or unfit, or the problem is unknown.
    """
    reader = Reader(document, where)
    reader.maybe("version", version_zero)
    problem = problem_of(reader, "metrics")
    section = reader.section(key_of(problem, "metrics"))
    matrix = section.maybe_section(_MATRIX)
    confusion = {actual: matrix.values(actual, count) for actual in matrix.fields} if matrix else {}
    dataset = reader.maybe_section("dataset")
    rows = dataset.get("item_count", count) if dataset else _total(confusion)
    own = dict(reader.maybe("tidegauge", mapping) or {})
    metrics = {
        key: _decode_metric(section.section(key), rows)
        for key in section.fields
        if key not in (_MATRIX, _ROC, _PRC)
    }
    if (kept := Reader(own, where, "tidegauge").maybe_section("metrics")) is not None:
        metrics = {key: _decode_own(kept.section(key)) for key in kept.fields} | {
            key: metric for key, metric in metrics.items() if key not in kept.fields
        }
    return QualityStatistics(
        problem=problem,
        rows=rows,
        metrics=metrics,
        confusion=confusion,
        curves={
            key: section.values(key, _numbers) for key in (_ROC, _PRC) if section.fields.get(key)
        },
        detail={key: value for key, value in own.items() if key != "metrics"},
    )


def _total(confusion: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(row.values()) for row in confusion.values())


def _decode_metric(reader: Reader, rows: int) -> Estimate:
    return Estimate(
        reader.get("value", number), reader.maybe("standard_deviation", _deviation), n=rows
    )


def _decode_own(reader: Reader) -> Estimate:
    if "undefined" in reader.fields:
        return Estimate(None, undefined=reader.get("undefined", text))
    return Estimate(
        value=reader.get("value", number),
        standard_deviation=reader.maybe("standard_deviation", number),
        low=reader.maybe("low", number),
        high=reader.maybe("high", number),
        n=reader.get("n", count),
        error=reader.maybe("error", number) or 0.0,
        skewness=reader.maybe("skewness", number) or 0.0,
    )


def _deviation(value: object) -> float | None:
    return None if value == "NaN" else number(value)


def _numbers(value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise UnfitError("a list of numbers")
    return tuple(map(number, value))
