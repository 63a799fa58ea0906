"""Suggestion: what a dataset shows is what is asked of the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegauge.model.statistics import (
    Detail,
    FeatureStatistics,
    InferredType,
    Kind,
    NumericStatistics,
    Statistics,
    StringStatistics,
)
from tidegauge.rules.constraints import FeatureConstraints
from tidegauge.rules.suggest import suggest

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = InferredType
NO_DRIFT = {"perform_comparison": False}


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (
            FeatureStatistics("x", INTEGRAL, 9, 1, NumericStatistics(min=0.0, max=3.0)),
            FeatureConstraints("x", INTEGRAL, 0.9, is_non_negative=True),
        ),
        (
            FeatureStatistics("x", FRACTIONAL, 10, 0, NumericStatistics(min=-0.5)),
            FeatureConstraints("x", FRACTIONAL, 1.0, is_non_negative=False),
        ),
        (
            FeatureStatistics(
                "x",
                FRACTIONAL,
                10,
                0,
                NumericStatistics(min=1.0),
                detail=Detail(Kind.FRACTIONAL, negative_infinity=1),
            ),
            FeatureConstraints("x", FRACTIONAL, 1.0, is_non_negative=False),
        ),
        (
            FeatureStatistics("x", STRING, 2, 2, text=StringStatistics(2, (("b", 1), ("a", 1)))),
            FeatureConstraints("x", STRING, 0.5, domains=("b", "a")),
        ),
        (
            FeatureStatistics("x", STRING, 10, 0, text=StringStatistics(4e3)),
            FeatureConstraints("x", STRING, 1.0),
        ),
        (
            FeatureStatistics("x", STRING, 0, 4, text=StringStatistics(0.0, ())),
            FeatureConstraints("x", STRING, 0.0),
        ),
        (FeatureStatistics("x", UNKNOWN, 0, 10), FeatureConstraints("x", UNKNOWN, 0.0)),
        (FeatureStatistics("x", INTEGRAL, 0, 0), FeatureConstraints("x", INTEGRAL)),
        (
            FeatureStatistics("x", UNKNOWN, 5, 0, failure="kinds do not go together"),
            FeatureConstraints("x", UNKNOWN),
        ),
        (
            FeatureStatistics(
                "x",
                FRACTIONAL,
                2,
                0,
                NumericStatistics(min=1.0),
                detail=Detail(Kind.TIMESTAMP),
            ),
            FeatureConstraints("x", FRACTIONAL, 1.0, overrides=NO_DRIFT),
        ),
        (
            FeatureStatistics(
                "x", INTEGRAL, 2, 0, NumericStatistics(min=1.0), detail=Detail(Kind.DATE)
            ),
            FeatureConstraints("x", INTEGRAL, 1.0, overrides=NO_DRIFT),
        ),
    ],
    ids=[
        "non-negative",
        "negative",
        "minus infinity",
        "categories",
        "too many categories",
        "no categories",
        "all null",
        "no rows",
        "failed",
        "timestamp",
        "date",
    ],
)
def test_a_feature_is_held_to_what_it_showed(
    feature: FeatureStatistics, expected: FeatureConstraints
) -> None:
    """The completeness and type as seen, no new sign, no new category; time is left to move."""
    assert suggest(Statistics(10, (feature,))).features == (expected,)


def test_texts_of_no_known_domain_keep_their_lengths() -> None:
    """From half the shortest to twice the longest; a domain says more than lengths."""
    detail = Detail(Kind.TEXT, min_length=5, max_length=12)
    many = FeatureStatistics("id", InferredType.STRING, 9, 1, None, StringStatistics(900.0), detail)
    few = replace(many, text=StringStatistics(1.0, (("abcde", 9),)))

    assert (2, 24) == suggest(Statistics(10, (many,))).features[0].length
    assert suggest(Statistics(10, (few,))).features[0].length is None
