"""statistics.json: what is written is read back, in SageMaker's shape and number types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.documents import statistics as codec
from tidegauge.documents.text import dump, load
from tidegauge.errors import DocumentError
from tidegauge.model.statistics import (
    Bucket,
    Detail,
    FeatureStatistics,
    FrequentValues,
    InferredType,
    Kind,
    NumericStatistics,
    Sketch,
    Statistics,
    StringStatistics,
    TypeCounts,
)

counts = st.integers(0, 2**53)
numbers = st.floats(allow_nan=False, allow_infinity=False)
levels = st.lists(numbers, max_size=4).map(lambda items: np.array(items, dtype=np.float64))
counted = st.lists(st.tuples(st.text(), counts), max_size=3).map(tuple)
sketches = st.builds(Sketch, st.lists(levels, max_size=3).map(tuple))
numeric = st.builds(
    NumericStatistics,
    *[st.none() | numbers] * 5,
    st.none() | counts,
    st.lists(st.builds(Bucket, numbers, numbers, numbers), max_size=2).map(tuple),
    st.none() | sketches,
)
texts = st.builds(StringStatistics, st.floats(0, 1e9), st.none() | counted)
details = st.builds(
    Detail,
    st.sampled_from(Kind),
    *[counts] * 6,
    st.none() | st.builds(TypeCounts, *[counts] * 4),
    *[st.none() | st.floats(0, 1e9)] * 3,
    *[st.none() | st.text()] * 3,
    *[st.none() | st.builds(FrequentValues, counted, counts, counts)] * 2,
    *[st.none() | counts] * 2,
    st.none() | st.floats(0, 1e9),
)
features = st.builds(
    FeatureStatistics,
    st.text(),
    st.sampled_from(InferredType),
    counts,
    counts,
    st.none() | numeric,
    st.none() | texts,
    st.none() | details,
    st.none() | st.text(),
)
documents = st.builds(
    Statistics,
    counts,
    st.lists(features, max_size=3, unique_by=lambda f: f.name).map(tuple),
    st.dictionaries(st.text(), st.integers() | st.text(), max_size=2),
)


@settings(max_examples=200)
@given(documents)
def test_decode_reads_what_encode_wrote(statistics: Statistics) -> None:
    """The round trip law, through the bytes of the file."""
    data = dump(codec.encode(statistics))
    assert statistics == codec.decode(load(data, "statistics.json"), "statistics.json")


NUMERIC = FeatureStatistics(
    "age",
    InferredType.INTEGRAL,
    4,
    1,
    NumericStatistics(
        2, 8, 1, 1, 3, 3, (Bucket(1, 2, 1), Bucket(2, 3, 3)), Sketch((np.array([1.0, 3, 2, 2]),))
    ),
    detail=Detail(Kind.INTEGRAL, zeros=0, types=TypeCounts(integral=4)),
)


def test_a_numeric_feature_has_the_services_shape() -> None:
    """Keys, their order and number types are the service's; ours lie under one key."""
    statistics = Statistics(5, (NUMERIC,), {"rejected": 0})
    expected = """{
  "version": 0.0,
  "dataset": {"item_count": 5},
  "features": [
    {
      "name": "age",
      "inferred_type": "Integral",
      "numerical_statistics": {
        "common": {"num_present": 4, "num_missing": 1},
        "mean": 2.0,
        "sum": 8.0,
        "std_dev": 1.0,
        "min": 1.0,
        "max": 3.0,
        "approximate_num_distinct_values": 3,
        "completeness": 0.8,
        "distribution": {
          "kll": {
            "buckets": [
              {"lower_bound": 1.0, "upper_bound": 2.0, "count": 1.0},
              {"lower_bound": 2.0, "upper_bound": 3.0, "count": 3.0}
            ],
            "sketch": {
              "parameters": {"c": 0.64, "k": 2048.0},
              "data": [[1.0, 3.0, 2.0, 2.0]]
            }
          }
        }
      },
      "tidegauge": {
        "kind": "integral",
        "types": {"integral": 4, "fractional": 0, "boolean": 0, "string": 0}
      }
    }
  ],
  "tidegauge": {"rejected": 0}
}
"""
    assert expected == dump(codec.encode(statistics)).decode()


def test_a_text_feature_has_the_services_shape() -> None:
    """distinct_count is a float, the counts of categories are integers."""
    text = StringStatistics(2, (("b", 3), ("a", 1)))
    feature = FeatureStatistics("s", InferredType.STRING, 4, 0, text=text)
    expected = {
        "name": "s",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 4, "num_missing": 0},
            "distinct_count": 2.0,
            "distribution": {
                "categorical": {"buckets": [{"value": "b", "count": 3}, {"value": "a", "count": 1}]}
            },
        },
    }
    (found,) = codec.encode(Statistics(4, (feature,)))["features"]
    assert expected == found
    assert isinstance(found["string_statistics"]["distinct_count"], float)


