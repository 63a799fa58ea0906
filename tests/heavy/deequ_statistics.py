"""States the cases of the engines with Deequ; run by a Python of its own, which has Deequ's jar.

python deequ_statistics.py ANSWER: writes the statistics of each table, ours and Deequ's, as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.cases import cases

from tidegauge.documents import statistics as document
from tidegauge.engines import local
from tidegauge.engines.deequ import missing
from tidegauge.engines.deequ_profile import statistics_of
from tidegauge.engines.rows import frame
from tidegauge.errors import EngineError
from tidegauge.model.batch import Chunk, FileSlice, Part
from tidegauge.rules.packs.evaluate import kinds_of
from tidegauge.rules.packs.from_profile import Batch
from tidegauge.rules.packs.rows import Questions
from tidegauge.session import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

PART = Part("part", (FileSlice("", 1),))


def main(answer: str) -> None:
    """Each table as rows of one DataFrame, as the jobs make them."""
    spark = start("local[2]", deequ=True)
    assert not missing(spark)
    told = {}
    for name, case in cases().items():
        table = case.table

        def read(_: Part, table: pa.Table = table) -> Iterator[Chunk]:
            yield Chunk(table)

        ours = local.profile_parts([PART], read)["", ""].statistics()
        kinds = kinds_of(Batch.of(ours, None))
        asked = Questions(kinds, {("", ""): (0,)}, {}, profile=True)
        rows = frame.of_parts(spark, [PART], read, asked).drop("run")
        try:
            found = document.encode(statistics_of(rows, kinds))
        except EngineError as error:
            told[name] = {"ours": document.encode(ours), "failed": str(error)}
        else:
            told[name] = {"ours": document.encode(ours), "deequ": found}
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
