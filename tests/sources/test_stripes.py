"""Wide Parquet files cut by their columns: all stripes together are the files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tests.sources.reading import kept
from tests.sources.sameness import exact, inexact

from tidegauge.engines import local
from tidegauge.engines.spark import profile_parts
from tidegauge.model.window import Window
from tidegauge.profile.table import to_parquet
from tidegauge.sources import captures, stripes, training
from tidegauge.sources.listing import list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.sensitive import Hashing
from tidegauge.sources.source import CaptureSource, Format, TrainingSource
from tidegauge.sources.stripes import Width, cut_by_columns
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Part
    from tidegauge.profile.dataset import Profile

S3 = S3Settings()
PART_BYTES = 100_000
ROWS = 6_000
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def narrow_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands of rows that a test can write."""
    monkeypatch.setattr(stripes, "BAND_ROWS", ROWS)


def wide(seed: int, rows: int = ROWS // 2) -> pa.Table:
    """Columns of every kind, lists and structs among them, and a time in three days."""
    draw = np.random.default_rng(seed)
    hours = draw.integers(0, 72, rows)
    columns = {"at": [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=int(h)) for h in hours]}
    for i in range(12):
        columns |= {
            f"f{i}": pa.array(draw.normal(size=rows), mask=draw.random(rows) < 0.1),
            f"i{i}": draw.integers(0, 50, rows),
            f"t{i}": [f"word {w}" for w in draw.integers(0, 1000, rows)],
            f"l{i}": [list(range(n)) for n in draw.integers(0, 3, rows)],
            f"s{i}": [{"x": float(x), "y": "a"} for x in draw.random(rows)],
        }
    return pa.table(columns)


def written(folder: Path, *tables: pa.Table) -> Path:
    """The tables as files of a folder, with small row groups."""
    folder.mkdir()
    for number, table in enumerate(tables):
        parquet.write_table(table, folder / f"{number}.parquet", row_group_size=1_000)
    return folder


def profiles(source: TrainingSource, parts: tuple[Part, ...]) -> dict[Key, Profile]:
    """What the parts amount to."""
    return local.profile_parts(parts, training.reader(source, S3), processes=1)


@pytest.mark.parametrize("second", [2, None])
def test_stripes_are_the_files(tmp_path: Path, second: int | None) -> None:
    """Rows count once, columns are in order; also of files that have other columns.

    Exact states are the same bytes, others within their bounds.
    """
    others = wide(2).select(wide(2, 1).column_names[::-3])
    folder = written(tmp_path / "data", wide(1), others if second is None else wide(second))
    source = TrainingSource(str(folder), Format.PARQUET, "", skip=frozenset({"at", "s3", "f0"}))
    inputs = list_training(source.uri, S3)
    parts = cut_by_columns(inputs, source.skip, S3, part_bytes=PART_BYTES)
    assert 3 <= sum(part.stripe is not None for part in parts)
    assert len({part.id for part in parts}) == len(parts)
    assert abs(inputs.size_bytes - sum(part.size_bytes for part in parts)) < 100

    whole, apart = profiles(source, cut(inputs, source.format, S3)), profiles(source, parts)
    if second is None:  # where files differ, the order is that of any of them
        for found in (whole, apart):
            features = sorted(found["", ""].features, key=lambda feature: feature.name)
            found["", ""] = replace(found["", ""], features=tuple(features))
    assert exact(whole) == exact(apart)
    assert [] == inexact(whole["", ""], apart["", ""])


def test_stripes_give_the_same_bytes_on_spark(tmp_path: Path, spark: SparkSession) -> None:
    """On any number of cores, in any order."""
    folder = written(tmp_path / "data", wide(1), wide(2))
    source = TrainingSource(str(folder), Format.PARQUET, "")
    inputs = list_training(source.uri, S3)
    parts = cut_by_columns(inputs, source.skip, S3, part_bytes=PART_BYTES)
    read = training.reader(source, S3)
    expected = {key: to_parquet(found) for key, found in profiles(source, parts).items()}
    for found in (
        local.profile_parts(parts[::-1], read, processes=2),
        profile_parts(spark, parts[::-1], read),
    ):
        assert expected == {key: to_parquet(profile) for key, profile in found.items()}


def test_positions_count_what_lists_open_to_and_what_is_called_alike(tmp_path: Path) -> None:
    """A list is two columns, a struct as many as it has fields; two of one name are both there."""
    arrays = [[[1]], [{"x": 1, "y": [2]}], [1], ["a"], [2]]
    columns = [pa.array(values) for values in arrays]
    table = pa.Table.from_arrays(columns, ["l", "s", "n", "t", "n"])
    parquet.write_table(table, tmp_path / "a.parquet")
    (file,) = list_training(str(tmp_path), S3).files
    width = Width.of(file, frozenset(), S3)
    assert width is not None
    assert (0, 2, 3, 5, 7, 8) == width.positions


