"""The rows of the kept profiles of each version, and how their bytes were made, once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines import local
from tidegauge.model.batch import Chunk, Part, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.profile.dataset import Profile

KEPT = Path(__file__).parent / "kept" / "v1.parquet"
KEPT_2 = KEPT.with_name("v2.parquet")


def rows() -> pa.Table:
    """One column of each kind, one of texts that are too many to be listed, and one that fails."""
    n = 3_000
    return pa.table(
        {
            "integral": pa.array([None if i % 10 == 9 else i % 7 - 3 for i in range(n)]),
            "large": pa.array([2**63 - 1 - i % 3 for i in range(n)]),
            "fractional": pa.array(
                [(float("nan"), float("inf"), i % 600 / 4)[min(i, 2)] for i in range(n)]
            ),
            "decimal": pa.array([Decimal(i % 5).scaleb(-2) for i in range(n)], pa.decimal128(9, 2)),
            "boolean": pa.array([i % 4 == 0 for i in range(n)]),
            "date": pa.array([date(1969, 12, 30 + i % 2) for i in range(n)]),
            "time": pa.array([datetime(2013, 6, 20, i % 24, tzinfo=UTC) for i in range(n)]),
            "category": pa.array([("AA", "", "NullValue", "größe", None)[i % 5] for i in range(n)]),
            "identifier": pa.array([f"flight {i % 600}" for i in range(n)]),
            "binary": pa.array([b"\x00" * (i % 3) for i in range(n)]),
            "nothing": pa.nulls(n),
            "list": pa.array([[i] for i in range(n)]),
        }
    )


def profile() -> Profile:
    """The profile of the rows in three parts."""
    table = rows()

    def read(part: Part) -> Iterator[Chunk]:
        yield Chunk(table.slice(int(part.id) * 1_000, 1_000), tally=Tally(1_000, 1, 2, (part.id,)))

    return local.profile_parts([Part(f"{i}", ()) for i in range(3)], read, 1)["", ""]


def with_strays() -> Profile:
    """A column of integers in which texts were found."""
    table = pa.table({"x": pa.array([1, None, None, None], pa.int64())})
    chunk = Chunk(table, mismatched=(("x", pa.array(["n/a", "3.5", "n/a"])),))
    return local.profile_parts([Part("p", ())], lambda _: iter([chunk]), 1)["", ""]
