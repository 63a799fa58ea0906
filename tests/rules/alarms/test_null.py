"""A/A: where nothing is wrong no rule alarms more often than its level allows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.rules.alarms.bridges import Days, rates
from tests.rules.alarms.simulation import (
    Replicate,
    Scene,
    Tally,
    categories,
    numbers,
    run,
    share,
    unseen,
    zeros,
)

ALPHA = 0.05
MANY_RARE = np.r_[0.4, 0.3, 0.1, 0.05, 0.05, 0.02, 0.02, 0.02, 0.02, np.full(20, 0.001)]
LONG_TAIL = 1.0 / np.arange(1, 1001)


def allowed(tally: Tally) -> int:
    """As many alarms as a rule of exactly this level exceeds once in a thousand times."""
    return int(stats.binom.ppf(0.999, tally.tests, tally.alpha))


def tallied(replicate: Replicate, scene: Scene, replicates: int = 40) -> Tally:
    """The alarms of one setting."""
    return run(replicate, scene, (ALPHA,), replicates=replicates)[0]


@pytest.mark.parametrize("window", [50, 2000, 100_000])
@pytest.mark.parametrize(
    "replicate",
    [numbers, share(0.2), share(0.002), categories(MANY_RARE), unseen(LONG_TAIL)],
    ids=["number", "share", "rare share", "categories", "unseen values"],
)
def test_independent_rows_keep_the_level_at_every_size(replicate: Replicate, window: int) -> None:
    """From 50 to 100,000 rows against 12,000."""
    tally = tallied(replicate, Scene(window, calibrated=False))
    assert tally.alarms <= allowed(tally)


@pytest.mark.parametrize("window", [100, 1000, 10_000])
@pytest.mark.parametrize("swing", [0.0, 0.05, 0.1, 0.2])
def test_numbers_that_swing_from_day_to_day_keep_the_level(swing: float, window: int) -> None:
    """For windows of a tenth, one and ten times a day's rows."""
    tally = tallied(numbers, Scene(window, swing))
    assert tally.alarms <= allowed(tally)


@pytest.mark.parametrize("window", [100, 10_000])
@pytest.mark.parametrize(
    ("replicate", "swing"),
    [(share(0.2), 0.3), (share(0.01), 0.5), (categories(MANY_RARE), 0.2), (unseen(LONG_TAIL), 0.5),
     (zeros, 0.3)],
    ids=["share", "rare share", "categories", "unseen values", "zeros"],
)  # fmt: skip
def test_shares_and_categories_that_swing_keep_the_level(
    replicate: Replicate, swing: float, window: int
) -> None:
    """Log odds that differ from day to day."""
    tally = tallied(replicate, Scene(window, swing), replicates=30)
    assert tally.alarms <= allowed(tally)


@pytest.mark.parametrize(
    ("replicate", "swing"),
    [(numbers, 0.1), (share(0.2), 0.3), (categories(MANY_RARE), 0.2)],
    ids=["number", "share", "categories"],
)
def test_a_rule_that_ignores_the_days_is_caught(replicate: Replicate, swing: float) -> None:
    """The tests above have teeth: bands for independent rows fail them."""
    tally = tallied(replicate, Scene(1000, swing, calibrated=False))
    assert tally.alarms > 2 * allowed(tally)


@pytest.mark.parametrize("swing", [0.0, 0.03, 0.2])
def test_rare_levels_hold_where_they_are_extrapolated(swing: float) -> None:
    """Twelve days and alpha down to 1e-5: windows of a tenth, one and ten times a day."""
    for window in (100, 1000, 10_000):
        setting = Days(12, 1000, swing)
        found = rates(setting, window, (1e-3, 1e-4, 1e-5), baselines=100, windows=20, seed=1)
        assert (found < 1.3).all()