def test_a_single_row_group_is_cut_by_its_columns(tmp_path: Path) -> None:
    """However large it is: not one task has all of it."""
    folder = tmp_path / "data"
    folder.mkdir()
    parquet.write_table(wide(1, ROWS), folder / "a.parquet", row_group_size=ROWS)
    parts = cut_by_columns(list_training(str(folder), S3), frozenset(), S3, part_bytes=PART_BYTES)
    assert 1 == len({part.files[0].uri for part in parts})
    assert 3 <= len(parts)


@pytest.mark.parametrize("tables", [(wide(1, 400), wide(2, 400)), (wide(1).select(["f1", "f2"]),)])
def test_few_rows_and_few_columns_stay_together(
    tmp_path: Path, tables: tuple[pa.Table, ...]
) -> None:
    """A file of few rows would be opened too often; where rows are narrow, nothing is gained."""
    folder = written(tmp_path / "data", *tables)
    inputs = list_training(str(folder), S3)
    size = inputs.size_bytes * 2 // 3
    assert cut(inputs, Format.PARQUET, S3, part_bytes=size) == cut_by_columns(
        inputs, frozenset(), S3, part_bytes=size
    )


def test_each_stripe_finds_the_windows_of_its_rows(tmp_path: Path) -> None:
    """Every stripe reads the time; rows without one are rejected, and counted, once."""
    table = wide(1)
    times = [None if i % 10 == 0 else time for i, time in enumerate(table["at"].to_pylist())]
    table = table.set_column(0, "at", pa.array(times, table.schema.field("at").type))
    folder = written(tmp_path / "data", table.select([*table.column_names[1:], "at"]), wide(2))
    rejected = tmp_path / "rejected"
    source = CaptureSource(str(folder), Format.PARQUET, f"{rejected}/{{window}}", time="at")
    windows = [Window(datetime(2024, 3, day, tzinfo=UTC), DAY) for day in (1, 2)]
    batches = captures.batches(source, windows, S3)
    read = captures.reader(source, S3, windows)
    whole = local.profile_parts(captures.parts(source, batches, S3), read, processes=1)
    (tmp_path / "rejected").rename(tmp_path / "once")

    parts = captures.parts(source, batches, S3, by_column=True, part_bytes=PART_BYTES)
    assert 3 <= len(parts)
    apart = local.profile_parts(parts, read, processes=1)
    assert exact(whole) == exact(apart)
    assert 300 == sum(profile.tally.rejected for profile in apart.values())
    assert 300 == len(kept(rejected)) == len(kept(tmp_path / "once"))


def test_a_broken_file_is_a_fault_of_every_stripe(tmp_path: Path) -> None:
    """Told once: the rest of its band would be of fewer rows."""
    folder = written(tmp_path / "data", wide(1), wide(2))
    source = TrainingSource(str(folder), Format.PARQUET, "")
    parts = cut_by_columns(list_training(source.uri, S3), frozenset(), S3, part_bytes=PART_BYTES)
    (folder / "1.parquet").write_bytes(b"no parquet" * 1000)
    (found,) = profiles(source, parts).values()
    assert f"{folder}/1.parquet cannot be read: " in found.tally.fault


def test_a_broken_footer_leaves_the_files_whole(tmp_path: Path) -> None:
    """Its reader will say what is wrong with it."""
    folder = written(tmp_path / "data", wide(1))
    (folder / "1.parquet").write_bytes(b"no parquet" * 1_000_000)
    inputs = list_training(str(folder), S3)
    parts = cut_by_columns(inputs, frozenset(), S3, part_bytes=PART_BYTES)
    assert all(part.stripe is None for part in parts)


def test_sensitive_columns_are_hashed_in_their_stripes(tmp_path: Path) -> None:
    """The same hashes as in whole files."""
    folder = written(tmp_path / "data", wide(1), wide(2))
    hashing = Hashing(frozenset({"t3", "i11"}), b"a key")
    source = TrainingSource(str(folder), Format.PARQUET, "", sensitive=hashing)
    inputs = list_training(source.uri, S3)
    parts = cut_by_columns(inputs, frozenset(), S3, part_bytes=PART_BYTES)
    assert exact(profiles(source, cut(inputs, source.format, S3))) == exact(profiles(source, parts))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), st.integers(1, 10**7))
def test_every_column_is_in_one_stripe(sizes: list[int], part_bytes: int) -> None:
    """In order, without a gap; none has more than its share and one column."""
    width = Width(10**6, 1.0, tuple(sizes), tuple(range(0, 2 * len(sizes) + 2, 2)))
    total = sum(sizes)
    found = width.stripes(total, part_bytes)
    stops = [stripe.stop for stripe in found]
    starts = [stripe.start for stripe in found]
    assert [0, *stops[:-1]] == starts
    assert stops[-1] is None
    assert [2 * start for start in starts] == [stripe.position for stripe in found]
    share = total / max(1, min(round(total / part_bytes / 2), len(sizes)))
    for start, stop in zip(starts, [*stops[:-1], len(sizes)], strict=True):
        assert start < stop
        assert sum(sizes[start:stop]) <= share + max(sizes) + 1
