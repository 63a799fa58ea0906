"""Rehearsal: what alarms on the baseline's own blocks is loosened before it is written."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from tests.rules.alarms.made import blocks, plan

from tidegauge.model.outcome import Check
from tidegauge.rules.rehearsal import Rehearsed, rehearsed
from tidegauge.rules.suggest import suggest

if TYPE_CHECKING:
    from tidegauge.rules.constraints import Constraints, FeatureConstraints

BLOCKS, ROWS = 20, 400
PLAN = plan()
ALPHA = 1 / (30 * 25)  # a month's budget among 25 tests a day


def table(rng: np.random.Generator, i: int) -> pa.Table:
    """A block; the fourth and the tenth are unlike the others."""
    odd = i in {3, 9}
    return pa.table(
        {
            "calm": rng.normal(size=ROWS),
            "moves": rng.normal(1.0 if odd else 0.0, 1, ROWS),
            "jumps": rng.normal(9.0 if odd else 0.0, 1, ROWS),
            "mix": rng.choice(["a", "b"], ROWS, p=[0.6, 0.4] if odd else [0.9, 0.1]),
            "many": [f"{'o' if odd and i % 2 else 'i'}{i}" for i in rng.integers(0, 300, ROWS)],
            "gaps": pa.array(rng.random(ROWS), mask=rng.random(ROWS) < (0.3 if odd else 0.01)),
            "when": pa.array(np.arange(i * ROWS, (i + 1) * ROWS), pa.timestamp("s")),
        }
    )


@cache
def tried() -> tuple[Constraints, dict[str, FeatureConstraints], tuple[str, ...]]:
    """The suggestion, what it became feature by feature, and the notes."""
    rng = np.random.default_rng(1)
    baseline, found = blocks([table(rng, i) for i in range(BLOCKS)])
    suggested = suggest(baseline)
    after, notes = rehearsed(suggested, found, PLAN)
    assert () == rehearsed(after, found, PLAN)[1]  # the second time nothing is over budget
    return suggested, {feature.name: feature for feature in after.features}, notes


def test_what_the_blocks_hold_stays_as_it_was_and_says_what_is_to_be_expected() -> None:
    """Nothing is loosened for chance's sake."""
    suggested, found, notes = tried()
    (before,) = (feature for feature in suggested.features if feature.name == "calm")
    after = found["calm"]
    assert (before.overrides, before.completeness) == (after.overrides, after.completeness)
    told = after.extension["rehearsal"][Check.BASELINE_DRIFT]
    assert (BLOCKS, 0) == (told["blocks"], told["alarms"])
    assert told["expected_alarms_per_window"] == pytest.approx(ALPHA)
    assert pytest.approx(ALPHA) == PLAN.trials(suggested)["calm", Check.BASELINE_DRIFT].alpha
    assert not any(note.startswith("calm") for note in notes)


def test_a_floor_rises_to_what_the_blocks_have_shown() -> None:
    """In hundredths, with a note that says by how much and why."""
    _, found, notes = tried()
    told = found["moves"].extension["rehearsal"][Check.BASELINE_DRIFT]
    floor = found["moves"].overrides["comparison_threshold"]
    assert told["largest_effect"] <= floor < told["largest_effect"] + 0.01
    assert 0.3 < floor < 0.5
    (note,) = (note for note in notes if note.startswith("moves"))
    assert f"alarmed on {told['alarms']} of {BLOCKS} blocks" in note
    assert f"comparison_threshold is raised to {floor}" in note


@pytest.mark.parametrize("name", ["mix", "many"])
def test_categories_have_a_floor_of_their_own(name: str) -> None:
    """Few of them, or more than a block's counts have cells for."""
    _, found, notes = tried()
    assert 0.2 < found[name].overrides["categorical_comparison_threshold"] < 0.5 or name == "many"
    assert any(note.startswith(f"{name}: baseline_drift_check") for note in notes)


def test_what_swings_by_more_than_half_is_dropped() -> None:
    """With the reason."""
    _, found, notes = tried()
    assert found["jumps"].overrides["perform_comparison"] is False
    assert any(note.startswith("jumps") and note.endswith("it is dropped") for note in notes)


def test_completeness_falls_to_the_worst_block() -> None:
    """30 % missing on one day."""
    _, found, notes = tried()
    completeness = found["gaps"].completeness
    assert completeness is not None
    assert 0.64 < completeness < 0.76
    assert any(f"completeness is lowered to {completeness}" in note for note in notes)


def test_times_are_not_compared_and_not_rehearsed() -> None:
    """Their missing values are."""
    _, found, _ = tried()
    assert {"perform_comparison": False} == found["when"].overrides
    assert {Check.COMPLETENESS} == set(found["when"].extension["rehearsal"])


def test_without_blocks_the_suggestion_stays() -> None:
    """Nothing is known of what to expect."""
    suggested, _, _ = tried()
    assert (suggested, ()) == rehearsed(suggested, (), PLAN)


@pytest.mark.parametrize("alarms", [0, 1, 2, 5])
@pytest.mark.parametrize("alpha", [0.1, 0.01, 0.001])
def test_over_budget_is_what_chance_hardly_explains(alarms: int, alpha: float) -> None:
    """At most once in a hundred times, by the binomial distribution."""
    chance = stats.binom.sf(alarms - 1, 40, alpha)
    assert (alarms > 0 and chance < 0.01) == Rehearsed(40, alarms, alpha, 0.1).is_over_budget
