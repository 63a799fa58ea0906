"""Rules that need the rows: Spark SQL gives the numbers that were counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from chispa import assert_df_equality
from pyarrow import parquet
from tests.packs.row_cases import CASES, FAILS_LATE, KINDS, TABLE, Case

from tidegauge.engines.rows import frame, sql
from tidegauge.model.batch import Chunk, FileSlice, Part
from tidegauge.model.statistics import Kind
from tidegauge.rules.packs.measure import Measured, measure_of
from tidegauge.rules.packs.rows import Questions, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

PARTS = tuple(Part(f"part-{i}", (FileSlice(f"{i}", 1),), "w", "v") for i in range(2))
RUNS = {("w", "v"): (0,), ("other", "v"): (1,)}


def read_halves(part: Part) -> Iterator[Chunk]:
    """Each part has half of the rows; the columns come in two groups, as those of wide files do."""
    half = TABLE.slice(4 * int(part.files[0].uri), 4)
    names = list(KINDS)
    yield Chunk(half.select(names[:5]), "w", "v")
    yield Chunk(half.select(names[5:]), "w", "v", new_rows=False)


def questions(cases: tuple[Case, ...] = CASES) -> Questions:
    """All cases at once: each must come out as if it were alone."""
    measures = {i: measure_of(case.in_force, KINDS) for i, case in enumerate(cases)}
    return Questions(KINDS, RUNS, measures)


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """The rows as the workers read them."""
    return frame.of_parts(spark, PARTS, read_halves, questions()).persist()


@pytest.fixture(scope="module")
def answers(rows: DataFrame) -> sql.Answers:
    """What Spark SQL answers to all cases together."""
    return sql.measure_rows(rows, questions())


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: CASES[i].rule)
def test_spark_sql_answers_as_counted_by_hand(number: int, answers: sql.Answers) -> None:
    """Each rule among all the others, sound and unsound."""
    check(CASES[number], answers[0][number])


def read_spark(part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
    """What Spark has read, as chunks."""
    assert part.id.startswith("task-")
    for table in tables:
        yield Chunk(table, "w", "v")


def test_rows_are_the_same_whoever_reads_them(
    rows: DataFrame, spark: SparkSession, tmp_path: Path
) -> None:
    """Names, types and values; the run's column first."""
    parquet.write_table(TABLE, tmp_path / "rows.parquet")
    by_spark = frame.of_frame(spark.read.parquet(str(tmp_path)), read_spark, questions())

    assert ["run", *KINDS] == rows.columns == by_spark.columns
    plain = [f"c{i}" for i in range(len(rows.columns))]  # chispa sorts by names, unquoted
    read, other = rows.toDF(*plain), by_spark.toDF(*plain)
    assert_df_equality(read, other, ignore_row_order=True, allow_nan_equality=True)


def test_rows_of_overlapping_runs_come_once_for_each(spark: SparkSession) -> None:
    """Seven days each day: a row belongs to several runs."""
    asked = replace(questions(), runs={("w", "v"): (3, 5)})

    found = frame.of_parts(spark, PARTS, read_halves, asked).groupBy("run").count().collect()

    assert {3: 8, 5: 8} == {row["run"]: row["count"] for row in found}


def test_a_feature_may_be_called_like_the_runs_column(spark: SparkSession) -> None:
    """The run's column steps aside."""
    table = pa.table({"run": ["x"], "Run": ["y"]})
    asked = Questions({"run": Kind.TEXT}, {("w", "v"): (0,)}, {})

    found = frame.of_parts(spark, PARTS[:1], lambda _: iter([Chunk(table, "w", "v")]), asked)

    assert [(0, "x")] == [tuple(row) for row in found.collect()]
    assert ["_run", "run"] == found.columns


def test_a_rule_that_fails_while_it_runs_leaves_the_others_whole(rows: DataFrame) -> None:
    """Nobody can tell that the pattern is broken before a row is looked at."""
    cases = (CASES[0], FAILS_LATE, CASES[1])

    found = sql.measure_rows(rows, questions(cases))

    for number, case in enumerate(cases):
        check(case, found[0][number])


def test_a_reason_shows_no_value_where_columns_are_sensitive(rows: DataFrame) -> None:
    """What Spark says of a failure may hold what it failed on."""
    asked = replace(questions((FAILS_LATE,)), discreet=True)

    found = sql.measure_rows(rows, asked)

    assert Unanswered(sql.HIDDEN) == found[0][0]


def test_a_run_without_rows_is_answered_too(answers: sql.Answers) -> None:
    """No row is no share, and a count of zero."""
    by_rule = {case.rule: answers[1][i] for i, case in enumerate(CASES) if not case.reason}
    counted = [found.value for rule, found in by_rule.items() if rule.startswith("{rows")]

    assert {(0.0, 0.0)} == {tuple(counted)}
    assert {None} == {f.value for rule, f in by_rule.items() if not rule.startswith("{rows")}


def check(case: Case, found: Measured | Unanswered) -> None:
    """One answer against its case."""
    if case.reason:
        assert isinstance(found, Unanswered)
        assert case.reason in found.reason
        return
    assert isinstance(found, Measured), found
    assert (case.n, case.failing) == (found.n, found.failing if case.n else case.failing)
    assert found.value == (None if case.value is None else pytest.approx(case.value, rel=1e-12))
