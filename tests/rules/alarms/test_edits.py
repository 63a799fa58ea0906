"""A suggested edit accepts what it was suggested for: the same window is no violation any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.alarms.made import plan, statistics

from tidegauge.documents import constraints as document
from tidegauge.model.outcome import Check, Verdict
from tidegauge.rules.alarms.edits import EDIT, Edit, applied, told
from tidegauge.rules.alarms.policy import Method, Setting
from tidegauge.rules.constraints import CategoricalMethod, ComparisonMethod, Constraints
from tidegauge.rules.evaluate import evaluate, violations
from tidegauge.rules.suggest import suggest

if TYPE_CHECKING:
    from tidegauge.model.outcome import Violation
    from tidegauge.model.statistics import Statistics
    from tidegauge.rules.alarms.plan import Plan

_RNG = np.random.default_rng(1)
ROWS = 3_000
BUDGET = plan()
THEIRS = plan(default=Setting(method=Method.SAGEMAKER))


def baseline() -> Statistics:
    """A column of each sort; nothing is missing, negative or of another type."""
    return statistics(
        {
            "number": _RNG.random(ROWS),
            "flag": _RNG.integers(0, 2, ROWS),
            "text": _RNG.choice(["a", "b", "c"], ROWS, p=[0.7, 0.2, 0.1]),
            "identifier": [f"i{i % 2000}" for i in range(ROWS)],
            "gone": np.arange(ROWS),
        }
    )


BASELINE = baseline()
CONSTRAINTS = suggest(BASELINE)


def changed(name: str, n: int, share: float, seed: int) -> Statistics:
    """A window of `n` rows in which one thing is wrong, in that share of them."""
    rng = np.random.default_rng(seed)
    hit = np.arange(n) < np.ceil(share * n)
    columns: dict[str, object] = {
        "number": rng.random(n),
        "flag": rng.integers(0, 2, n),
        "text": rng.choice(["a", "b", "c"], n, p=[0.7, 0.2, 0.1]),
        "identifier": [f"i{i}" for i in rng.integers(0, 2000, n)],
        "gone": rng.integers(0, ROWS, n),
    }
    zeros = pa.array(np.zeros(n, np.int64), mask=hit)
    wrong: dict[str, tuple[str, object]] = {
        "shift": ("number", np.where(hit, rng.random(n) + 0.7, rng.random(n))),
        "missing": ("number", pa.array(rng.random(n), mask=hit)),
        "sign": ("number", np.where(hit, -rng.random(n), rng.random(n))),
        "texts among numbers": ("flag", zeros),
        "fractions among whole numbers": ("flag", np.where(hit, 0.5, 0.0)),
        "a mix of numbers": ("flag", hit.astype(np.int64)),
        "a mix of texts": ("text", np.where(hit, "a", "c")),
        "new texts": ("text", np.where(hit, "x", columns["text"])),
        "numbers for texts": ("text", hit.astype(np.int64)),
        "other identifiers": (
            "identifier",
            [f"{'io'[int(h)]}{i % 2000}" for i, h in enumerate(hit)],
        ),
        "a column more": ("more", rng.choice(["x", "1"], n)),
    }
    if name == "a column less":
        del columns["gone"]
    else:
        columns |= [wrong[name]]
    strays = {"flag": ["n/a"] * int(hit.sum())} if name == "texts among numbers" else None
    return statistics(columns, strays)


CHANGES = (
    "shift", "missing", "sign", "texts among numbers", "fractions among whole numbers",
    "a mix of numbers", "a mix of texts", "new texts", "numbers for texts", "other identifiers",
    "a column less", "a column more",
)  # fmt: skip


def found(
    current: Statistics,
    constraints: Constraints,
    decided: Plan | None,
    critical: tuple[str, ...] = (),
) -> dict[tuple[str, str], Violation]:
    """The violations by what they are of, with their edits."""
    outcomes = evaluate(current, constraints, BASELINE, plan=decided)
    listed = told(violations(outcomes), current, constraints, critical)
    return {(v.feature_name, v.constraint_check_type): v for v in listed}


def accepted(constraints: Constraints, violation: Violation) -> Constraints:
    """The constraints with the violation's edit, as they come back from their document."""
    edit = violation.extension[EDIT]
    made = applied(constraints, Edit(edit["feature"], edit["setting"], edit["value"]))
    return document.decode(document.encode(made), "constraints.json")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CHANGES),
    st.sampled_from([1, 7, 30, 333, 2000]),
    st.just(1.0) | st.floats(0.01, 1.0),
    st.integers(0, 2**16),
    st.sampled_from([BUDGET, THEIRS, None]),
    st.sampled_from([*ComparisonMethod, CategoricalMethod.CHI_SQUARED]),
)
def test_the_same_window_is_accepted_then(
    name: str, n: int, share: float, seed: int, decided: Plan | None, method: str
) -> None:
    """Whatever was wrong, however small the window, and whoever decides."""
    config = (
        replace(CONSTRAINTS.config, categorical_drift_method=method)
        if isinstance(method, CategoricalMethod)
        else replace(CONSTRAINTS.config, comparison_method=method)
    )
    constraints = replace(CONSTRAINTS, config=config)
    current = changed(name, n, share, seed)
    for test, violation in found(current, constraints, decided).items():
        edited = accepted(constraints, violation)
        assert test not in found(current, edited, decided), (violation, edited)
    everything = constraints
    for _ in range(3):  # an edit of the type may bring the next check on
        for violation in found(current, everything, decided).values():
            everything = accepted(everything, violation)
    assert {} == found(current, everything, decided)


