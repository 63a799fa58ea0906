"""Nested columns on the product's roads: files of lists, blocks of a baseline, odd parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tidegauge.engines import local
from tidegauge.model.batch import Chunk, Part
from tidegauge.profile.dataset import Profile
from tidegauge.profile.grid import grids
from tidegauge.sources.coarse import CoarseReader
from tidegauge.sources.listing import list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import reader
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTS = {"tags": [["a", "b"], [], None, ["a", None]], "s": [{"n": [1]}, None, {"n": None}, {}]}


def profiled(*tables: pa.Table) -> Profile:
    """The profile of tables, each of which is a part."""

    def read(part: Part) -> Iterator[Chunk]:
        yield Chunk(tables[int(part.id)])

    parts = [Part(str(number), ()) for number in range(len(tables))]
    return local.profile_parts(parts, read, processes=1)["", ""]


def counted(profile: Profile) -> dict[str, tuple[int, int]]:
    """Present and missing of each feature."""
    return {f.name: (f.num_present, f.num_missing) for f in profile.statistics().features}


EXPECTED = {"tags.length": (3, 1), "tags[]": (3, 1), "s.n.length": (1, 3), "s.n[]": (1, 0)}


def test_parquet_and_json_lines_give_the_same_lists(tmp_path: Path) -> None:
    """What is inside is found by its path, whatever the file's format."""
    table = pa.table(LISTS)
    pq.write_table(table, tmp_path / "rows.parquet")
    text = (
        '{"tags": ["a", "b"], "s": {"n": [1]}}\n{"tags": [], "s": null}\n'
        '{"tags": null, "s": {"n": null}}\n{"tags": ["a", null], "s": {}}\n'
    )
    (tmp_path / "rows.jsonl").write_text(text, encoding="utf-8")
    for format_ in (Format.PARQUET, Format.JSONL):
        uri = str(tmp_path / f"rows.{format_.value}")
        source = TrainingSource(uri, format_, str(tmp_path / "rejected"))
        parts = cut(list_training(uri, S3Settings()), format_, S3Settings())
        (profile,) = local.profile_parts(parts, reader(source, S3Settings())).values()

        assert EXPECTED == counted(profile)


def test_a_list_column_that_is_nothing_in_a_part_is_no_feature_of_its_own() -> None:
    """A part in which no row has a list cannot know that it is one: its rows have no length."""
    nothing = pa.table({"tags": pa.nulls(2), "x": [1, 2]})
    lists = pa.table({"tags": [["a"], []], "x": [3, 4]})
    for parts in ((nothing, lists), (lists, nothing), (nothing, lists, nothing)):
        missing = 2 * (len(parts) - 1)
        profile = profiled(*parts)
        hours = Profile.merge_all(profiled(part) for part in parts)

        expected = {"x": (2 * len(parts), 0), "tags.length": (2, missing), "tags[]": (1, 0)}
        assert expected == counted(profile)
        assert expected == counted(hours)


def test_an_empty_column_beside_one_that_is_called_its_length_stays() -> None:
    """Both are in all rows: they have nothing to do with each other."""
    found = counted(profiled(pa.table({"tags": pa.nulls(2), "tags.length": [1, 2]})))

    assert {"tags": (0, 2), "tags.length": (2, 0)} == found


def test_elements_are_not_filled_up_to_the_rows() -> None:
    """A part without the column has no elements; its rows have no length."""
    found = counted(profiled(pa.table({"x": [1, 2, 3]}), pa.table({"tags": [["a", "b", "c"]]})))

    assert {"x": (3, 1), "tags.length": (1, 3), "tags[]": (3, 0)} == found


def test_blocks_of_a_baseline_count_elements_too() -> None:
    """Their grids are those of the features, whose rows are elements."""
    table = pa.table(LISTS)
    known = grids(profiled(table).features)
    read = CoarseReader(lambda _: iter([Chunk(table)]), known)
    (block,) = local.profile_parts([Part("b", ())], read, processes=1).values()
    found = {f.name: known[f.name].statistics(f) for f in block.features}

    assert 4 == block.rows
    assert EXPECTED == {name: (f.num_present, f.num_missing) for name, f in found.items()}
    assert found["tags[]"].text is not None
    assert (("a", 2), ("b", 1)) == found["tags[]"].text.categories
