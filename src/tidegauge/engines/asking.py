"""One visit to the rows: every question of every run, and the rows that failed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegauge.engines import deequ
from tidegauge.engines.deequ_profile import statistics_of
from tidegauge.engines.rows import sql
from tidegauge.engines.rows.failing import failing_rows
from tidegauge.engines.rows.frame import run_column
from tidegauge.engines.spark import with_settings
from tidegauge.errors import UsageError
from tidegauge.rules.packs.rows import FromRows, RowRules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

    from tidegauge.rules.packs.rows import Questions


def _profiled(rows: DataFrame, asked: Questions) -> dict[int, FromRows]:
    """The statistics of each run's rows, by Deequ."""
    run = run_column(asked.kinds)
    numbers = dict.fromkeys(number for runs in asked.runs.values() for number in runs)
    rows.persist()
    try:
        return {
            number: FromRows(
                statistics=statistics_of(rows.filter(f"{run} = {number}").drop(run), asked.kinds),
                by=deequ.BY,
            )
            for number in numbers
        }
    finally:
        rows.unpersist()


# A value that cannot be read is null, on every Spark; an error would end the job, and quote it.
_SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
}


def ask(rows: DataFrame, asked: Questions, who: RowRules) -> dict[int, FromRows]:
    """What the rows answer, by run; `rows` come from `frame`.

    Raises:
        UsageError: Deequ is wanted, and its jar is not loaded or pydeequ not installed.
        EngineError: the rows cannot be read.
    """
    why_not = deequ.missing(rows.sparkSession) if who is not RowRules.SQL else ""
    if who is RowRules.DEEQU and why_not:
        raise UsageError(
            f"Deequ cannot be used: {why_not}; or set row_rules: auto, and no engine: deequ"
        )
    if asked.profile:
        return _profiled(rows, asked)
    by_deequ = who is not RowRules.SQL and not why_not
    with with_settings(rows.sparkSession, _SETTINGS), _kept(rows, asked):
        answers = deequ.measure_rows(rows, asked) if by_deequ else sql.measure_rows(rows, asked)
        failing = failing_rows(rows, asked, answers)
    by = deequ.BY if by_deequ else sql.BY
    return {run: FromRows(found, failing[run], by) for run, found in answers.items()}


@contextmanager
def _kept(rows: DataFrame, asked: Questions) -> Iterator[None]:
    """Rows that are looked at more than once are read once."""
    single = all(m.function not in sql.BY_VALUES for m in asked.measures.values())
    if single and not asked.keep:
        yield
        return
    rows.persist()
    try:
        yield
    finally:
        rows.unpersist()
