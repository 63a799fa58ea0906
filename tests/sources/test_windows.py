"""Which windows have captures: by folders, or by a column, and what files and rows are theirs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tests.sources.reading import everything, kept

from tidegauge.engines import local
from tidegauge.errors import InputError, UsageError
from tidegauge.model.window import Window
from tidegauge.sources.captures import batches, parts, reader
from tidegauge.sources.hours import HourReader, hour_parts, hours_of_profiles
from tidegauge.sources.layout import Layout, Place
from tidegauge.sources.source import CaptureSource, Format
from tidegauge.sources.windows import discover
from tidegauge.storage import S3Settings
from tidegauge.storage.local import LocalStorage

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTINGS = S3Settings()
DAY = timedelta(days=1)


def at(day: int, hour: int = 0) -> datetime:
    """An hour of June 2013."""
    return datetime(2013, 6, day, hour, tzinfo=UTC)


def captured(folder: Path, *keys: str) -> CaptureSource:
    """A source with a file at each of the keys."""
    for key in keys:
        path = folder / "captures" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)
    return CaptureSource(str(folder / "captures"), Format.SAGEMAKER, str(folder / "out"))


def test_hours_are_found_by_the_names_of_folders(tmp_path: Path) -> None:
    """Per variant, in order; what has another form is not looked at."""
    source = captured(
        tmp_path, "a/2013/06/20/05/x", "a/2013/06/20/04/x", "b/2013/06/21/00/x", "a/2013/6/20/05/x",
        "a/2013/13/20/05/x", "a/notes/x", "README",
    )  # fmt: skip
    assert {"a": (at(20, 4), at(20, 5)), "b": (at(21),)} == discover(source, SETTINGS)
    assert {} == discover(replace(source, uri=str(tmp_path / "nothing")), SETTINGS)


@pytest.mark.parametrize(
    ("layout", "key", "place"),
    [
        ("{variant}/{yyyy}/{mm}/{dd}/{hh}", "v/2013/06/20/05/x.jsonl", Place("v", at(20, 5))),
        ("{variant}/{yyyy}/{mm}/{dd}/{hh}", "v/2013/06/20/05/deep/x", Place("v", at(20, 5))),
        ("{variant}/{yyyy}/{mm}/{dd}/{hh}", "v/2013/06/20/x", None),
        ("{variant}/{yyyy}/{mm}/{dd}/{hh}", "v/2013/06/20/25/x", None),
        ("dt={yyyy}-{mm}-{dd}/h={hh}/{variant}", "dt=2013-06-20/h=05/v/x", Place("v", at(20, 5))),
        ("{yyyy}/{mm}/{dd}", "2013/06/20/x", Place("", at(20))),
        ("day.{yyyy}{mm}{dd}", "dayx20130620/x", None),
    ],
)
def test_a_files_key_says_its_place(layout: str, key: str, place: Place | None) -> None:
    """Any template with a year, a month and a day; without an hour a folder holds a day."""
    assert place == Layout.parse(layout).place(key)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("{variant}/{yyyy}/{mm}/{dd}/{hour}", r"has the placeholder \{hour\}: expected some of"),
        ("{varient}/{yyyy}/{mm}/{dd}", "did you mean 'variant'"),
        ("{variant}/{yyyy}/{mm}", "does not name a day"),
        ("{yyyy}/{mm}/{dd}/{dd}", "each placeholder once"),
    ],
)
def test_a_layout_that_is_none_says_what_was_expected(layout: str, message: str) -> None:
    """Found before anything is listed."""
    with pytest.raises(UsageError, match=message):
        Layout.parse(layout)


def test_batches_have_the_files_of_their_window_and_variant(tmp_path: Path) -> None:
    """Half-open windows; a window without files has no batch; variants on request."""
    keys = ["a/2013/06/20/00/x", "a/2013/06/20/23/y", "a/2013/06/21/00/z", "b/2013/06/20/12/x",
            "a/2013/06/20/05/_SUCCESS"]  # fmt: skip
    source = captured(tmp_path, *keys)
    windows = [Window(at(day), DAY) for day in (22, 21, 20)]
    found = batches(source, windows, SETTINGS)
    assert [(at(20), "a"), (at(20), "b"), (at(21), "a")] == [
        (batch.window.start, batch.variant) for batch in found
    ]
    assert keys[:2] == [file.key for file in found[0].inputs.files]
    assert found[2:] == batches(source, windows[1:2], SETTINGS)
    assert found[1:2] == batches(source, windows, SETTINGS, ("b",))
    cut = parts(source, found, SETTINGS)
    assert [(b.window.key, b.variant) for b in found] == [(p.window, p.variant) for p in cut]


def test_only_folders_of_the_windows_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours one by one, whole days at once; never a year of captures for one of its days."""
    source = captured(tmp_path, *(f"a/2013/06/{day:02d}/05/x" for day in range(1, 29)))
    listed: list[str] = []
    original = LocalStorage.files

    def files(self: LocalStorage, uri: str) -> Any:  # noqa: ANN401
        listed.append(uri.removeprefix(source.uri))
        return original(self, uri)

    monkeypatch.setattr(LocalStorage, "files", files)
    batches(source, [Window(at(20), DAY)], SETTINGS)
    assert ["/a/2013/06/20"] == listed
    listed.clear()
    batches(source, [Window(at(20, 4), timedelta(hours=2))], SETTINGS)
    assert ["/a/2013/06/20/04", "/a/2013/06/20/05"] == sorted(listed)


