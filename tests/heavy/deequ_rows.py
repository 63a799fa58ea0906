"""Answers the table of cases with Deequ; run by a Python of its own, since it needs Deequ's jar.

python deequ_rows.py ANSWER: writes the answers as JSON, and whether a callback server is running.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.packs.row_cases import CASES, FAILS_LATE
from tests.packs.test_rows import PARTS, questions, read_halves

from tidegauge.engines import deequ
from tidegauge.engines.rows import frame
from tidegauge.session import start


def main(answer: str) -> None:
    """One Deequ run for each run of the questions, sound and unsound ones together."""
    spark = start("local[2]", deequ=True)
    asked = questions((*CASES, FAILS_LATE))
    rows = frame.of_parts(spark, PARTS, read_halves, asked).persist()
    missing = deequ.missing(spark)
    found = deequ.measure_rows(rows, asked)
    told = {
        "missing": missing,
        "callback_server": spark.sparkContext._gateway._callback_server is not None,  # type: ignore[union-attr]
        "answers": {run: {i: asdict(a) for i, a in by.items()} for run, by in found.items()},
    }
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
