"""Tables that only Spark can read: Hive, Delta, Iceberg, a view, or a path that it can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyspark.sql import DataFrame, SparkSession


def read_table(spark: SparkSession, name: str, skip: Collection[str] = ()) -> DataFrame:
    """The table of this name, or at this path, without the columns to skip.

    Raises:
        InputError: Spark finds no such table.
    """
    from pyspark.errors import AnalysisException

    is_path = "/" in name and "`" not in name
    try:
        table = spark.read.load(name) if is_path else spark.table(name)
        wanted = [column for column in table.columns if column not in skip]
    except AnalysisException as error:
        raise InputError(
            f"Spark cannot read the table {name}: {str(error).splitlines()[0]}; expected the name "
            "of a table or a view that this session knows, or a path that it can read"
        ) from error
    return table.select([f"`{column.replace('`', '``')}`" for column in wanted])