def test_a_layout_without_variant_has_sagemakers_default(tmp_path: Path) -> None:
    """AllTraffic, as an endpoint with one variant has it; days are folders here."""
    source = replace(captured(tmp_path, "2013/06/20/x"), layout="{yyyy}/{mm}/{dd}")
    assert {"AllTraffic": (at(20),)} == discover(source, SETTINGS)
    (batch,) = batches(source, [Window(at(20), DAY)], SETTINGS)
    assert ("AllTraffic", 1) == (batch.variant, len(batch.inputs.files))
    assert () == batches(source, [Window(at(20, 5), DAY)], SETTINGS)


def test_a_layout_with_the_variant_below_the_hour(tmp_path: Path) -> None:
    """The variants of an hour are found in its folder."""
    source = captured(tmp_path, "2013/06/20/05/a/x", "2013/06/20/05/b/x")
    source = replace(source, layout="{yyyy}/{mm}/{dd}/{hh}/{variant}")
    assert {"a": (at(20, 5),), "b": (at(20, 5),)} == discover(source, SETTINGS)
    windows = [Window(at(20), DAY)]
    assert ["a", "b"] == [batch.variant for batch in batches(source, windows, SETTINGS)]
    assert ["b"] == [batch.variant for batch in batches(source, windows, SETTINGS, ("b",))]


# Windows by a column.

Rows = list[tuple[datetime | None, int]]

seconds = st.integers(0, 6 * 86_400)
times = st.one_of(st.none(), seconds.map(lambda second: at(18) + timedelta(seconds=second)))


def write(folder: Path, format_: Format, rows: Rows) -> CaptureSource:
    """Rows of a time and a number as a file of the format."""
    folder.mkdir(exist_ok=True)
    texts = [None if time is None else time.isoformat() for time, _ in rows]
    numbers = [number for _, number in rows]
    match format_:
        case Format.PARQUET:
            column = pa.array([time for time, _ in rows], pa.timestamp("us", "UTC"))
            table = pa.table({"n": pa.array(numbers, pa.int64()), "at": column})
            parquet.write_table(table, folder / "a", row_group_size=3)
        case Format.CSV:
            lines = (f"{n},{text or ''}" for n, text in zip(numbers, texts, strict=True))
            (folder / "a").write_text("\n".join(("n,at", *lines)))
        case _:
            pairs = zip(numbers, texts, strict=True)
            lines = (json.dumps({"n": n, "at": text}) for n, text in pairs)
            (folder / "a").write_text("\n".join(lines))
    rejected = str(folder.parent / "out")
    return CaptureSource(str(folder), format_, rejected, time="at", skip=frozenset({"at"}))


