"""Calibration from blocks: independent rows show no effect, days that swing show theirs."""

from __future__ import annotations

import numpy as np
import pytest

from tidegauge.model.statistics import Sketch
from tidegauge.rules.alarms import blocks
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated
from tidegauge.rules.alarms.kolmogorov import MEAN_SQUARE, SPREAD_OF_SQUARE
from tidegauge.rules.distances import cdf_distance


def sketch(values: object) -> Sketch:
    """A sketch that holds every value."""
    return Sketch((np.asarray(values, np.float64),))


def estimate(found: DesignEffect | Uncalibrated) -> float:
    """The design effect, which must be there."""
    assert isinstance(found, DesignEffect)
    return found.estimate


DRAWS = {
    "normal": lambda rng: rng.standard_normal(400),
    "counts": lambda rng: rng.poisson(20, 400),
    "mostly zero": lambda rng: np.where(rng.random(400) < 0.9, 0.0, rng.exponential(size=400)),
    "flag": lambda rng: rng.random(400) < 0.2,
}


@pytest.mark.parametrize("kind", DRAWS)
def test_independent_numbers_have_a_design_effect_of_one(kind: str) -> None:
    """Ties or not: the mean over 300 blocks is within 4 standard errors."""
    rng = np.random.default_rng(1)
    found = blocks.numeric([sketch(DRAWS[kind](rng)) for _ in range(300)])
    assert isinstance(found, DesignEffect)
    assert 1.0 == pytest.approx(found.estimate, abs=4 * np.sqrt(found.null_spread / 300) + 0.05)


def test_the_distances_are_those_between_a_block_and_the_others() -> None:
    """Spelled out with `cdf_distance`, sketches with weights included."""
    rng = np.random.default_rng(2)
    parts = [
        Sketch((rng.standard_normal(20 + i), rng.standard_normal(10), rng.standard_normal(3)))
        for i in range(9)
    ]
    squares = []
    for i, part in enumerate(parts):
        others = parts[:i] + parts[i + 1 :]
        rest = Sketch(tuple(np.concatenate([o.levels[h] for o in others]) for h in range(3)))
        n, m = part.weight, rest.weight
        squares.append(cdf_distance(part, rest) ** 2 * n * m / (n + m))
    found = blocks.numeric(parts)
    assert isinstance(found, DesignEffect)
    assert np.mean(squares) == pytest.approx(found.estimate * found.null_mean)
    assert np.mean([part.weight for part in parts]) == found.rows


def test_days_that_swing_are_found_to_swing() -> None:
    """Means that differ by 0.1 deviations: 1 + 1000 * 0.1^2 * phi(0)^2 / 0.8225, and a bit."""
    rng = np.random.default_rng(3)
    days = [sketch(rng.standard_normal(1000) + 0.1 * rng.standard_normal()) for _ in range(100)]
    assert 2.5 < estimate(blocks.numeric(days)) < 4.5


def test_smooth_columns_have_kolmogorovs_moments_and_stepped_ones_their_own() -> None:
    """A flag of one in five: `p (1 - p)`, and the spread of one degree of freedom."""
    rng = np.random.default_rng(4)
    smooth = blocks.numeric([sketch(rng.standard_normal(1000)) for _ in range(10)])
    flag = blocks.numeric([sketch(np.arange(1000) % 5 == 0)] * 10)
    assert isinstance(smooth, DesignEffect)
    assert isinstance(flag, DesignEffect)
    assert (MEAN_SQUARE, SPREAD_OF_SQUARE) == (smooth.null_mean, smooth.null_spread)
    assert 0.16 == pytest.approx(flag.null_mean, rel=0.15)
    assert 2.0 == pytest.approx(flag.null_spread, rel=0.2)


def test_calibrating_twice_gives_the_same_numbers() -> None:
    """Chance is seeded: documents stay the same bytes."""
    days = [sketch(np.random.default_rng(i).poisson(2, 100)) for i in range(8)]
    assert blocks.numeric(days) == blocks.numeric(days)


