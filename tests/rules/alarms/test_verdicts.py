"""Verdicts: the order in which a test's numbers decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegauge.model.outcome import Verdict
from tidegauge.rules.alarms.kolmogorov import critical_gap, p_value, smallest_gap
from tidegauge.rules.alarms.verdicts import Evidence, numbers, reason, verdict

PLAIN = Evidence(
    p_value=0.2,
    alpha=1e-3,
    effect=0.02,
    floor=0.05,
    n=5000,
    m=40_000,
    critical=0.03,
    detectable=0.04,
)


def test_a_significant_effect_above_its_floor_is_a_violation() -> None:
    """Both are needed, and each must be exceeded."""
    violated = replace(PLAIN, p_value=1e-4, effect=0.06)
    assert Verdict.VIOLATED is verdict(violated)
    assert Verdict.HELD is verdict(replace(violated, p_value=1e-3))
    assert Verdict.HELD is verdict(replace(violated, effect=0.05))


def test_what_could_not_have_been_seen_is_not_called_fine() -> None:
    """The smallest detectable effect is above the floor: no verdict of held."""
    blind = replace(PLAIN, detectable=0.06)
    assert Verdict.NOT_ENOUGH_DATA is verdict(blind)
    assert Verdict.HELD is verdict(replace(PLAIN, detectable=0.05))
    assert Verdict.VIOLATED is verdict(replace(blind, p_value=1e-9, effect=0.9))


def test_without_values_there_is_nothing_to_evaluate() -> None:
    """An empty window, an all-null column; whatever the other numbers are."""
    assert Verdict.NOT_EVALUATED is verdict(replace(PLAIN, n=0, p_value=0.0, effect=1.0))
    assert "the window has no values" == reason(replace(PLAIN, n=0))
    assert "the baseline has no values" == reason(replace(PLAIN, m=0))


def test_a_window_of_one_row_is_not_enough_data() -> None:
    """Even one that lies beyond everything in the baseline."""
    n, m, alpha = 1, 40_000, 1e-3
    one = Evidence(p_value(1.0, n, m), alpha, 1.0, 0.05, n, m, critical_gap(n, m, alpha),
                   smallest_gap(n, m, alpha))  # fmt: skip
    assert Verdict.NOT_ENOUGH_DATA is verdict(one)
    assert one.detectable > 1


def test_eight_rows_beyond_everything_are_a_violation() -> None:
    """Where the evidence is overwhelming no more rows are asked for."""
    n, m, alpha = 8, 40_000, 1e-3
    flood = Evidence(p_value(1.0, n, m), alpha, 1.0, 0.05, n, m, critical_gap(n, m, alpha),
                     smallest_gap(n, m, alpha))  # fmt: skip
    assert Verdict.VIOLATED is verdict(flood)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (replace(PLAIN, p_value=1e-4, effect=0.06), "0.06 (p 0.0001) exceeds the floor 0.05"),
        (PLAIN, "0.02 (p 0.2) does not exceed"),
        (replace(PLAIN, detectable=0.126), "5000 values against 40000 only an effect of 0.126"),
    ],
)
def test_the_reason_shows_the_numbers_that_decided(evidence: Evidence, words: str) -> None:
    """So that it can be checked by hand."""
    assert words in reason(evidence)


def test_the_numbers_are_json_values_under_stable_names() -> None:
    """Documents and `explain` rely on them."""
    expected = {
        "p_value": 0.2, "alpha": 1e-3, "effect": 0.02, "min_effect": 0.05, "n": 5000,
        "baseline_n": 40_000, "critical_value": 0.03, "smallest_detectable": 0.04, "power": 0.8,
        "extrapolated": False,
    }  # fmt: skip
    assert expected == numbers(PLAIN)
