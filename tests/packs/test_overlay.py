"""Several packs in order: which rules are in force, for which columns, and from where."""

from __future__ import annotations

import pytest

from tidegauge.documents.packs.pack import decode
from tidegauge.errors import UsageError
from tidegauge.rules.packs.overlay import overlay
from tidegauge.rules.packs.words import requirement

COLUMNS = ("sched_dep", "sched_arr", "distance", "a*b")


def in_force(*packs: str) -> list[tuple[str, str, str]]:
    """Feature, requirement and place of each rule in force."""
    decoded = [decode(f"version: 1\nrules:\n{text}", f"{i}.yaml") for i, text in enumerate(packs)]
    found = overlay(decoded, COLUMNS)
    return [(one.feature, requirement(one.rule), str(one.rule.place)) for one in found]


def test_a_pattern_stands_for_each_column_that_it_matches() -> None:
    """In the order of the columns; a name that has a star in it is itself first."""
    assert [
        ("sched_dep", "completeness at least 1", "0.yaml:3"),
        ("sched_arr", "completeness at least 1", "0.yaml:3"),
        ("a*b", "sign positive", "0.yaml:4"),
    ] == in_force("  - {for: 'sched_*', completeness: 1}\n  - {for: 'a*b', sign: positive}\n")


def test_a_pattern_without_a_column_stays_as_it_is_written() -> None:
    """Its outcome will say that there is no such column."""
    assert [("x_*", "sign positive", "0.yaml:3")] == in_force("  - {for: 'x_*', sign: positive}\n")


def test_a_later_rule_takes_the_place_of_an_earlier_one() -> None:
    """The same check of the same column; others of the pattern keep the first."""
    assert [
        ("sched_dep", "completeness at least 1", "0.yaml:3"),
        ("sched_arr", "completeness at least 0.5", "1.yaml:3"),
    ] == in_force(
        "  - {for: 'sched_*', completeness: 1}\n", "  - {for: sched_arr, completeness: 0.5}\n"
    )


def test_rules_under_another_where_or_at_another_quantile_stand_beside_each_other() -> None:
    """They ask something else."""
    found = in_force(
        "  - {for: distance, sign: positive}\n"
        "  - {for: distance, sign: positive, where: a = 1}\n"
        "  - {for: distance, quantile: {at: 0.5, min: 1}}\n"
        "  - {for: distance, quantile: {at: 0.9, min: 1}}\n"
        "  - {predicate: a > 1}\n"
        "  - {predicate: a > 2}\n"
    )

    assert 6 == len(found)


def test_a_name_is_what_makes_two_predicates_the_same_rule() -> None:
    """Without it a later predicate could not mend an earlier one."""
    found = in_force(
        "  - {predicate: a > 1, name: n}\n", "  - {predicate: {sql: a > 2, share: 0.9}, name: n}\n"
    )

    assert [("_dataset", "predicate a > 2 for a share of at least 0.9", "1.yaml:3")] == found


def test_a_rule_is_taken_out_of_force() -> None:
    """What is disabled needs no bounds of its own."""
    found = in_force(
        "  - {for: 'sched_*', range: {min: 0}}\n",
        "  - {for: sched_dep, range: {}, disabled: true}\n",
    )

    assert [("sched_arr", "range at least 0", "0.yaml:3")] == found


def test_packs_that_yield_no_rule_are_an_error() -> None:
    """A pack that checks nothing would pass for one that holds."""
    with pytest.raises(UsageError, match="yield no rule"):
        in_force(
            "  - {for: distance, sign: positive}\n  - {for: '*', sign: positive, disabled: true}\n"
        )