def hours_in(source: CaptureSource) -> dict[datetime, int]:
    """The hours that have rows by their time, and how many."""
    read = HourReader(source, source.time or "", SETTINGS)
    return hours_of_profiles(local.profile_parts(hour_parts(source, SETTINGS), read))


def rows_by_window(source: CaptureSource, windows: Sequence[Window]) -> dict[str, list[int]]:
    """The numbers that a reader yields for each window."""
    read = reader(source, SETTINGS, windows)
    found: dict[str, list[int]] = {}
    for part in parts(source, batches(source, windows, SETTINGS), SETTINGS):
        for chunk in read(part):
            assert chunk.table.column_names in ([], ["n"])
            if chunk.table.num_rows:
                found.setdefault(chunk.window, []).extend(chunk.table.column("n").to_pylist())
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(times, max_size=12),
    st.sampled_from([Format.PARQUET, Format.CSV, Format.JSONL]),
    st.booleans(),
)
def test_rows_go_to_the_windows_of_their_times(
    some: list[datetime | None],
    format_: Format,
    ordered: bool,  # noqa: FBT001
) -> None:
    """Half-open, in any order of the rows; rows without a time are rejected."""
    if ordered:
        some = sorted(some, key=lambda time: (time is None, time))
    rows = [(time, n) for n, time in enumerate(some)]
    windows = [Window(at(day), timedelta(hours=12)) for day in (19, 20, 22)]
    with TemporaryDirectory() as folder:
        source = write(Path(folder) / "in", format_, rows)
        found = rows_by_window(source, windows)
        lost = [json.loads(record["record"])["n"] for record in kept(Path(folder) / "out")]
        hours = hours_in(source)
    expected: dict[str, list[int]] = {}
    for window in windows:
        inside = [n for time, n in rows if time and window.start <= time < window.end]
        expected |= {window.key: inside} if inside else {}
    assert expected == found
    rounded = (time.replace(minute=0, second=0, microsecond=0) for time in some if time)
    assert Counter(rounded) == hours
    timeless = [n for time, n in rows if time is None]
    if format_ is Format.PARQUET:  # row groups that are passed over may have some
        assert set(lost) <= set(timeless)
    else:
        assert timeless == [int(n) for n in lost]


def test_a_window_ends_before_its_end(tmp_path: Path) -> None:
    """The instant at its end belongs to the next one, also where that was not asked for."""
    times = [at(20), at(21) - timedelta(microseconds=1), at(21)]
    source = write(tmp_path / "in", Format.PARQUET, [(time, n) for n, time in enumerate(times)])
    assert {"2013-06-20T0000Z_P1D": [0, 1]} == rows_by_window(source, [Window(at(20), DAY)])


def test_row_groups_without_a_row_of_the_windows_are_not_decoded(tmp_path: Path) -> None:
    """A row group's statistics say so: broken bytes in it do no harm."""
    source = write(tmp_path / "in", Format.PARQUET, [(at(10 + i), i) for i in range(6)])
    path = tmp_path / "in" / "a"
    column = parquet.read_metadata(path).row_group(1).column(0)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset : column.data_page_offset + 20] = b"\xff" * 20
    path.write_bytes(data)
    assert {"2013-06-10T0000Z_P3D": [0, 1, 2]} == rows_by_window(source, [Window(at(10), 3 * DAY)])


