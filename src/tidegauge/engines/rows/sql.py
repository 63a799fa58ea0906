"""Measures by Spark SQL: one aggregate for all that single rows tell, one job for all counts.

The meaning is that of `rules.packs.measure`; Deequ's analyzers are held to the same cases.
"""

from __future__ import annotations

import math
import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from tidegauge.engines.rows.frame import run_column
from tidegauge.engines.spark import failures_told
from tidegauge.errors import EngineError
from tidegauge.rules.packs.measure import Function, Measured
from tidegauge.rules.packs.rows import Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from tidegauge.rules.packs.measure import Measure
    from tidegauge.rules.packs.rows import Questions

Answers = dict[int, dict[int, "Measured | Unanswered"]]  # by run, then by rule

BY = "Spark SQL"
BY_VALUES = (Function.UNIQUE, Function.DISTINCT, Function.ENTROPY, Function.MUTUAL_INFORMATION)
_RAISES = re.compile(r"\b(raise_error|assert_true)\s*\(", re.IGNORECASE)
HIDDEN = "Spark could not compute it; its reason is not shown, since it may hold sensitive values"


def measure_rows(rows: DataFrame, asked: Questions) -> Answers:
    """The answers of the rows to every question, by run and rule.

    What Spark cannot analyse or compute is unanswered with its reason; the others stay whole.
    """
    answers: Answers = {run: {} for runs in asked.runs.values() for run in runs}
    sound: dict[int, Measure] = {}
    for rule, measure in asked.measures.items():
        reason = refusal(rows, asked, rule, measure)
        if reason:
            _put(answers, rule, reason)
        else:
            sound[rule] = measure
    _ask(rows, asked, sound, answers)
    return answers


def _ask(
    rows: DataFrame, asked: Questions, measures: Mapping[int, Measure], answers: Answers
) -> None:
    """All questions together; should that fail, by halves, until what fails stands alone."""
    if not measures:
        return
    try:
        with failures_told():
            _fill(rows, asked, measures, answers)
    except EngineError as error:
        if len(measures) == 1:
            reason = HIDDEN if asked.discreet else str(error)
            _put(answers, next(iter(measures)), Unanswered(reason))
            return
        for half in halves(measures):
            _ask(rows, asked, half, answers)


def halves(measures: Mapping[int, Measure]) -> tuple[dict[int, Measure], dict[int, Measure]]:
    """Two halves of what is asked together."""
    listed = list(measures.items())
    middle = len(listed) // 2
    return dict(listed[:middle]), dict(listed[middle:])


def _fill(
    rows: DataFrame, asked: Questions, measures: Mapping[int, Measure], answers: Answers
) -> None:
    by_row = {r: m for r, m in measures.items() if m.function not in BY_VALUES}
    by_value = {r: m for r, m in measures.items() if m.function in BY_VALUES}
    run = run_column(asked.kinds)
    if by_row:
        columns = [c for rule, measure in by_row.items() for c in _aggregates(rule, measure)]
        for row in rows.groupBy(run).agg(*columns).collect():
            found = row.asDict()
            for rule, measure in by_row.items():
                answers[found[run]][rule] = _measured(measure, rule, found)
    if by_value:
        found_by: dict[tuple[int, int], list[Any]] = {}
        for row in _counted(rows, run, by_value).collect():
            found_by.setdefault((row["run"], row["rule"]), []).append(row)
        for answered in answers.values():
            for rule in by_value:
                answered.setdefault(rule, Measured(None, 0))
        for (number, rule), counted in found_by.items():
            answers[number][rule] = _of_counts(by_value[rule], counted)
    for answered in answers.values():
        for rule, measure in by_row.items():
            none = 0.0 if measure.function is Function.ROWS else None
            answered.setdefault(rule, Measured(none, 0))


def refusal(rows: DataFrame, asked: Questions, rule: int, measure: Measure) -> Unanswered | None:
    """Why Spark cannot even analyse a question; names and SQL, never a value."""
    from pyspark.errors import PySparkException

    if asked.discreet and _RAISES.search(f"{measure.condition} {measure.among}"):
        return Unanswered(
            "its SQL raises errors, which Spark logs with the values in them: not where columns "
            "are sensitive"
        )
    try:
        if measure.function in BY_VALUES:
            _ = _counted(rows, run_column(asked.kinds), {rule: measure}).schema
        else:
            _ = rows.agg(*_aggregates(rule, measure)).schema
    except PySparkException as error:
        told = " ".join(str(error).split("\n\nJVM")[0].split(";\n")[0].split())
        return Unanswered(f"Spark does not accept its SQL: {told}")
    return None


