"""What Spark reads: tables (Hive, Delta, Iceberg, a view), Parquet files, and lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import InputError
from tidegauge.sources.sparknames import spark_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.nested import Path

FILE = "_metadata.file_path"
_SPLIT = "_metadata.file_block_start"


def read_table(spark: SparkSession, name: str, skip: Collection[str] = ()) -> DataFrame:
    """The table of this name, or at this path, without the columns to skip.

    Raises:
        InputError: Spark finds no such table.
    """
    from pyspark.errors import AnalysisException

    is_path = "/" in name and "`" not in name
    try:
        table = spark.read.load(name) if is_path else spark.table(name)
        return without_columns(table, skip)
    except AnalysisException as error:
        raise InputError(
            f"Spark cannot read the table {name}: {str(error).splitlines()[0].rstrip('.')}; "
            "expected the name of a table or a view that this session knows, or a path that it can "
            "read"
        ) from error


def read_parquet(spark: SparkSession, uri: str, inputs: Inputs) -> DataFrame:
    """The Parquet files of a source, with the columns that any of them has.

    Raises:
        InputError: a column has types that Spark does not join, or a file is broken.
    """
    # Not all writers are Spark: there is no calendar of before 1582.
    reader = spark.read.options(
        mergeSchema=True, datetimeRebaseMode="CORRECTED", int96RebaseMode="CORRECTED"
    )
    try:
        return reader.parquet(*_paths(inputs))
    except Exception as error:  # py4j's or pyspark's, whatever went wrong in the JVM
        lines = str(error).splitlines() or [type(error).__name__]
        told = next((line for line in lines if "Exception: " in line), lines[0])
        raise InputError(
            f"Spark cannot read the files of {uri} ({told.strip(' :.')}): expected Parquet with "
            "types that Spark knows, one a column; `read: arrow` reads each file as it is"
        ) from error


def read_text(spark: SparkSession, inputs: Inputs) -> DataFrame:
    """The lines of text files, each with the name of its file and the first byte of its split."""
    # By default a carriage return ends a line, too, wherever it is.
    return spark.read.option("lineSep", "\n").text(_paths(inputs)).select("value", FILE, _SPLIT)


def without_columns(data: DataFrame, skip: Collection[str], *more: str) -> DataFrame:
    """The columns that are not to be skipped, and more."""
    wanted = [column for column in data.columns if column not in skip]
    return data.select(*(quoted(column) for column in wanted), *more)


def quoted(column: str) -> str:
    """The name of a column as SQL takes it."""
    return f"`{column.replace('`', '``')}`"


def leaves(type_: StructType, above: Path = ()) -> Iterator[Path]:
    """The paths of the columns that a schema has once its structs are opened."""
    from pyspark.sql.types import StructType

    for field in type_.fields:
        path = (*above, field.name)
        if isinstance(field.dataType, StructType):
            yield from leaves(field.dataType, path)
        else:
            yield path


def _paths(inputs: Inputs) -> list[str]:
    return [spark_path(file.uri) for file in inputs.files]
