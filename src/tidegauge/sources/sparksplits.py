"""Where Spark splits large text files: how many lines stand above each split is counted first.

The task of a split sees no other, and is to tell the line of each record that it rejects.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tidegauge.sources.listing import Inputs
from tidegauge.sources.parts import PART_BYTES
from tidegauge.sources.reading import is_compressed
from tidegauge.sources.table import read_text

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tidegauge.sources.sparklines import Splits


def splits_of(spark: SparkSession, inputs: Inputs) -> Splits:
    """The splits of the files that are larger than a part; a small job, if there are any.

    Spark's settings must be those that the lines will be read with: they say where it splits.
    """
    large = tuple(f for f in inputs.files if f.size_bytes > PART_BYTES and not is_compressed(f.uri))
    if not large:
        return {}
    lines = read_text(spark, Inputs(large))
    counts = lines.groupBy(*lines.columns[1:]).count().collect()
    above: defaultdict[str, int] = defaultdict(int)
    splits = {}
    for path, place, count in sorted(counts):
        splits[path, place] = above[path]
        above[path] += count
    return splits
