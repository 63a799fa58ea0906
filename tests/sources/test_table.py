"""Tables that Spark reads by name or by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from tidegauge.errors import InputError
from tidegauge.sources.table import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def test_a_view_and_a_path_are_tables(spark: SparkSession, tmp_path: Path) -> None:
    """Columns with dots in their names are columns, and those to skip are not there."""
    parquet.write_table(pa.table({"a.b": [1], "c": [2]}), tmp_path / "t.parquet")
    frame = read_table(spark, str(tmp_path / "t.parquet"), skip={"c"})
    assert [(1,)] == [tuple(row) for row in frame.collect()]
    frame.createOrReplaceTempView("some_view")
    assert ["a.b"] == read_table(spark, "some_view").columns


@pytest.mark.parametrize("name", ["no_such_table", "/no/such/path"])
def test_a_table_that_is_not_there_says_so(spark: SparkSession, name: str) -> None:
    """One sentence, and no trace of the JVM."""
    with pytest.raises(
        InputError, match=f"Spark cannot read the table {name}: .*expected the name"
    ):
        read_table(spark, name)