def test_empty_blocks_and_constant_columns_are_no_trouble() -> None:
    """Nights without rows are left out; what never changes does not swing."""
    constant = [sketch([7.0] * 50)] * 8
    assert 0.0 == estimate(blocks.numeric([*constant, sketch([])]))
    assert blocks.numeric([sketch([])] * 9) == Uncalibrated(
        "0 blocks with values, and at least 8 are needed"
    )
    assert isinstance(blocks.numeric(constant[:7]), Uncalibrated)


def test_independent_categories_have_a_design_effect_of_one() -> None:
    """With rare ones, which share a cell; null mean and spread are chi-squared's."""
    rng = np.random.default_rng(5)
    shares = [0.5, 0.25, 0.15, 0.06] + [0.004] * 10
    drawn = rng.multinomial(500, shares, 300).tolist()
    found = blocks.categorical([dict(zip("abcdefghijklmn", x, strict=True)) for x in drawn])
    assert isinstance(found, DesignEffect)
    assert (4.0, 0.5) == (found.null_mean, found.null_spread)
    assert 1.0 == pytest.approx(found.estimate, abs=0.17)


def test_categories_that_swing_are_found_to_swing() -> None:
    """Two shares of 0.4 lie 5 points off, up or down: 1000 (0.05^2 / 0.4) / 2 on each, and 1."""
    up, down = {"a": 450, "b": 350, "c": 200}, {"a": 350, "b": 450, "c": 200}
    assert estimate(blocks.categorical([up, down] * 10)) > 6


def test_two_categories_are_calibrated_as_a_share() -> None:
    """As are many rare ones beside one frequent."""
    days = [{"a": 900 - 10 * i, "b": 100 + 10 * i} for i in range(10)]
    shares = blocks.share([100 + 10 * i for i in range(10)], [1000] * 10)
    assert shares == blocks.categorical(days)
    rare = [{"a": 900 - 10 * i, f"b{i}": 1, "c": 99 + 10 * i} for i in range(10)]
    assert isinstance(blocks.categorical(rare), DesignEffect)


def test_one_category_and_none_do_not_calibrate() -> None:
    """There is no share that could swing."""
    assert isinstance(blocks.categorical([{"a": 100}] * 10), Uncalibrated)
    assert isinstance(blocks.categorical([]), Uncalibrated)
    assert isinstance(blocks.categorical([{"a": 0}] * 10), Uncalibrated)


@pytest.mark.parametrize("p", [0.3, 0.01])
def test_independent_shares_have_a_design_effect_of_one(p: float) -> None:
    """And the spread that a binomial has."""
    bad = np.random.default_rng(6).binomial(500, p, 4000)
    found = blocks.share(bad.tolist(), [500] * 4000)
    assert isinstance(found, DesignEffect)
    assert 1.0 == pytest.approx(found.estimate, abs=4 * np.sqrt(found.null_spread / 4000))
    squares = (bad / 500 - bad.mean() / 500) ** 2
    assert found.null_spread == pytest.approx(squares.var() / squares.mean() ** 2, rel=0.15)


def test_a_share_that_swings_by_factors_is_trusted_less() -> None:
    """The same blocks say less of an effect that may be skewed."""
    bad = [5, 10, 20, 40] * 5
    found = blocks.share(bad, [1000] * 20)
    assert isinstance(found, DesignEffect)
    plain = DesignEffect(20, 1000, found.estimate, 1.0, found.null_spread)
    assert found.kurtosis > 1
    assert found.upper(0.9) > plain.upper(0.9)


@pytest.mark.parametrize(("bad", "said"), [(0, "0"), (100, "1")])
def test_a_share_of_nothing_or_all_cannot_be_calibrated(bad: int, said: str) -> None:
    """The reason says so."""
    found = blocks.share([bad] * 10, [100] * 10)
    assert Uncalibrated(f"the share is {said} in every block") == found
    assert isinstance(blocks.share([1] * 7, [100] * 7), Uncalibrated)
