"""`statistics.json`: SageMaker's exact shape and number types, our details under `tidegauge`.

Sources: the developer guide, "Schema for Statistics", and files that the service wrote. Where it
has no rule (a feature without values) numbers are left out; null and NaN are never written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.documents import details
from tidegauge.documents.reader import (
    Reader,
    UnfitError,
    count,
    mapping,
    number,
    one_of,
    text,
    version_zero,
)
from tidegauge.model.statistics import (
    Bucket,
    FeatureStatistics,
    InferredType,
    NumericStatistics,
    Sketch,
    Statistics,
    StringStatistics,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMERIC = (InferredType.INTEGRAL, InferredType.FRACTIONAL)
_MOMENTS = ("mean", "sum", "std_dev", "min", "max")


def encode(statistics: Statistics, *, sketch: bool = True) -> dict[str, Any]:
    """The document; without `sketch` the quantile sketches, its bulk, are left out."""
    document: dict[str, Any] = {
        "version": 0.0,
        "dataset": {"item_count": statistics.item_count},
        "features": [_encode_feature(feature, sketch=sketch) for feature in statistics.features],
    }
    if statistics.extension:
        document["tidegauge"] = dict(statistics.extension)
    return document


def _encode_feature(feature: FeatureStatistics, *, sketch: bool) -> dict[str, Any]:
    """A feature; one without any statistics keeps its counts in the block of its type."""
    document: dict[str, Any] = {"name": feature.name, "inferred_type": feature.inferred_type.value}
    common = {"num_present": feature.num_present, "num_missing": feature.num_missing}
    if feature.numeric is not None:
        document["numerical_statistics"] = {
            "common": common,
            **_encode_numeric(feature.numeric, _completeness(feature), sketch=sketch),
        }
    if feature.text is not None:
        document["string_statistics"] = {
            "common": common,
            **_encode_text(feature.text, _completeness(feature)),
        }
    if feature.numeric is None and feature.text is None:
        numeric = feature.inferred_type in _NUMERIC
        document["numerical_statistics" if numeric else "string_statistics"] = {"common": common}
    if extra := details.encode(feature.detail, feature.failure):
        document["tidegauge"] = extra
    return document


def _completeness(feature: FeatureStatistics) -> dict[str, float]:
    """As newer containers write it; left out again in a document of an older one."""
    newer = feature.detail is not None or (
        feature.numeric is not None and feature.numeric.approximate_num_distinct_values is not None
    )
    share = feature.completeness
    return {"completeness": share} if newer and share is not None else {}


def _encode_numeric(
    numeric: NumericStatistics, completeness: dict[str, float], *, sketch: bool
) -> dict[str, Any]:
    moments = {name: getattr(numeric, name) for name in _MOMENTS}
    block: dict[str, Any] = {k: float(v) for k, v in moments.items() if v is not None}
    if numeric.approximate_num_distinct_values is not None:
        block["approximate_num_distinct_values"] = numeric.approximate_num_distinct_values
    kll: dict[str, Any] = {
        "buckets": [
            {
                "lower_bound": float(bucket.lower_bound),
                "upper_bound": float(bucket.upper_bound),
                "count": float(bucket.count),
            }
            for bucket in numeric.buckets
        ]
    }
    if sketch and numeric.sketch is not None:
        kll["sketch"] = {
            "parameters": {"c": float(numeric.sketch.c), "k": float(numeric.sketch.k)},
            "data": [level.tolist() for level in numeric.sketch.levels],
        }
    return block | completeness | {"distribution": {"kll": kll}}


def _encode_text(strings: StringStatistics, completeness: dict[str, float]) -> dict[str, Any]:
    block: dict[str, Any] = {"distinct_count": float(strings.distinct_count)} | completeness
    if strings.categories is not None:
        buckets = [{"value": value, "count": n} for value, n in strings.categories]
        block["distribution"] = {"categorical": {"buckets": buckets}}
    return block


def decode(document: dict[str, Any], where: str) -> Statistics:
    """The statistics of a document that `load` has read, ours or the service's.

    Unknown keys are tolerated; `where` names the document in messages.

    Raises:
        DocumentError: a value is missing or unfit, or a name stands twice.
    """
    reader = Reader(document, where)
    reader.maybe("version", version_zero)
    return Statistics(
        item_count=reader.section("dataset").get("item_count", count),
        features=tuple(map(_decode_feature, reader.named_objects("features"))),
        extension=reader.maybe("tidegauge", mapping) or {},
    )


def _decode_feature(reader: Reader) -> FeatureStatistics:
    numeric = reader.maybe_section("numerical_statistics")
    strings = reader.maybe_section("string_statistics")
    holder = numeric or strings
    common = holder.section("common") if holder else None
    detail, failure = details.decode(reader.maybe_section("tidegauge"))
    return FeatureStatistics(
        name=reader.get("name", text),
        inferred_type=reader.get("inferred_type", one_of(InferredType)),
        num_present=common.get("num_present", count) if common else 0,
        num_missing=common.get("num_missing", count) if common else 0,
        numeric=_decode_numeric(numeric) if numeric else None,
        text=_decode_text(strings) if strings else None,
        detail=detail,
        failure=failure,
    )


def _decode_numeric(reader: Reader) -> NumericStatistics | None:
    if set(reader.fields) <= {"common"}:
        return None
    distribution = reader.maybe_section("distribution")
    kll = distribution.maybe_section("kll") if distribution else None
    sketch = kll.maybe_section("sketch") if kll else None
    return NumericStatistics(
        mean=reader.maybe("mean", _number_or_none),
        sum=reader.maybe("sum", _number_or_none),
        std_dev=reader.maybe("std_dev", _number_or_none),
        min=reader.maybe("min", _number_or_none),
        max=reader.maybe("max", _number_or_none),
        approximate_num_distinct_values=reader.maybe("approximate_num_distinct_values", count),
        buckets=tuple(map(_decode_bucket, kll.objects("buckets"))) if kll else (),
        sketch=_decode_sketch(sketch) if sketch else None,
    )


def _number_or_none(value: object) -> float | None:
    """A number; the words that Jackson has for numbers that are none are read as none."""
    return None if value in ("NaN", "Infinity", "-Infinity") else number(value)


def _decode_bucket(reader: Reader) -> Bucket:
    return Bucket(
        lower_bound=reader.get("lower_bound", number),
        upper_bound=reader.get("upper_bound", number),
        count=reader.get("count", number),
    )


def _decode_sketch(reader: Reader) -> Sketch:
    parameters = reader.section("parameters")
    return Sketch(
        levels=reader.get("data", _levels),
        k=parameters.get("k", number),
        c=parameters.get("c", number),
    )


def _levels(value: object) -> tuple[NDArray[np.float64], ...]:
    if not isinstance(value, list) or not all(isinstance(level, list) for level in value):
        raise UnfitError("a list of lists of numbers")
    return tuple(map(_level, value))


def _level(items: list[Any]) -> NDArray[np.float64]:
    if not set(map(type, items)) <= {float, int}:
        raise UnfitError("a list of lists of numbers")
    level = np.array(items, dtype=np.float64)
    if not np.isfinite(level).all():
        raise UnfitError("finite numbers only")
    return level


def _decode_text(reader: Reader) -> StringStatistics | None:
    if set(reader.fields) <= {"common"}:
        return None
    distribution = reader.maybe_section("distribution")
    categorical = distribution.maybe_section("categorical") if distribution else None
    return StringStatistics(
        distinct_count=reader.get("distinct_count", number),
        categories=tuple(
            (bucket.get("value", text), bucket.get("count", count))
            for bucket in categorical.objects("buckets")
        )
        if categorical
        else None,
    )
