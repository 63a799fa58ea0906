"""Parts: cut by fixed bytes, the same for any order of the listing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tidegauge.model.batch import FileSlice
from tidegauge.sources.listing import File, Inputs, list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    import random
    from pathlib import Path

MIB = 1 << 20


@settings(deadline=None)
@given(st.lists(st.integers(0, 64 * MIB), max_size=40), st.randoms())
def test_small_files_share_parts_in_the_order_of_their_keys(
    sizes: list[int], shuffle: random.Random
) -> None:
    """Every file once, in order; no part could take the next file as well."""
    files = [File(f"f{i:03d}", f"/x/f{i:03d}", size, "") for i, size in enumerate(sizes)]
    parts = cut(Inputs.of(files), Format.JSONL, S3Settings(), "w", "v", 64 * MIB)
    shuffled = Inputs.of(shuffle.sample(files, len(files)))
    assert parts == cut(shuffled, Format.JSONL, S3Settings(), "w", "v", 64 * MIB)
    assert [file.uri for file in files] == [file.uri for part in parts for file in part.files]
    assert sorted(part.id for part in parts) == [part.id for part in parts]
    for part, after in itertools.pairwise(parts):
        weight = part.size_bytes + len(part.files) * (256 << 10)
        assert weight + after.files[0].size_bytes > 64 * MIB
    assert all(part.size_bytes <= 64 * MIB for part in parts)
    assert all((part.window, part.variant) == ("w", "v") for part in parts)


def test_many_tiny_files_are_not_all_in_one_part() -> None:
    """Fetching a file costs something, however small it is."""
    files = [File(f"{i:05d}", f"/x/{i}", 1, "") for i in range(1000)]
    parts = cut(Inputs.of(files), Format.SAGEMAKER, S3Settings(), part_bytes=64 * MIB)
    assert [256, 256, 256, 232] == [len(part.files) for part in parts]


def test_large_parquet_files_are_cut_at_row_groups(tmp_path: Path) -> None:
    """Each row group is in one part; ids are relative names that can be file names."""
    table = pa.table({"x": list(range(100_000))})
    (tmp_path / "y=1").mkdir()
    parquet.write_table(table, tmp_path / "y=1" / "a b.parquet", row_group_size=10_000)
    inputs = list_training(str(tmp_path), S3Settings())
    size = inputs.files[0].size_bytes
    parts = cut(inputs, Format.PARQUET, S3Settings(), part_bytes=size // 3)
    slices = [slice_ for part in parts for slice_ in part.files]
    assert [(0, 3), (3, 6), (6, 9), (9, 10)] == [(slice_.start, slice_.stop) for slice_ in slices]
    assert abs(size - sum(slice_.size_bytes for slice_ in slices)) < 10
    assert "part-000000-y=1_a_b.parquet-0-3" == parts[0].id
    assert 1 == len(cut(inputs, Format.PARQUET, S3Settings()))


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSONL, Format.SAGEMAKER])
def test_large_text_files_are_cut_at_multiples_of_a_parts_bytes(format_: Format) -> None:
    """Every byte in one slice, whose name says which; the rest of a file shares its part."""
    files = [File("y=1/a.txt", "/x/a.txt", 250, ""), File("y=1/b.txt", "/x/b.txt", 10, "")]
    parts = cut(Inputs.of(files), format_, S3Settings(), part_bytes=100)
    assert [
        ("part-000000-y=1_a.txt-0-100", (FileSlice("/x/a.txt", 100, 0, 100),)),
        ("part-000001-y=1_a.txt-100-200", (FileSlice("/x/a.txt", 100, 100, 200),)),
        ("part-000002-y=1_a.txt-200-250", (FileSlice("/x/a.txt", 50, 200, 250),)),
        ("part-000003-y=1_b.txt", (FileSlice("/x/b.txt", 10),)),
    ] == [(part.id, part.files) for part in parts]


@pytest.mark.parametrize(
    ("format_", "name"),
    [(Format.CSV, "a.csv.gz"), (Format.JSONL, "a.jsonl.gz"), (Format.JSON, "a.json")],
)
def test_what_must_be_read_from_its_beginning_stays_whole(format_: Format, name: str) -> None:
    """A compressed file, and a document over several lines."""
    inputs = Inputs.of([File(name, f"/x/{name}", 250, "")])
    (part,) = cut(inputs, format_, S3Settings(), part_bytes=100)
    assert (FileSlice(f"/x/{name}", 250),) == part.files


def test_a_large_file_with_a_broken_footer_stays_whole(tmp_path: Path) -> None:
    """Its reader will say what is wrong with it."""
    (tmp_path / "a.parquet").write_bytes(b"no parquet" * 100)
    inputs = list_training(str(tmp_path), S3Settings())
    (part,) = cut(inputs, Format.PARQUET, S3Settings(), part_bytes=100)
    assert (0, None) == (part.files[0].start, part.files[0].stop)
