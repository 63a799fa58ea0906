"""The peers, each at its best on two cores: decoding alone, DuckDB, polars, Spark SQL, Deequ.

Spark peers get a session for long runs: the JVM's optimising compiler, 4 GiB of heap, two shuffle
partitions, no UI.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from contender import CORES, MASTER, Contender, NotMeasured, Run

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

_SESSION = {
    "spark.driver.memory": "4g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": str(CORES),
    "spark.ui.enabled": "false",
}
_DEEQU = "com.amazon.deequ:deequ:2.0.7-spark-3.5"
# The jar alone: what it names as its own needs, Spark has, or this profiler does not use.
_DEEQU_NEEDLESS = (
    "net.sourceforge.f2j:arpack_combined_all",
    "org.apache.spark:spark-core_2.12",
    "org.apache.spark:spark-sql_2.12",
    "org.scala-lang:scala-library",
    "org.scala-lang:scala-reflect",
    "org.scalanlp:breeze_2.12",
    "org.slf4j:slf4j-api",
)
_WARM_UP_ROWS = 1_000


def _decode(data: Path) -> Run:
    files = sorted(data.glob("*.parquet"))

    def run() -> int:
        with ProcessPoolExecutor(CORES) as pool:
            return sum(pool.map(_decode_file, files))

    return run


def _decode_file(file: Path) -> int:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as parquet:
        groups = range(parquet.num_row_groups)
        return sum(parquet.read_row_group(g, use_threads=False).num_rows for g in groups)


def _duckdb(data: Path) -> Run:
    import duckdb

    connection = duckdb.connect(config={"threads": CORES})
    query = f"SUMMARIZE FROM read_parquet('{data}/*.parquet')"
    return lambda: connection.execute(query).fetchall()


def _polars(data: Path) -> Run:
    import polars as pl

    if pl.thread_pool_size() != CORES:
        raise NotMeasured(f"polars took {pl.thread_pool_size()} threads, not {CORES}")
    return lambda: pl.scan_parquet(data / "*.parquet").describe()


def _spark_sql(data: Path) -> Run:
    frame = session_for_long_runs().read.parquet(str(data))
    aggregates = [a for name, kind in frame.dtypes for a in _aggregates(name, kind)]
    frame.limit(_WARM_UP_ROWS).agg(*aggregates).collect()
    return lambda: frame.agg(*aggregates).collect()


def _aggregates(name: str, kind: str) -> list[Column]:
    from pyspark.sql import functions

    made = [functions.count(name), functions.approx_count_distinct(name)]
    if kind != "boolean":
        made += [functions.min(name), functions.max(name)]
    if kind in {"double", "bigint"}:
        quartiles = functions.percentile_approx(name, [0.25, 0.5, 0.75])
        made += [functions.avg(name), functions.stddev_pop(name), quartiles]
    return made


def _deequ(data: Path, *, kll: bool) -> Run:
    import pyspark

    os.environ["SPARK_VERSION"] = pyspark.__version__  # pydeequ wants it when it is imported
    frame = session_for_long_runs(
        {
            "spark.jars.packages": _DEEQU,
            "spark.jars.excludes": ",".join(_DEEQU_NEEDLESS),
            "spark.jars.ivy": str(data.parent / "ivy"),
        }
    ).read.parquet(str(data))
    _profile_with_deequ(frame.limit(_WARM_UP_ROWS), kll=kll)
    return lambda: _profile_with_deequ(frame, kll=kll)


def _profile_with_deequ(frame: DataFrame, *, kll: bool) -> object:
    from pydeequ.profiles import ColumnProfilerRunner

    builder = ColumnProfilerRunner(frame.sparkSession).onData(frame)
    return (builder.withKLLProfiling() if kll else builder).run()


def session_for_long_runs(settings: dict[str, str] | None = None) -> SparkSession:
    """A session of the module's settings, and of more."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(MASTER).appName("benchmark")
    for key, value in (_SESSION | (settings or {})).items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # the JVM ends, and says why on stderr, when a jar is not to be had
        raise NotMeasured(f"Spark did not start: {str(error).splitlines()[0]}") from error
    session.sparkContext.setLogLevel("ERROR")
    return session


PEERS = (
    Contender(
        "decode",
        "pyarrow, only decoding the Parquet, 2 processes",
        "nothing: the floor",
        ("pyarrow",),
        _decode,
    ),
    Contender(
        "polars",
        "polars `scan_parquet().describe()`, 2 threads",
        "count, nulls, mean, standard deviation, extremes, quartiles",
        ("polars",),
        _polars,
    ),
    Contender(
        "duckdb",
        "DuckDB `SUMMARIZE`, 2 threads",
        "the same, and approximate distinct counts",
        ("duckdb",),
        _duckdb,
    ),
    Contender(
        "sql",
        "Spark SQL, one `agg`",
        "count, extremes, mean, standard deviation, approximate distinct counts and quartiles",
        ("pyspark",),
        _spark_sql,
        slow=True,
    ),
    Contender(
        "deequ",
        "Deequ 2.0.7 `ColumnProfilerRunner`",
        "completeness, types, distinct counts, mean, deviation, extremes, counts of few values",
        ("pydeequ", "pyspark"),
        partial(_deequ, kll=False),
        slow=True,
    ),
    Contender(
        "deequ-kll",
        "Deequ 2.0.7 `ColumnProfilerRunner`, KLL on",
        "the same and KLL sketches: what SageMaker Model Monitor runs",
        ("pydeequ", "pyspark"),
        partial(_deequ, kll=True),
        slow=True,
    ),
)