def test_a_feature_without_values_has_counts_and_no_numbers() -> None:
    """Numbers are left out rather than null; a failed column keeps its counts and the reason."""
    null = FeatureStatistics("n", InferredType.UNKNOWN, 0, 7)
    failed = FeatureStatistics("f", InferredType.INTEGRAL, 0, 7, failure="too odd")
    first, second = codec.encode(Statistics(7, (null, failed)))["features"]
    common = {"common": {"num_present": 0, "num_missing": 7}}
    assert {"name": "n", "inferred_type": "Unknown", "string_statistics": common} == first
    assert second == {
        "name": "f",
        "inferred_type": "Integral",
        "numerical_statistics": common,
        "tidegauge": {"failure": "too odd"},
    }


def test_the_sketch_can_be_left_out() -> None:
    """Without its bulk the document still has the buckets."""
    (feature,) = codec.encode(Statistics(5, (NUMERIC,)), sketch=False)["features"]
    assert ["buckets"] == list(feature["numerical_statistics"]["distribution"]["kll"])


def test_unknown_keys_and_odd_spellings_of_the_service_are_read() -> None:
    """Newer containers' keys are read over; version "0" and a quoted NaN are no trouble."""
    document = {
        "version": "0",
        "dataset": {"item_count": 1, "evaluation_time": "2023-03-30T21:08:34.729Z"},
        "features": [
            {
                "name": "x",
                "inferred_type": "Fractional",
                "numerical_statistics": {
                    "common": {"num_present": 0, "num_missing": 1.0, "other": 1},
                    "mean": "NaN",
                    "min": None,
                },
            }
        ],
    }
    feature = FeatureStatistics("x", InferredType.FRACTIONAL, 0, 1, NumericStatistics())
    assert Statistics(1, (feature,)) == codec.decode(document, "statistics.json")


def _document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  (any JSON value)
    feature = {
        "name": "x",
        "inferred_type": "Fractional",
        "numerical_statistics": {
            "common": {"num_present": 1, "num_missing": 0},
            "mean": 1.0,
            "distribution": {
                "kll": {
                    "buckets": [],
                    "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[1.0]]},
                }
            },
        },
    }
    document = {"version": 0.0, "dataset": {"item_count": 1}, "features": [feature]}
    for path, value in changes.items():
        target: Any = document
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        for step in steps:
            target = target[step]
        target[last] = value
    return document


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 1.0}, "version: expected version 0.0, found 1.0"),
        ({"dataset": 3}, "dataset: expected an object, found 3"),
        ({"dataset__item_count": -1}, "dataset.item_count: expected a count"),
        ({"features__0": "x"}, 'features[0]: expected an object, found "x"'),
        ({"features": [{}]}, "features[0].name: expected a text, found nothing"),
        (
            {"features__0__inferred_type": "Fractionl"},
            (
                "features[0].inferred_type: expected one of 'Integral', 'Fractional', 'String',"
                " 'Unknown', found \"Fractionl\"; did you mean 'Fractional'?"
            ),
        ),
        (
            {"features__0__numerical_statistics__mean": True},
            "features[0].numerical_statistics.mean: expected a finite number, found true",
        ),
        (
            {"features__0__numerical_statistics__distribution__kll__sketch__data": [["1.0"]]},
            (
                "features[0].numerical_statistics.distribution.kll.sketch.data:"
                " expected a list of lists of numbers"
            ),
        ),
        (
            {"features__0__numerical_statistics__distribution__kll__sketch__data": [[1e999]]},
            "features[0].numerical_statistics.distribution.kll.sketch.data: expected finite",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_unfit_value_names_its_path(changes: dict[str, Any], message: str) -> None:
    """What is wrong, where, what was expected and found: in one sentence."""
    with pytest.raises(DocumentError) as caught:
        codec.decode(_document(**changes), "s3://bucket/statistics.json")
    assert str(caught.value).startswith(f"s3://bucket/statistics.json: {message}")


def test_a_name_that_stands_twice_is_refused() -> None:
    """Which of the two is meant cannot be known."""
    document = _document()
    document["features"] *= 2
    with pytest.raises(DocumentError, match=r"features\[1\].name: expected each name once, found"):
        codec.decode(document, "statistics.json")