def test_faults_and_missing_times_fail_the_windows_they_may_touch(tmp_path: Path) -> None:
    """A file that cannot be read may have had rows of each window; a column without times, too."""
    windows = [Window(at(20), DAY), Window(at(21), DAY)]
    source = write(tmp_path / "in", Format.PARQUET, [(at(20), 1)])
    part = parts(source, batches(source, windows, SETTINGS), SETTINGS)[0]
    (tmp_path / "in" / "a").write_bytes(b"no parquet")
    chunks = list(reader(source, SETTINGS, windows)(part))
    assert [(window.key, True) for window in windows] == [
        (chunk.window, bool(chunk.tally.fault)) for chunk in chunks
    ]
    with pytest.raises(InputError, match="replace the file, or remove it"):
        hours_in(source)
    source = replace(write(tmp_path / "in", Format.CSV, [(at(20), 1)]), time="when")
    found = everything(reader(source, SETTINGS, windows)(part))
    assert (1, 1) == (found.tally.records, found.tally.rejected)
    assert "the column 'when' has no time: expected a timestamp" in found.tally.reasons[0]


@pytest.mark.parametrize(
    ("format_", "broken"),
    [
        (Format.CSV, b'1,"2013-06-20T05:00:00Z\n2,\xff\n3\n'),
        (Format.JSONL, b'{"n": 1, "at": "2013-06-20T05:00:00Z"\n{"n": 2, "at": "\xff"}\n'),
    ],
)
def test_rejected_records_hide_no_hour(tmp_path: Path, format_: Format, broken: bytes) -> None:
    """A quote that is not paired, or bytes that are no text, take no other row with them."""
    times = [(at(20, hour), hour) for hour in (1, 2, 2, 7)]
    source = write(tmp_path / "in", format_, times)
    lines = (tmp_path / "in" / "a").read_bytes().splitlines(keepends=True)
    (tmp_path / "in" / "a").write_bytes(b"".join([*lines[:-2], broken, *lines[-2:]]))
    assert {at(20, 1): 1, at(20, 2): 2, at(20, 7): 1} == hours_in(source)


def test_statistics_tell_the_hour_of_a_row_group(tmp_path: Path) -> None:
    """A group within an hour is not decoded: broken bytes in it do no harm, and nulls count not."""
    times = [at(20), None, at(20), at(20, 5), at(20, 6), None]
    source = write(tmp_path / "in", Format.PARQUET, [(time, n) for n, time in enumerate(times)])
    path = tmp_path / "in" / "a"
    column = parquet.read_metadata(path).row_group(0).column(1)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset : column.data_page_offset + 20] = b"\xff" * 20
    path.write_bytes(data)
    assert {at(20): 2, at(20, 5): 1, at(20, 6): 1} == hours_in(source)


@pytest.mark.parametrize("format_", [Format.PARQUET, Format.CSV])
def test_times_that_no_window_can_have_are_nobodys(tmp_path: Path, format_: Format) -> None:
    """Sentinels for "never", and years that Python's own times do not have."""
    source = write(tmp_path / "in", format_, [(at(20, 7), 1)])
    if format_ is Format.PARQUET:
        for name, years in (("b", (-30_000, 200_000)), ("c", (-1969, -1969)), ("d", (8029, 8029))):
            micros = pa.array([year * 31_556_952_000_000 for year in years], pa.int64())
            table = pa.table({"n": [2, 3], "at": micros.cast(pa.timestamp("us", "UTC"))})
            parquet.write_table(table, tmp_path / "in" / name)
    else:
        never = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31")
        (tmp_path / "in" / "b").write_text("n,at\n" + "".join(f"2,{time}\n" for time in never))
    assert {at(20, 7): 1} == hours_in(source)
    assert {"2013-06-20T0000Z_P1D": [1]} == rows_by_window(source, [Window(at(20), DAY)])


def test_a_time_column_needs_windows_and_a_format_with_columns() -> None:
    """Said before anything is read."""
    source = CaptureSource("x", Format.SAGEMAKER, "out", time="at")
    with pytest.raises(UsageError, match="cannot be read by a time column"):
        reader(source, SETTINGS, [Window(at(20), DAY)])
    with pytest.raises(ValueError, match="say which ones to read"):
        reader(source, SETTINGS)
