"""Bytes that an earlier release has kept stay readable for ever: they are in git, never made anew.

`recipe.py` says how `kept/v1.parquet` was made. When this test fails, the reader is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.profile import recipe

from tidegauge.model.batch import Tally
from tidegauge.model.statistics import Kind
from tidegauge.profile.dataset import Profile
from tidegauge.profile.table import from_parquet

if TYPE_CHECKING:
    from tidegauge.model.statistics import FeatureStatistics

# name, kind, present, missing, exact least, exact greatest, mean, standard deviation, distinct
NUMBERS = (
    ("integral", Kind.INTEGRAL, 2700, 300, "-3", "3", -1 / 900, 2.000277449891192, 7),
    ("large", Kind.INTEGRAL, 3000, 0, "9223372036854775805", "9223372036854775807", 2.0**63, 0, 3),
    (
        "fractional", Kind.FRACTIONAL, 3000, 0, "0.0", "149.75",
        74.92486657771848, 43.27257328028623, 600,
    ),
    ("decimal", Kind.DECIMAL, 3000, 0, "0.00", "0.04", 0.02, 0.0141421356237309, 5),
    ("date", Kind.DATE, 3000, 0, "1969-12-30", "1969-12-31", -1.5, 0.5, 2),
    (
        "time", Kind.TIMESTAMP, 3000, 0, "2013-06-20T00:00:00.000000Z",
        "2013-06-20T23:00:00.000000Z", 1371727800.0, 24919.871588754224, 24,
    ),
)  # fmt: skip

# name, kind, present, missing, distinct, categories, mean length
TEXTS = (
    ("boolean", Kind.BOOLEAN, 3000, 0, 2, (("false", 2250), ("true", 750)), None),
    (
        "category", Kind.TEXT, 2400, 600, 4,
        (("", 600), ("AA", 600), ("NullValue", 600), ("größe", 600)), 4.0,
    ),
    ("identifier", Kind.TEXT, 3000, 0, 600, None, 9.816666666666666),
    ("binary", Kind.BINARY, 3000, 0, 3, None, 1.0),
)  # fmt: skip


@pytest.fixture(scope="module")
def kept() -> Profile:
    """The profile that version 1 has kept."""
    return from_parquet(recipe.KEPT.read_bytes(), recipe.KEPT.name)


@pytest.fixture(scope="module")
def features(kept: Profile) -> dict[str, FeatureStatistics]:
    """Its statistics, by name."""
    return {feature.name: feature for feature in kept.statistics().features}


def test_rows_tally_and_order(kept: Profile, features: dict[str, FeatureStatistics]) -> None:
    """What stands beside the features."""
    assert 3_000 == kept.rows
    assert Tally(3_000, 3, 6, ("0", "1", "2")) == kept.tally
    assert recipe.rows().column_names == list(features)


@pytest.mark.parametrize("expected", NUMBERS, ids=lambda row: row[0])
def test_numbers(expected: tuple[object, ...], features: dict[str, FeatureStatistics]) -> None:
    """Counts, extremes and distinct values exactly, averages to twelve digits."""
    name, kind, present, missing, least, greatest, mean, std_dev, distinct = expected
    found = features[str(name)]
    assert found.numeric is not None
    assert found.detail is not None

    assert (kind, present, missing, least, greatest, distinct) == (
        found.detail.kind, found.num_present, found.num_missing,
        found.detail.exact_min, found.detail.exact_max, found.detail.approximate_distinct,
    )  # fmt: skip
    assert found.numeric.mean == pytest.approx(mean, rel=1e-12)
    assert found.numeric.std_dev == pytest.approx(std_dev, rel=1e-12)


@pytest.mark.parametrize("expected", TEXTS, ids=lambda row: row[0])
def test_texts(expected: tuple[object, ...], features: dict[str, FeatureStatistics]) -> None:
    """Categories with their counts, and lengths."""
    name, kind, present, missing, distinct, categories, mean_length = expected
    found = features[str(name)]
    assert found.text is not None
    assert found.detail is not None

    assert (kind, present, missing, distinct, categories, mean_length) == (
        found.detail.kind, found.num_present, found.num_missing,
        found.text.distinct_count, found.text.categories, found.detail.mean_length,
    )  # fmt: skip


def test_special_values(features: dict[str, FeatureStatistics]) -> None:
    """NaN and infinity, zeros, a column of nulls, a column that failed."""
    detail = features["fractional"].detail
    assert detail is not None

    assert (1, 1, 0) == (detail.nan, detail.positive_infinity, detail.negative_infinity)
    assert (0, 3_000) == (features["nothing"].num_present, features["nothing"].num_missing)
    assert "list<" in (features["list"].failure or "")


def test_quantiles_and_frequencies(kept: Profile) -> None:
    """The sketches behind the numbers: their levels, hashes, counts and bounds."""
    by_name = {feature.name: feature for feature in kept.features}
    fractional, identifier = by_name["fractional"], by_name["identifier"]

    assert [0, 1_499] == [len(level) for level in fractional.quantiles.levels]
    assert (0.0, 149.75) == (
        np.min(fractional.quantiles.levels[1]),
        np.max(fractional.quantiles.levels[1]),
    )
    assert (600, 3_000) == (len(identifier.distinct.hashes), identifier.distinct.counts.sum())
    assert 14_765_500_724_289_901 == identifier.distinct.hashes[0]
    assert 3_000 == identifier.frequencies.total


def test_what_was_kept_merges_with_what_is_made_today(kept: Profile) -> None:
    """The same rows again: twice the counts, and not one distinct value more."""
    merged = Profile.merge_all((kept, recipe.profile()))
    by_name = {feature.name: feature for feature in merged.features}
    # What version 1 could not profile has failed for good; today its lengths and elements are.
    assert {"list.length", "list[]"} == by_name.keys() - {f.name for f in kept.features}
    assert "list<" in by_name["list"].failure
    assert (3_000, 3_000) == (by_name["list.length"].counts.nulls, by_name["list[]"].counts.rows)
    for old in kept.features:
        both = by_name[old.name]
        assert 2 * old.counts.rows == both.counts.rows
        assert 2 * old.moments.n == both.moments.n
        assert old.distinct.estimate == both.distinct.estimate
        assert old.distinct.hashes.tolist() == both.distinct.hashes.tolist()
        assert old.extremes == both.extremes
        assert 2 * old.quantiles.weight == both.quantiles.weight


def test_version_2_holds_elements_of_lists_and_sums_of_decimals() -> None:
    """What version 1 did not have: the same rows, kept by the release that first did."""
    kept = from_parquet(recipe.KEPT_2.read_bytes(), recipe.KEPT_2.name)
    by_name = {feature.name: feature for feature in kept.statistics().features}
    elements = {feature.name for feature in kept.features if feature.elements}
    decimal, length = by_name["decimal"].detail, by_name["list.length"].numeric
    assert decimal is not None
    assert length is not None

    assert {"list[]"} == elements
    assert (3_000, 0) == (by_name["list[]"].num_present, by_name["list[]"].num_missing)
    assert "60.00" == decimal.exact_sum
    assert (1.0, 1.0, 3_000.0) == (length.min, length.max, length.sum)
