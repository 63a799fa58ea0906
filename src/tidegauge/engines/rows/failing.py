"""Rows that fail a rule: a few of each run, always the same ones of the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.engines.rows.frame import run_column
from tidegauge.engines.spark import failures_told
from tidegauge.errors import EngineError
from tidegauge.rules.packs.literals import quoted
from tidegauge.rules.packs.measure import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from tidegauge.rules.packs.measure import Measure, Measured
    from tidegauge.rules.packs.rows import Questions, Unanswered

Answers = dict[int, dict[int, "Measured | Unanswered"]]
Failing = dict[int, dict[int, tuple[str, ...]]]  # by run and rule, each row a JSON object


def failing_rows(rows: DataFrame, asked: Questions, answers: Answers) -> Failing:
    """The rows to be kept of the rules that some row fails, by run and rule.

    The choice depends on the rows alone: those whose hash is smallest. A rule whose rows cannot be
    had keeps none; its outcome stands.
    """
    found: Failing = {run: {} for run in answers}
    for rule, most in asked.keep.items():
        if any(_fails(answered.get(rule)) for answered in answers.values()):
            try:
                with failures_told():
                    kept = _kept(rows, asked.measures[rule], most, run_column(asked.kinds))
            except EngineError:
                continue
            for run, lines in kept.items():
                found[run][rule] = lines
    return found


def _fails(answer: object) -> bool:
    return bool(getattr(answer, "failing", 0))


def _kept(rows: DataFrame, measure: Measure, most: int, run: str) -> Mapping[int, tuple[str, ...]]:
    from pyspark.sql import Window, functions

    features = [quoted(name) for name in rows.columns if name != run]
    failing = _failing(rows, measure, run)
    record = functions.to_json(functions.struct(*features), {"ignoreNullFields": "false"})
    listed = failing.select(functions.col(run).alias("run"), record.alias("record"))
    order = Window.partitionBy("run").orderBy(functions.xxhash64("record"), "record")
    few = listed.withColumn("place", functions.row_number().over(order)).filter(f"place <= {most}")
    kept: dict[int, list[tuple[int, str]]] = {}
    for row in few.collect():
        kept.setdefault(row["run"], []).append((row["place"], row["record"]))
    return {number: tuple(line for _, line in sorted(lines)) for number, lines in kept.items()}


def _failing(rows: DataFrame, measure: Measure, run: str) -> DataFrame:
    among = rows.filter(f"coalesce({measure.among}, false)")
    if measure.function is not Function.UNIQUE:
        return among.filter(f"NOT coalesce({measure.condition}, false)")
    keys = ", ".join((run, *measure.columns))
    return among.selectExpr("*", f"count(*) OVER (PARTITION BY {keys}) AS `same values`").filter(
        "`same values` > 1"
    )
