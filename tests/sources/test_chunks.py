"""Chunks put together: no row is lost, and a window's rows keep their order."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.model.batch import Chunk, Tally
from tidegauge.sources import chunks as module
from tidegauge.sources.chunks import regrouped

runs = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["n", "m"]), st.integers(0, 5)), max_size=30
)


@settings(deadline=None)
@given(runs, st.integers(1, 20))
def test_rows_find_their_window(some: list[tuple[str, str, int]], most: int) -> None:
    """Whatever comes in between, and however few rows may be held."""
    chunks = [
        Chunk(pa.table({name: [100 * i + k for k in range(rows)]}), window, tally=Tally(rows))
        for i, (window, name, rows) in enumerate(some)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_ROWS", most)
        found = list(regrouped(iter(chunks)))

    assert sum(c.tally.records for c in chunks) == sum(c.tally.records for c in found)
    for key in {(c.window, *c.table.column_names) for c in chunks}:
        assert rows_of(chunks, *key) == rows_of(found, *key)


def rows_of(chunks: list[Chunk], window: str, name: str) -> list[int]:
    """The rows of one window's column, chunk after chunk."""
    own = [c.table for c in chunks if c.window == window and c.table.column_names == [name]]
    return [row for table in own for row in table.column(name).to_pylist()]


def test_windows_that_take_turns_are_a_chunk_each() -> None:
    """As many small files of two windows give."""
    turns = [Chunk(pa.table({"n": [i]}), "ab"[i % 2]) for i in range(40)]

    assert [("a", 20), ("b", 20)] == [(c.window, c.table.num_rows) for c in regrouped(turns)]
