"""Outcomes of rules: from the profile what it decides, from the rows the rest."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from tests.packs.row_cases import CASES, END, TABLE, Case
from tests.packs.test_rows import PARTS, read_halves

from tidegauge.documents.packs.pack import decode
from tidegauge.engines import local
from tidegauge.model.batch import Chunk
from tidegauge.model.outcome import Outcome, Verdict
from tidegauge.model.statistics import InferredType, Kind, Statistics
from tidegauge.rules.constraints import ComparisonMethod, Constraints, FeatureConstraints
from tidegauge.rules.finding import Finding
from tidegauge.rules.packs.evaluate import kinds_of, open_rules, outcomes, overridden
from tidegauge.rules.packs.from_profile import Batch, from_profile
from tidegauge.rules.packs.judging import Open, of_measured
from tidegauge.rules.packs.measure import Measured
from tidegauge.rules.packs.overlay import InForce, overlay
from tidegauge.rules.packs.rows import FromRows, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.batch import Part

ANSWERED = tuple(case for case in CASES if not case.reason)


@pytest.fixture(scope="module")
def batch() -> Batch:
    """The profile of the rows of the cases."""
    profile = local.profile_parts(PARTS, read_halves)["w", "v"]
    return Batch.of(profile.statistics(), END)


def batch_of(table: pa.Table) -> Batch:
    """The profile of a table."""

    def read(_: Part) -> Iterator[Chunk]:
        yield Chunk(table, "w", "v")

    return Batch.of(local.profile_parts(PARTS[:1], read)["w", "v"].statistics(), END)


def rules(*lines: str) -> tuple[InForce, ...]:
    """The rules in force of a pack with these lines."""
    return overlay([decode("version: 1\nrules:\n" + "".join(f"  - {x}\n" for x in lines), "p")], ())


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.rule)
def test_the_profile_says_what_the_rows_say_or_nothing(case: Case, batch: Batch) -> None:
    """The same verdict, and the same number where both have one."""
    one = case.in_force
    answer = from_profile(one, batch)
    counted = of_measured(Measured(case.value, case.n, case.failing), one.rule, END)

    if isinstance(answer, Finding):
        assert counted.verdict == answer.verdict
        if "observed" in answer.numbers and "observed" in counted.numbers:
            assert answer.numbers["observed"] == pytest.approx(counted.numbers["observed"])


def test_the_profile_answers_what_it_can(batch: Batch) -> None:
    """No rule is asked of the rows without need; of these checks none is."""
    answered = {
        case.in_force.rule.check.word
        for case in ANSWERED
        if isinstance(from_profile(case.in_force, batch), Finding)
    }

    assert {
        "completeness", "domain", "range", "sign", "length", "unique", "distinct", "entropy",
        "mean", "sum", "std_dev", "quantile", "freshness",
    } == answered  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{for: code, completeness: 1, where: id > 1}", "`where`"),
        ("{for: code, completeness: 1, keep_failing: 3}", "failing rows are kept"),
        ("{for: low, range: {min: 2, share: 0.5}}", "not the share"),
        ("{for: code, length: {min: 4, share: 0.5}}", "not the share"),
        ("{for: id, unique: true}", "occur once"),
        ("{unique: [id, code]}", "stand in one row"),
        ("{for: code, pattern: x}", "single rows"),
    ],
)
def test_what_the_profile_leaves_open_says_why(rule: str, reason: str, batch: Batch) -> None:
    """It is asked of the rows, or is the reason why the rule is not evaluated."""
    (one,) = rules(rule)
    answer = from_profile(one, batch)

    assert isinstance(answer, Open)
    assert reason in answer.reason
    assert (0,) == open_rules((one,), batch)
    assert Verdict.NOT_EVALUATED == outcomes((one,), batch, FromRows())[0].verdict


def test_estimates_decide_only_where_they_are_sure() -> None:
    """10,000 different values: a sketch knows that there are more than 9,000, not than 9,990."""
    batch = batch_of(pa.table({"x": pa.array(range(10_000), pa.int64())}))
    far, near = rules(
        "{for: x, distinct: {min: 9000}, name: a}", "{for: x, distinct: {min: 9990}, name: b}"
    )
    low, tight = rules(
        "{for: x, quantile: {at: 0.5, max: 5100}}",
        "{for: x, quantile: {at: 0.5, max: 4999}, name: t}",
    )

    assert ["Finding", "Open"] == [type(from_profile(r, batch)).__name__ for r in (far, near)]
    assert ["Finding", "Open"] == [type(from_profile(r, batch)).__name__ for r in (low, tight)]


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("{rows: {min: 1}}", Verdict.VIOLATED),
        ("{rows: {max: 1}}", Verdict.HELD),
        ("{for: x, completeness: 1}", Verdict.NOT_EVALUATED),
        ("{predicate: x > 1}", Verdict.NOT_EVALUATED),
    ],
)
def test_a_batch_without_rows_is_one_that_only_a_row_count_judges(
    rule: str, verdict: Verdict
) -> None:
    """Everything else has nothing to look at."""
    batch = batch_of(pa.table({"x": pa.array([], pa.int64())}))

    assert verdict == outcomes(rules(rule), batch, FromRows())[0].verdict


@pytest.mark.parametrize(
    ("expected", "share"),
    [("Integral", 0.5), ("Fractional", 0.75), ("String", 1.0)],
)
def test_types_of_texts_are_shares(expected: str, share: float) -> None:
    """A text may look like a number; an integral one is fractional as well."""
    batch = batch_of(pa.table({"x": pa.array(["1", "2", "2.5", "x"])}))
    (held, over) = rules(
        f"{{for: x, type: {{expected: {expected}, share: {share}}}}}",
        f"{{for: x, type: {{expected: {expected}, share: {min(1.0, share + 0.01)}}}, name: n}}",
    )
    found = [o.verdict for o in outcomes((held, over), batch, FromRows())]

    assert [Verdict.HELD, Verdict.HELD if share == 1 else Verdict.VIOLATED] == found


def test_an_outcome_says_who_answered_and_what_people_said(batch: Batch) -> None:
    """Place, severity, owner, name and filter of the rule travel with the numbers."""
    (one,) = rules(
        "{for: low, mean: {max: 1}, name: n, owner: o, severity: critical, description: why}"
    )

    (outcome,) = outcomes((one,), batch, FromRows())

    assert outcome.description == (
        "Value: 4.428571428571429 does not meet the constraint requirement! why"
    )
    assert {
        "rule": "p:3", "severity": "critical", "owner": "o", "name": "n", "answered_by": "profile",
        "observed": 31 / 7, "threshold": 1.0, "n": 7, "rule_id": one.id,
    } == dict(outcome.numbers)  # fmt: skip


def test_answers_of_rows_become_outcomes(batch: Batch) -> None:
    """Numbers are judged, refusals become reasons, and what nobody asked says so."""
    asked = rules("{predicate: a}", "{predicate: b}", "{predicate: c}", "{predicate: d}")
    given = {0: Measured(0.75, 4, 1), 1: Unanswered("no such column"), 2: Measured(None, 0, 0)}

    found = outcomes(asked, batch, FromRows(given, by="Deequ"))

    assert [Verdict.VIOLATED, *[Verdict.NOT_EVALUATED] * 3] == [o.verdict for o in found]
    assert (0.75, 4, 1, "Deequ") == tuple(
        found[0].numbers[key] for key in ("observed", "n", "failing", "answered_by")
    )
    assert "no such column" in found[1].description
    assert "no row" in found[2].description or "no value" in found[2].description


def test_a_rule_about_a_missing_column_is_not_evaluated(batch: Batch) -> None:
    """Neither from the profile nor of the rows; that it exists is another rule."""
    asked = rules(
        "{for: lost, sign: positive}", "{for: low, compare: {operator: '<', to: lost}}",
        "{for: lost, exists: true}",
    )  # fmt: skip

    assert () == open_rules(asked, batch)
    assert [Verdict.NOT_EVALUATED, Verdict.NOT_EVALUATED, Verdict.VIOLATED] == [
        outcome.verdict for outcome in outcomes(asked, batch, FromRows())
    ]


def test_drift_settings_of_packs_go_before_the_constraints_own() -> None:
    """They become the feature's overrides; a drift rule has no outcome of its own."""
    own = Constraints((
        FeatureConstraints("a", InferredType.INTEGRAL, overrides={"comparison_threshold": 0.2}),
        FeatureConstraints("b", InferredType.INTEGRAL),
    ))  # fmt: skip
    asked = rules("{for: a, drift: {threshold: 0.4, method: Simple}}", "{for: b, drift: off}")

    found = overridden(own, asked)

    assert {
        "perform_comparison": True, "comparison_threshold": 0.4,
        "categorical_comparison_threshold": 0.4, "comparison_method": ComparisonMethod.SIMPLE,
    } == dict(found.features[0].overrides)  # fmt: skip
    assert {"perform_comparison": False} == dict(found.features[1].overrides)
    assert () == outcomes(asked, Batch.of(Statistics(1), END), FromRows())