def _put(answers: Answers, rule: int, answer: Unanswered) -> None:
    for answered in answers.values():
        answered[rule] = answer


def _aggregates(rule: int, measure: Measure) -> Iterator[Column]:
    """The aggregates of one measure of single rows: how many count, and what is asked of them."""
    from pyspark.sql import functions

    among = f"({measure.among})"
    values = [f"CASE WHEN {among} THEN {column} END" for column in measure.columns]
    yield functions.expr(f"count_if({among})").alias(f"n{rule}")
    match measure.function:
        case Function.SHARE:
            asked = f"count_if({among} AND ({measure.condition}))"
        case Function.CORRELATION:
            asked = f"corr({values[0]}, {values[1]})"
        case Function.QUANTILE:
            asked = f"percentile_disc({measure.at!r}) WITHIN GROUP (ORDER BY {values[0]})"
        case Function.MEAN:
            asked = f"avg({values[0]})"
        case Function.STD_DEV:
            asked = f"stddev_pop({values[0]})"
        case Function.SUM:
            asked = f"sum({values[0]})"
        case Function.NEWEST:
            asked = f"max({values[0]})"
        case _:
            return
    yield functions.expr(asked).alias(f"v{rule}")


def _measured(measure: Measure, rule: int, found: Mapping[str, Any]) -> Measured:
    n = found[f"n{rule}"]
    if measure.function is Function.ROWS:
        return Measured(float(n), n)
    value = found[f"v{rule}"]
    if measure.function is Function.SHARE:
        return Measured(value / n if n else None, n, n - value)
    return Measured(None if value is None else float(value), n)


def _counted(rows: DataFrame, run: str, measures: Mapping[int, Measure]) -> DataFrame:
    """What the counts of values come to, a row each run, rule and set of columns (`side`)."""
    sides = [
        _summed(rows, run, rule, side, measure, columns)
        for rule, measure in measures.items()
        for side, columns in enumerate(_sides(measure))
    ]
    return reduce(lambda one, other: one.unionAll(other), sides)


def _sides(measure: Measure) -> Sequence[tuple[str, ...]]:
    """The sets of columns whose values are counted: I(x; y) = H(x) + H(y) - H(x, y)."""
    if measure.function is not Function.MUTUAL_INFORMATION:
        return (measure.columns,)
    return (measure.columns, *((column,) for column in measure.columns))


def _summed(
    rows: DataFrame, run: str, rule: int, side: int, measure: Measure, columns: tuple[str, ...]
) -> DataFrame:
    from pyspark.sql import functions

    keys = [functions.expr(column).alias(f"k{i}") for i, column in enumerate(columns)]
    among = rows.filter(f"coalesce({measure.among}, false)")
    named = among.select(functions.col(run).alias("run"), *keys)
    counts = named.groupBy("run", *(f"k{i}" for i in range(len(keys)))).agg(
        functions.expr("count(*) AS times")
    )
    return counts.groupBy("run").agg(
        functions.lit(rule).alias("rule"),
        functions.lit(side).alias("side"),
        functions.expr("sum(times) AS n"),
        functions.expr("count(*) AS different"),
        functions.expr("count_if(times = 1) AS once"),
        functions.expr("sum(times * ln(times)) AS weighed"),
    )


def _of_counts(measure: Measure, sides: Sequence[Any]) -> Measured:
    ordered = sorted(sides, key=lambda row: int(row["side"]))
    first = ordered[0]
    n = int(first["n"])
    match measure.function:
        case Function.UNIQUE:
            return Measured(first["once"] / n, n, n - first["once"])
        case Function.DISTINCT:
            return Measured(float(first["different"]), n)
        case Function.ENTROPY:
            return Measured(_entropy(first), n)
        case _:
            joint, *single = map(_entropy, ordered)
            return Measured(max(0.0, sum(single) - joint), n)


def _entropy(row: Any) -> float:  # noqa: ANN401  (Spark's row)
    """H = ln n - (1/n) sum c ln c, in nats, never below 0 by rounding."""
    n = int(row["n"])
    return max(0.0, math.log(n) - float(row["weighed"]) / n)
