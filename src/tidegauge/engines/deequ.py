"""Measures by Deequ's analyzers, through pydeequ: analyzers only, no checks.

A check takes a function of Python's, for which py4j opens a callback server on a fixed port that
keeps the process alive; analyzers return numbers, and those are compared here. Their meaning is
that of `rules.packs.measure`: what counts is a column of its own, null in the rows that do not, so
that no analyzer's own idea of nulls or filters enters.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tidegauge.engines.rows import sql
from tidegauge.engines.rows.frame import run_column
from tidegauge.engines.spark import failures_told, is_connect
from tidegauge.errors import EngineError
from tidegauge.rules.packs.measure import Function, Measured
from tidegauge.rules.packs.rows import Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from tidegauge.rules.packs.measure import Measure
    from tidegauge.rules.packs.rows import Questions

BY = "Deequ"
PACKAGES: Mapping[str, str] = {"3.5": "com.amazon.deequ:deequ:2.0.7-spark-3.5"}
# The jar alone: what it names as its own needs, Spark has, or nothing here uses.
NEEDLESS = (
    "net.sourceforge.f2j:arpack_combined_all",
    "org.apache.spark:spark-core_2.12",
    "org.apache.spark:spark-sql_2.12",
    "org.scala-lang:scala-library",
    "org.scala-lang:scala-reflect",
    "org.scalanlp:breeze_2.12",
    "org.slf4j:slf4j-api",
)
# So fine that the quantile of up to so many rows is exact, as the sketch's of pyspark is.
_QUANTILE_ERROR = 1e-4


def missing(spark: SparkSession) -> str:
    """Why Deequ cannot be used on this session; empty where it can."""
    import pyspark
    from py4j.java_gateway import JavaClass

    # pydeequ wants it when it is imported.
    os.environ.setdefault("SPARK_VERSION", pyspark.__version__)
    try:
        import pydeequ.analyzers  # noqa: F401
    except ImportError:
        return "pydeequ is not installed: pip install 'tidegauge[deequ]'"
    except RuntimeError as error:  # how pydeequ refuses a Spark that it does not know
        return str(error)
    if is_connect(spark):
        return "a Spark Connect session has no JVM of its own"
    found = spark._jvm.com.amazon.deequ.analyzers.Size  # type: ignore[union-attr]
    if not isinstance(found, JavaClass):
        version = ".".join(pyspark.__version__.split(".")[:2])
        if version not in PACKAGES:
            return f"there is no Deequ that was tried for Spark {version}"
        return f"its jar is not loaded: start Spark with --packages {PACKAGES[version]}"
    return ""


def measure_rows(rows: DataFrame, asked: Questions) -> sql.Answers:
    """The answers of the rows to every question, by run and rule; one Deequ run for each run.

    What Deequ or Spark cannot analyse or compute is unanswered with its reason.
    """
    answers: sql.Answers = {run: {} for runs in asked.runs.values() for run in runs}
    sound: dict[int, Measure] = {}
    for rule, measure in asked.measures.items():
        reason = sql.refusal(rows, asked, rule, measure)
        if reason:
            for answered in answers.values():
                answered[rule] = reason
        else:
            sound[rule] = measure
    run = run_column(asked.kinds)
    for number, answered in answers.items():
        own = rows.filter(f"{run} = {number}")
        _ask(own, asked, sound, answered)
    return answers


def _ask(
    rows: DataFrame,
    asked: Questions,
    measures: Mapping[int, Measure],
    answered: dict[int, Measured | Unanswered],
) -> None:
    """All questions in one run of Deequ; those that fail again by halves, as in SQL.

    Analyzers share a scan, and fail together with the one of them that fails.
    """
    if not measures:
        return
    try:
        with failures_told():
            found = _run(rows, asked, measures)
    except EngineError as error:
        reason = Unanswered(sql.HIDDEN if asked.discreet else str(error))
        found = dict.fromkeys(measures, reason)
    answered |= found
    failed = {r: m for r, m in measures.items() if isinstance(found[r], Unanswered)}
    if len(measures) > 1:
        for half in sql.halves(failed):
            _ask(rows, asked, half, answered)


def _run(
    rows: DataFrame, asked: Questions, measures: Mapping[int, Measure]
) -> dict[int, Measured | Unanswered]:
    from pydeequ.analyzers import AnalysisRunner, Size

    columns, derived = _derived(rows, measures)
    analyzers = {rule: _analyzer(rule, m, columns[rule]) for rule, m in measures.items()}
    sizes = {rule: Size(where=measure.among) for rule, measure in measures.items()}
    builder = AnalysisRunner(rows.sparkSession).onData(derived)
    for analyzer in (*analyzers.values(), *sizes.values()):
        if analyzer is not None:
            builder = builder.addAnalyzer(analyzer)
    metrics = builder.run().metricMap()
    found: dict[int, Measured | Unanswered] = {}
    for rule, measure in measures.items():
        n = _value(metrics, sizes[rule], asked)
        if isinstance(n, Unanswered):
            found[rule] = n
        elif measure.function is Function.ROWS:
            found[rule] = Measured(n, int(n))
        elif not n:
            found[rule] = Measured(None, 0)
        else:
            value = _value(metrics, analyzers[rule], asked)
            found[rule] = value if isinstance(value, Unanswered) else _measured(measure, value, n)
    return found


def _measured(measure: Measure, value: float, n: float) -> Measured:
    if measure.function in (Function.SHARE, Function.UNIQUE):
        return Measured(value, int(n), round((1 - value) * n))
    if measure.function in (Function.ENTROPY, Function.MUTUAL_INFORMATION):
        return Measured(max(0.0, value), int(n))
    return Measured(value, int(n))


def _derived(
    rows: DataFrame, measures: Mapping[int, Measure]
) -> tuple[dict[int, tuple[str, ...]], DataFrame]:
    """The rows with a column for each value that is asked of, and its name by rule."""
    names: dict[int, tuple[str, ...]] = {}
    added: list[str] = []
    for rule, measure in measures.items():
        names[rule] = tuple(f"tidegauge_{rule}_{i}" for i in range(len(measure.columns)))
        added += [
            f"CASE WHEN {measure.among} THEN {column} END AS {name}"
            for name, column in zip(names[rule], measure.columns, strict=True)
        ]
    return names, rows.selectExpr("*", *added)


def _analyzer(rule: int, measure: Measure, columns: tuple[str, ...]) -> Any:  # noqa: ANN401
    from pydeequ import analyzers

    match measure.function:
        case Function.ROWS:
            return None
        case Function.SHARE:
            # Deequ's Compliance counts a null as neither; ours is that it does not meet the rule.
            met = f"coalesce(({measure.condition}), false)"
            return analyzers.Compliance(f"rule {rule}", met, measure.among)
        case Function.QUANTILE:
            return analyzers.ApproxQuantile(columns[0], measure.at, _QUANTILE_ERROR)
        case _:
            pass
    several = {
        Function.UNIQUE: analyzers.Uniqueness,
        Function.DISTINCT: analyzers.CountDistinct,
        Function.MUTUAL_INFORMATION: analyzers.MutualInformation,
    }
    if measure.function in several:
        return several[measure.function](list(columns))
    return {
        Function.ENTROPY: analyzers.Entropy,
        Function.CORRELATION: analyzers.Correlation,
        Function.MEAN: analyzers.Mean,
        Function.STD_DEV: analyzers.StandardDeviation,
        Function.SUM: analyzers.Sum,
        Function.NEWEST: analyzers.Maximum,
    }[measure.function](*columns)


def _value(metrics: Any, analyzer: Any, asked: Questions) -> float | Unanswered:  # noqa: ANN401
    """The number of one analyzer, or why it has none."""
    if analyzer is None:
        return Unanswered("Deequ has no analyzer for it")
    found = metrics.get(analyzer._analyzer_jvm)
    if found.isEmpty():
        return Unanswered("Deequ gave no metric for it")
    value = found.get().value()
    if value.isSuccess():
        return float(value.get())
    if asked.discreet:
        return Unanswered(sql.HIDDEN)
    told = str(value.failed().get().getMessage()).splitlines()[0].rpartition("Exception: ")[2]
    return Unanswered(f"Deequ could not compute it: {told}")
