"""Rules of other tools as packs: what each says, and what is told to be left over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.world import tidegauge

from tidegauge.documents.importing.deequ import read_deequ
from tidegauge.documents.importing.dqdl import read_dqdl
from tidegauge.documents.importing.great_expectations import read_suite
from tidegauge.documents.packs.pack import decode, encode
from tidegauge.errors import DocumentError
from tidegauge.model.outcome import Severity
from tidegauge.rules.packs.rule import Place
from tidegauge.rules.packs.words import requirement

if TYPE_CHECKING:
    from tidegauge.documents.importing.imported import Imported

KEPT = Path(__file__).parent / "kept" / "deequ-2.0.7-suggestions.json"


def said(made: Imported) -> list[str]:
    """Each rule in words; the pack is written and read back on the way."""
    again = decode(encode(made.pack, made.left_over), "p.yaml")
    assert made.pack.rules == tuple(replace(r, place=Place("", 0)) for r in again.rules)
    return [f"{', '.join(r.columns)}: {requirement(r)}".removeprefix(": ") for r in again.rules]


def deequ(*calls: str) -> Imported:
    """The import of suggestions with this code."""
    entries = [{"code_for_constraint": call, "description": "d"} for call in calls]
    return read_deequ({"constraint_suggestions": entries}, "s.json")


def suite(*expectations: dict[str, Any]) -> Imported:
    """The import of a suite of these expectations."""
    return read_suite({"name": "s", "expectations": list(expectations)}, "s.json")


def test_what_deequ_itself_wrote_is_carried_over_whole() -> None:
    """The file that Deequ 2.0.7 wrote of real flights."""
    made = read_deequ(json.loads(KEPT.read_text(encoding="utf-8")), str(KEPT))

    assert () == made.left_over
    assert [
        "visib: sign non negative",
        "dest: completeness at least 1",
        "carrier: domain UA, B6, EV, DL, AA, MQ, US, 9E, WN, FL, VX, AS, F9, YV, HA, ...",
        "carrier: completeness at least 1",
        "precip: sign non negative",
    ] == said(made)[:5]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('.hasCompleteness("c", lambda x: x >= 0.5, "above 0.5!")', "c: completeness at least 0.5"),
        ('.hasCompleteness("c", _ >= 0.5, Some("above 0.5!"))', "c: completeness at least 0.5"),
        ('.isUnique("c")', "c: unique"),
        ('.isContainedIn("c", Array("a", "b, \\"c\\""))', 'c: domain a, b, "c"'),
        (
            '.isContainedIn("c", ["a"], lambda x: x >= 0.9, "It should be above 0.9!")',
            "c: domain a for a share of at least 0.9",
        ),
        ('.hasDataType("c", ConstrainableDataTypes.Integral)', "c: type Integral"),
        ('.hasMin("c", lambda x: x == -1.5)', "c: quantile at 0 -1.5 to -1.5"),
        ('.hasMean("c", lambda x: x >= 1 and x <= 3.5)', "c: mean 1 to 3.5"),
        ('.hasMaxLength("c", lambda x: x <= 7)', "c: length at most 7"),
        (".hasSize(lambda x: x > 10)", "rows at least 11"),
        ('.hasPattern("c", "^a+$")', "c: pattern ^a+$"),
        ('.isLessThan("a", "b")', "a: compare < b"),
        ('.satisfies("a > b", "name")', "predicate a > b"),
        ('.hasUniqueness(["a", "b"], lambda x: x == 1)', "unique a, b"),
    ],
)  # fmt: skip
def test_calls_of_deequ_in_either_language(call: str, told: str) -> None:
    """Read, never run."""
    assert [told] == said(deequ(call))


@pytest.mark.parametrize(
    "call",
    [
        '.hasHistogramValues("c", lambda h: h["a"].ratio > 0.9)',
        '.hasMean("c", lambda x: x * 2 > 3 or x < 1)',
        '.hasCompleteness("c", lambda x: x <= 0.5)',
        '.isComplete("a").isUnique("a")',
        'os.system("rm")',
        '.hasMean("c", check)',
    ],
)
def test_what_deequ_says_and_packs_do_not_is_told(call: str) -> None:
    """Beside a rule that is carried over."""
    made = deequ(call, '.isComplete("z")')

    assert ["z: completeness at least 1"] == said(made)
    (left,) = made.left_over
    assert left.startswith(call)


@pytest.mark.parametrize(
    ("kind", "arguments", "told"),
    [
        ("expect_column_to_exist", {"column": "a"}, "a: exists"),
        ("expect_column_values_to_not_be_null", {"column": "a", "mostly": 0.9},
         "a: completeness at least 0.9"),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": ["x", 1]},
         "a: domain x, 1"),
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 0, "max_value": 9},
         "a: range 0 to 9"),
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "^x"}, "a: pattern ^x"),
        ("expect_column_value_lengths_to_equal", {"column": "a", "value": 3}, "a: length 3 to 3"),
        ("expect_column_values_to_be_unique", {"column": "a"}, "a: unique"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, "unique a, b"),
        ("expect_column_values_to_be_of_type", {"column": "a", "type_": "LongType"},
         "a: type Integral"),
        ("expect_column_pair_values_a_to_be_greater_than_b",
         {"column_A": "a", "column_B": "b", "or_equal": True}, "a: compare >= b"),
        ("expect_table_row_count_to_be_between", {"min_value": 3, "max_value": None},
         "rows at least 3"),
        ("expect_column_mean_to_be_between", {"column": "a", "min_value": 1.5},
         "a: mean at least 1.5"),
        ("expect_column_max_to_be_between", {"column": "a", "max_value": 7},
         "a: quantile at 1 at most 7"),
        ("expect_column_unique_value_count_to_be_between", {"column": "a", "max_value": 4},
         "a: distinct at most 4"),
        ("expect_column_values_to_be_in_set",
         {"column": "a", "value_set": ["x"], "row_condition": "b > 1", "condition_parser": "spark"},
         "a: domain x where b > 1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["type", "expectation_type"])
def test_expectations_of_both_kinds_of_suites(
    key: str, kind: str, arguments: dict[str, Any], told: str
) -> None:
    """Before 1.0 and since."""
    assert [told] == said(suite({key: kind, "kwargs": arguments}))


def test_a_strict_bound_is_left_out_and_several_quantiles_are_several_rules() -> None:
    """The next number is the first that is allowed."""
    made = suite(
        {"type": "expect_column_values_to_be_between",
         "kwargs": {"column": "a", "min_value": 0, "strict_min": True}},
        {"type": "expect_column_quantile_values_to_be_between",
         "kwargs": {"column": "a", "quantile_ranges":
                    {"quantiles": [0.1, 0.9], "value_ranges": [[0, 1], [None, 9]]}}},
    )  # fmt: skip

    assert 5e-324 == made.pack.rules[0].check.min  # type: ignore[union-attr]
    assert ["a: quantile at 0.1 0 to 1", "a: quantile at 0.9 at most 9"] == said(made)[1:]


def test_what_people_wrote_on_an_expectation_comes_along() -> None:
    """Notes and severity."""
    made = suite(
        {"type": "expect_column_to_exist", "kwargs": {"column": "a"}, "severity": "critical",
         "meta": {"notes": {"format": "markdown", "content": ["one", "two"]}}},
    )  # fmt: skip

    assert ("one two", Severity.CRITICAL) == (
        made.pack.rules[0].description, made.pack.rules[0].severity
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("expect_column_kl_divergence_to_be_less_than", {"column": "a", "threshold": 1}),
        ("expect_column_values_to_be_between", {"column": "a", "min_value": "2020-01-01"}),
        ("expect_column_values_to_be_between", {"column": "a"}),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": ["x"], "parse": True}),
        ("expect_column_values_to_be_unique", {"column": "a", "row_condition": "b == 1"}),
        ("expect_column_pair_values_to_be_equal",
         {"column_A": "a", "column_B": "b", "ignore_row_if": "never"}),
    ],
)  # fmt: skip
def test_what_a_suite_says_and_packs_do_not_is_told(kind: str, arguments: dict[str, Any]) -> None:
    """An argument that would change the meaning is no detail."""
    made = suite(
        {"type": kind, "kwargs": arguments},
        {"type": "expect_column_to_exist", "kwargs": {"column": "z"}},
    )

    assert ["z: exists"] == said(made)
    (left,) = made.left_over
    assert left.startswith(kind)


def test_a_dqdl_ruleset_is_carried_over() -> None:
    """Each kind of rule, on one line or more, with remarks."""
    made = read_dqdl(
        """Rules = [  # what must hold
            RowCount between 10 and 20,
            IsComplete "a", Completeness "a" > 0.95,
            IsUnique "a", IsPrimaryKey "a" "b", Uniqueness "a" >= 0.9,
            ColumnExists "a",
            ColumnValues "a" in ["x", "y \\"z\\"", 3] with threshold > 0.5,
            ColumnValues "a" matches "[a-z]+" where "b > 1",
            ColumnValues "a" >= -2.5, ColumnValues "a" = "x",
            ColumnLength "a" <= 5, ColumnDataType "a" = "Integer",
            Mean "a" between 1.5 and 3, ColumnCorrelation "a" "b" > 0,
            DistinctValuesCount "a" < 4, DataFreshness "t" <= 24 hours
        ]
        Analyzers = [ Entropy "a" ]""",
        "r.dqdl",
    )

    assert () == made.left_over
    assert [
        "rows 11 to 19", "a: completeness at least 1", "a: completeness at least 0.95",
        "a: unique", "unique a, b", "a: unique for a share of at least 0.9", "a: exists",
        'a: domain x, y "z", 3 for a share of at least 0.5', "a: pattern [a-z]+ where b > 1",
        "a: range at least -2.5", "a: domain x", "a: length at most 5", "a: type Integral",
        "a: mean 1.5 to 3", "a: correlation with b at least 4.94066e-324",
        "a: distinct at most 3", "t: freshness at most 24h before the window's end",
    ] == said(made)  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        '(IsComplete "a") or (IsComplete "b")',
        'ReferentialIntegrity "a" "ref.b" = 1.0',
        'CustomSql "select count(*) from primary" between 1 and 2',
        'Completeness "a" < 0.9',
        'ColumnValues "a" in (select x from y)',
        "ColumnCount = 7",
    ],
)
def test_what_dqdl_says_and_packs_do_not_is_told_with_its_line(line: str) -> None:
    """The rest is carried over."""
    made = read_dqdl(f'Rules = [\n  IsComplete "z",\n  {line}\n]', "r.dqdl")

    assert ["z: completeness at least 1"] == said(made)
    (left,) = made.left_over
    assert left.startswith("line 3: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('IsComplete "a"', "expected it to begin with 'Rules = \\['"),
        ('Rules = [ IsComplete "a"', "has no end"),
        ("Rules = [ \n § ]", "line 2: no DQDL begins with"),
        ("Rules = [ ColumnCount = 7 ]", "no rule of it can be carried over"),
    ],
)
def test_what_is_no_ruleset_is_refused(text: str, told: str) -> None:
    """With what was expected, and where."""
    with pytest.raises(DocumentError, match=told):
        read_dqdl(text, "r.dqdl")


def test_the_command_prints_a_pack_and_tells_what_it_left_over(tmp_path: Path) -> None:
    """On stdout what `packs` can name at once, on stderr a warning a rule."""
    path = tmp_path / "r.dqdl"
    path.write_text('Rules = [ IsComplete "a", ColumnCount = 7 ]', encoding="utf-8")

    told = tidegauge("import", "dqdl", str(path))

    assert 0 == told.code
    assert 1 == len(decode(told.out, "p.yaml").rules)
    assert "# not carried over: line 1: ColumnCount = 7" in told.out
    assert ["not carried over: line 1: ColumnCount = 7"] == [
        message.partition(": packs")[0] for message in told.messages("warning")
    ]
    for other in ("deequ", "great-expectations"):
        assert 2 == tidegauge("import", other, str(path)).code
