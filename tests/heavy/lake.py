"""Makes the tables of test_tables.py; run by a Python whose Spark knows Delta and Iceberg.

python lake.py TRAINING ASKED ANSWER: two folders of Parquet files, and the file to be written. It
says where the Delta table lies, and how Spark reads one day of the Iceberg table.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import functions

from tidegauge.model.window import Window
from tidegauge.session import start
from tidegauge.sources.captures import Batch
from tidegauge.sources.frames import captures_frame
from tidegauge.sources.listing import Inputs
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.storage import S3Settings


def main(training: str, asked: str, answer: str) -> None:
    """A Delta table of which rows were deleted, and an Iceberg table by days."""
    spark = start("local[2]")
    spark.read.parquet(training).write.format("delta").saveAsTable("trained")
    spark.sql("INSERT INTO trained SELECT * FROM trained WHERE seats < 120")
    spark.sql("DELETE FROM trained WHERE seats < 120")
    spark.sql("CREATE NAMESPACE lake.flights")
    rows = spark.read.parquet(asked)
    rows.writeTo("lake.flights.asked").partitionedBy(functions.days("at")).create()

    (where,) = spark.sql("DESCRIBE DETAIL trained").select("location").collect()
    source = CaptureSource("lake.flights.asked", Format.TABLE, "", time="at")
    day = Window(datetime(2024, 3, 2, tzinfo=UTC), timedelta(days=1))
    frame = captures_frame(spark, source, [Batch(day, "", Inputs(()))], S3Settings())
    plan = io.StringIO()
    with redirect_stdout(plan):
        frame.data.explain()
    Path(answer).write_text(f"{where.location}\n{plan.getvalue()}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
