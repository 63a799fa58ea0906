"""The whole profile by Deequ's ColumnProfiler, for those who must have it; the same documents.

Deequ knows fewer types than the rows have (no dates, times or booleans of their own), counts a null
as the text "NullValue" in histograms, and passes over NaN nowhere: where its number is none, the
documents have none. Columns go to it as c0, c1 ..., since it does not quote names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.engines.spark import failures_told
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
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from tidegauge.model.statistics import Kind

_KLL_SIZE, _KLL_SHRINKING, _BUCKETS = 2048, 0.64, 10  # as the service's documents have them
NULL = "NullValue"  # Deequ's `Histogram.NullFieldReplacement`
_NUMBER_TYPES = {"Integral": InferredType.INTEGRAL, "Fractional": InferredType.FRACTIONAL}
_TEXTS = ("String", "Boolean")


def statistics_of(rows: DataFrame, kinds: Mapping[str, Kind]) -> Statistics:
    """What Deequ says of the columns `kinds` of some rows, with KLL sketches as SageMaker has them.

    Raises:
        EngineError: Deequ or Spark failed.
    """
    from pydeequ.analyzers import KLLParameters
    from pydeequ.profiles import ColumnProfilerRunner

    spark = rows.sparkSession
    kll = KLLParameters(spark, _KLL_SIZE, _KLL_SHRINKING, _BUCKETS)
    names = dict(zip((f"c{i}" for i in range(len(kinds))), kinds, strict=True))
    plain = rows.toDF(*names)
    with failures_told():
        builder = ColumnProfilerRunner(spark).onData(plain).withKLLProfiling()
        builder = builder.setKLLParameters(kll)
        profiled = builder._ColumnProfilerRunBuilder.run()
        count = int(profiled.numRecords())
        profiles = profiled.profiles()
        features = tuple(
            _feature(name, profiles.apply(column), count, spark._jvm)
            for column, name in names.items()
        )
    return Statistics(count, features, {"engine": "deequ"})


def _feature(name: str, profile: Any, count: int, jvm: Any) -> FeatureStatistics:  # noqa: ANN401
    type_ = str(profile.dataType().toString())
    present = round(profile.completeness() * count)
    distinct = int(profile.approximateNumDistinctValues())
    numeric = _numeric(profile, distinct, jvm) if type_ in _NUMBER_TYPES and present else None
    text = _text(profile, distinct, count - present) if type_ in _TEXTS else None
    inferred = _NUMBER_TYPES.get(type_, InferredType.STRING if text else InferredType.UNKNOWN)
    return FeatureStatistics(name, inferred, present, count - present, numeric, text)


def _numeric(profile: Any, distinct: int, jvm: Any) -> NumericStatistics:  # noqa: ANN401
    return NumericStatistics(
        mean=_finite(profile.mean()),
        sum=_finite(profile.sum()),
        std_dev=_finite(profile.stdDev()),
        min=_finite(profile.minimum()),
        max=_finite(profile.maximum()),
        approximate_num_distinct_values=distinct,
        **_distribution(profile.kll(), jvm),
    )


def _finite(option: Any) -> float | None:  # noqa: ANN401  (Scala's Option)
    value = float(option.get()) if option.isDefined() else math.nan
    return value if math.isfinite(value) else None


def _distribution(kll: Any, jvm: Any) -> dict[str, Any]:  # noqa: ANN401
    """Buckets and sketch; none where a bound is not finite, for which the document has no word."""
    if not kll.isDefined():
        return {}
    found = kll.get()
    buckets = tuple(
        Bucket(float(b.lowValue()), float(b.highValue()), float(b.count()))
        for b in (found.buckets().apply(i) for i in range(found.buckets().size()))
    )
    # One text a level: its thousands of numbers would each be a call.
    texts = [str(jvm.java.util.Arrays.toString(level)) for level in found.data()]
    if not all(math.isfinite(b.upper_bound - b.lower_bound) for b in buckets):
        return {}
    levels = tuple(np.array(_numbers(text), np.float64) for text in texts)
    c, k = (float(found.parameters().apply(i)) for i in range(2))
    return {"buckets": buckets, "sketch": Sketch(levels, k=k, c=c)}


def _numbers(text: str) -> list[float]:
    """The finite numbers of a level; JSON has no words for the others."""
    words = text.strip("[]").split(", ") if text != "[]" else []
    return [number for number in map(float, words) if math.isfinite(number)]


def _text(profile: Any, distinct: int, missing: int) -> StringStatistics:  # noqa: ANN401
    histogram = profile.histogram()
    if not histogram.isDefined():
        return StringStatistics(float(distinct))
    counts: dict[str, int] = {}
    entries = histogram.get().values().iterator()
    while entries.hasNext():
        entry = entries.next()
        counts[str(entry._1())] = int(entry._2().absolute())
    if missing and counts.get(NULL, 0) <= missing:
        counts.pop(NULL, None)
    elif missing:  # a text that reads so stands beside the nulls
        counts[NULL] -= missing
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return StringStatistics(float(distinct), tuple(ranked))
