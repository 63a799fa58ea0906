"""Buckets over Spark's partitions: Spark itself says where a number lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegauge.engines.spreading import spread

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.mark.parametrize("partitions", [1, 3, 8, 64])
def test_each_number_lies_in_a_partition_of_its_own(spark: SparkSession, partitions: int) -> None:
    """The first in the first one, and so on; none is empty, none has two."""
    numbers = spark.createDataFrame([(number,) for number in spread(partitions)], "number int")
    dealt = numbers.repartition(partitions, "number")
    found = dealt.selectExpr("number", "spark_partition_id() as place").collect()
    assert list(spread(partitions)) == [row.number for row in sorted(found, key=lambda r: r.place)]
    assert list(range(partitions)) == sorted(row.place for row in found)