@pytest.mark.parametrize("decided", [BUDGET, THEIRS], ids=["budget", "sagemaker"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shift", {("number", Check.BASELINE_DRIFT)}),
        ("missing", {("number", Check.COMPLETENESS)}),
        ("sign", {("number", Check.NON_NEGATIVE), ("number", Check.BASELINE_DRIFT)}),
        ("texts among numbers", {("flag", Check.DATA_TYPE), ("flag", Check.BASELINE_DRIFT)}),
        ("a mix of numbers", {("flag", Check.BASELINE_DRIFT)}),
        ("new texts", {("text", Check.CATEGORICAL_VALUES), ("text", Check.BASELINE_DRIFT)}),
        ("a column less", {("gone", Check.MISSING_COLUMN)}),
        ("a column more", {("more", Check.EXTRA_COLUMN)}),
    ],
)
def test_what_is_wrong_is_found_and_nothing_else(
    decided: Plan, name: str, expected: set[tuple[str, str]]
) -> None:
    """So that the test above has something to accept. A third of 2,000 rows, or a tenth more."""
    current = changed(name, 2000, 0.8 if name in {"shift", "a mix of numbers"} else 0.3, 1)
    every = set(found(current, CONSTRAINTS, decided))
    unsure = {("flag", Check.BASELINE_DRIFT)} if decided is THEIRS else set()
    more = {("number", Check.BASELINE_DRIFT), ("number", Check.RANGE)}
    assert expected - unsure <= every <= expected | more


@pytest.mark.parametrize(
    ("edit", "setting", "expected"),
    [
        (Edit("number", "completeness", 0.5), "completeness", 0.5),
        (Edit("number", "is_non_negative", value=False), "is_non_negative", False),
        (Edit("text", "domains", ["a", "x", "y"]), "domains", {"a", "b", "c", "x", "y"}),
        (Edit("text", "comparison_threshold", 0.3), "overrides", {"comparison_threshold": 0.3}),
    ],
)
def test_an_edit_changes_one_thing_of_one_feature(
    edit: Edit, setting: str, expected: object
) -> None:
    """All others stay as they are, in their places."""
    made = applied(CONSTRAINTS, edit)
    (feature,) = (f for f in made.features if f.name == edit.feature)
    value = getattr(feature, setting)
    assert expected == (set(value) if isinstance(value, tuple) else value)
    others = [(a, b) for a, b in zip(CONSTRAINTS.features, made.features, strict=True) if a != b]
    assert [edit.feature] == [a.name for a, _ in others]
    (before, after) = others[0]
    assert before == replace(after, **{setting: getattr(before, setting)})


def test_features_come_and_go() -> None:
    """A column that is no more is forgotten; a new one is known by its type."""
    gone = applied(CONSTRAINTS, Edit("gone", "remove", value=True))
    assert [f for f in CONSTRAINTS.features if f.name != "gone"] == list(gone.features)
    more = applied(CONSTRAINTS, Edit("more", "add", "String"))
    assert ("more", "String") == (more.features[-1].name, more.features[-1].inferred_type)
    assert more == applied(more, Edit("more", "add", "String"))


def test_critical_features_have_critical_violations() -> None:
    """The others are warnings."""
    for name, severity in (("missing", "critical"), ("new texts", "warning")):
        listed = found(changed(name, 2000, 0.3, 1), CONSTRAINTS, BUDGET, ("number",))
        assert {severity} == {v.extension["severity"] for v in listed.values()}


def test_an_edit_that_was_made_leaves_no_silent_pass() -> None:
    """Drift of an accepted size is held, and more of it is not."""
    current = changed("shift", 2000, 0.3, 1)
    violation = found(current, CONSTRAINTS, BUDGET)["number", Check.BASELINE_DRIFT]
    edited = accepted(CONSTRAINTS, violation)
    outcomes = evaluate(current, edited, BASELINE, plan=BUDGET)
    (outcome,) = (o for o in outcomes if (o.feature, o.check) == ("number", Check.BASELINE_DRIFT))
    assert outcome.verdict is Verdict.HELD
    assert ("number", Check.BASELINE_DRIFT) in found(changed("shift", 2000, 0.9, 1), edited, BUDGET)
