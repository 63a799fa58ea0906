"""Parts: cut by fixed bytes, the same for any order of the listing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tidegauge.sources.listing import File, Inputs, list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import Format
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    import random
    from pathlib import Path

MIB = 1 << 20


@settings(deadline=None)
@given(st.lists(st.integers(0, 70 * MIB), max_size=40), st.randoms())
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
    assert all(part.size_bytes <= 64 * MIB or len(part.files) == 1 for part in parts)
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


def test_a_large_file_with_a_broken_footer_stays_whole(tmp_path: Path) -> None:
    """Its reader will say what is wrong with it."""
    (tmp_path / "a.parquet").write_bytes(b"no parquet" * 100)
    inputs = list_training(str(tmp_path), S3Settings())
    (part,) = cut(inputs, Format.PARQUET, S3Settings(), part_bytes=100)
    assert (0, None) == (part.files[0].start, part.files[0].stop)