def test_nan_and_infinities_are_words_in_documents() -> None:
    """JSON has no numbers for them."""
    table = pa.table({"x": pa.array([math.inf, 1.0])})
    (outcome,) = outcomes(rules("{for: x, range: {max: 2}}"), batch_of(table), FromRows())

    assert isinstance(outcome, Outcome)
    assert Verdict.VIOLATED == outcome.verdict
    assert all(value == value for value in outcome.numbers.values())  # noqa: PLR0124


def test_a_sensitive_column_is_asked_of_the_rows_where_hashes_do_not_tell(batch: Batch) -> None:
    """Counts of hashes are those of values; lengths, types and bounds are not."""
    hashed = replace(batch, sensitive=frozenset({"code", "low"}))
    told = rules("{for: code, completeness: 0.5}", "{for: code, entropy: {min: 0}}")
    not_told = rules(
        "{for: code, length: {min: 1}}", "{for: code, type: String}", "{for: low, mean: {min: 0}}",
        "{for: code, domain: [x]}",
    )  # fmt: skip

    assert () == open_rules(told, hashed)
    assert (0, 1, 2, 3) == open_rules(not_told, hashed)
    assert TABLE.num_rows == hashed.statistics.item_count


def test_numbers_that_64_bits_do_not_hold_are_fractions_in_rows() -> None:
    """Spark has no unsigned ones; the greatest signed one keeps its digits."""
    batch = batch_of(
        pa.table({
            "unsigned": pa.array([2**64 - 1], pa.uint64()),
            "signed": pa.array([2**63 - 1], pa.int64()),
        })
    )  # fmt: skip

    assert {"unsigned": Kind.FRACTIONAL, "signed": Kind.INTEGRAL} == kinds_of(batch)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("{for: x, range: {min: 1, max: 3}}", Verdict.HELD),
        ("{for: x, range: {min: 1, max: 2.99}}", Verdict.VIOLATED),
        ("{for: x, mean: {min: 2, max: 2}}", Verdict.HELD),
        ("{for: n, range: {min: 0}}", Verdict.VIOLATED),
        ("{for: n, sign: positive}", Verdict.VIOLATED),
        ("{for: n, mean: {max: 1}}", Verdict.HELD),
    ],
)
def test_bounds_are_included_and_nan_is_within_none(rule: str, verdict: Verdict) -> None:
    """NaN is no number that a mean would see, and lies in no range."""
    table = pa.table({"x": pa.array([1.0, 3.0]), "n": pa.array([1.0, math.nan])})

    assert verdict == outcomes(rules(rule), batch_of(table), FromRows())[0].verdict
