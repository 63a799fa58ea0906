"""What Spark reads itself is what the workers would have read: the same rows, the same records."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import kept
from tests.sources.sameness import exact, inexact
from tests.spark_session import job_ids

from tidegauge.engines import local
from tidegauge.engines.spark import profile_frame, with_settings
from tidegauge.errors import InputError
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.profile.table import to_parquet
from tidegauge.sources import captures, frames, sparksplits, training
from tidegauge.sources.framehours import table_batches
from tidegauge.sources.frames import captures_frame, hours_frame, training_frame
from tidegauge.sources.hours import HourReader, hour_parts, hours_of_profiles
from tidegauge.sources.listing import Inputs, list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import CaptureSource, Format, TrainingSource
from tidegauge.sources.sparklines import LineReader
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import SparkSession

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.profile.dataset import Profile
    from tidegauge.sources.frames import Frame

SETTINGS = S3Settings()
NAME = "a b%20é{x}"  # a folder: what URIs encode, and what globs take for more than letters
DAY = timedelta(days=1)
WINDOWS = (
    Window(datetime(2013, 6, 20, tzinfo=UTC), DAY),
    Window(datetime(2013, 6, 22, tzinfo=UTC), DAY),
)


@contextmanager
def splitting(spark: SparkSession, size_bytes: int) -> Iterator[None]:
    """Text files of more bytes are large."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(sparksplits, "PART_BYTES", size_bytes)
        context.setattr(frames, "PART_BYTES", size_bytes)
        context.setitem(frames.FIXED_BYTES, "spark.sql.files.maxPartitionBytes", str(size_bytes))
        with with_settings(spark, frames.FIXED_BYTES):
            yield


def of_frame(spark: SparkSession, frame: Frame) -> dict[Key, Profile]:
    """The profiles of a frame, which take one job."""
    with job_ids(spark) as jobs:
        found = profile_frame(spark, frame.data, frame.read, frame.settings)
    assert 1 == len(jobs)
    return found


def numbers(rows: int, seed: int) -> pa.Table:
    """Columns of many types, in a struct too, with nulls."""
    draw = np.random.default_rng(seed)
    some = draw.integers(0, 50, rows)
    return pa.table(
        {
            "x": pa.array(draw.normal(size=rows), mask=some == 7),
            "n": pa.array(some),
            "word": pa.array([None if k == 3 else f"w{k % 9}" * (k % 3) for k in some]),
            "in": pa.array([{"a": int(k), "b.c": k < 9, "no": 1.0} for k in some]),
            "day": pa.array([date(1500 + int(k) * 10, 1, 2) for k in some]),
            "at": pa.array([datetime(2013, 6, 1 + int(k) % 28, tzinfo=UTC) for k in some]),
            "no": pa.array(some),
        }
    )


def write_training(folder: Path, format_: Format) -> None:
    """Two files that are not alike, with records that cannot be read where there can be some."""
    folder.mkdir(parents=True)
    match format_:
        case Format.PARQUET:
            parquet.write_table(numbers(6_000, 1), folder / "0 %25.parquet")
            more = numbers(50, 2).append_column("new", pa.array(range(50)))
            parquet.write_table(more, folder / "1.parquet")
        case Format.CSV:
            good = "".join(f'{i / 2},"a ""{i % 5}""\nb",{i}\n' for i in range(5_000))
            bad = '1,2\n\n"x,1,2\n\r\n1,\x00,2\nq"r,s,7\r\n'
            (folder / "0 %25.csv").write_bytes(
                f"\ufeffx,word,no\n{good}{bad}".encode() + b"\xff,1,2"
            )
            with gzip.open(folder / "1.csv.gz", "wt") as file:
                file.write('no,word,x\n1,"",2.5\n2,,x')
        case _:
            good = "".join(
                f'{{"x": {i / 2}, "in": {{"a": "{i % 5}", "no": 1}}}}\n' for i in range(5_000)
            )
            bad = '{"x"\n\n[1]\r\n{"x":\r1}\n'
            (folder / "0 %25.jsonl").write_bytes(
                good.encode() + bad.encode() + b'{"in": {"a": "\xff"}}'
            )
            with gzip.open(folder / "1.jsonl.gz", "wt") as file:
                file.write('{"no": 3, "late": true}\n{"x": "text"}')


@pytest.mark.parametrize("format_", [Format.PARQUET, Format.CSV, Format.JSONL])
def test_training_data_is_the_same(spark: SparkSession, tmp_path: Path, format_: Format) -> None:
    """Every exact state, every count, and every rejected record with its line and its reason."""
    folder = tmp_path / NAME
    write_training(folder, format_)
    skip = frozenset({"no", "in.no"})
    source = TrainingSource(str(folder), format_, str(tmp_path / "out"), skip=skip)
    inputs = list_training(source.uri, SETTINGS)
    read = training.reader(source, SETTINGS)
    expected = local.profile_parts(cut(inputs, format_, SETTINGS), read)
    lost = kept(tmp_path / "out")

    source = replace(source, rejected=str(tmp_path / "lost"))
    frame = training_frame(spark, source, inputs, SETTINGS)
    found = of_frame(spark, frame)

    assert exact(expected) == exact(found)
    assert [] == inexact(expected["", ""], found["", ""])
    assert set(training.column_names(source, inputs, SETTINGS)) <= set(frame.columns)
    assert in_order(lost) == in_order(kept(tmp_path / "lost"))
    assert (format_ is Format.PARQUET) == (not lost)


def in_order(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rejected records by file and line."""
    return sorted(records, key=lambda record: (record["file"], record["line"] or 0, str(record)))


def line(data: str, time: str) -> str:
    """A capture record."""
    sent = {"data": data, "encoding": "CSV", "observedContentType": "text/csv"}
    answer = {"data": "0.5", "encoding": "CSV", "observedContentType": "text/csv"}
    capture = {"endpointInput": sent, "endpointOutput": answer}
    return json.dumps({"captureData": capture, "eventMetadata": {"inferenceTime": time}}) + "\n"


def write_captures(folder: Path, format_: Format) -> None:
    """Three days of two variants, two hours each, with records that cannot be read."""
    for number, (variant, day, hour) in enumerate(
        (variant, day, hour)
        for variant in ("blue", "gr=en")
        for day in (20, 21, 22)
        for hour in (0, 13)
    ):
        at = folder / variant / "2013" / "06" / str(day) / f"{hour:02}"
        at.mkdir(parents=True)
        rows = 40 + number
        if format_ is Format.PARQUET:
            parquet.write_table(numbers(rows, number), at / "a.parquet")
            continue
        lines = {
            Format.SAGEMAKER: [
                line(f"{i},w{i % 5}", f"2013-06-{day}T{hour:02}:00:00Z") for i in range(rows)
            ],
            Format.CSV: ["n,word\n", *(f"{i},w{i % 5}\n" for i in range(rows))],
            Format.JSONL: [f'{{"n": {i}, "word": "w{i % 5}"}}\n' for i in range(rows)],
        }[format_]
        (at / "a.jsonl").write_text("".join(lines) + "1,2,3\n")
        (at / "deeper").mkdir()
        (at / "deeper" / "b.jsonl").write_text(lines[0] + line("x", "2013-06-20T00:00:00Z"))


@pytest.mark.parametrize(
    ("format_", "size_bytes"), [(Format.JSONL, 300), (Format.SAGEMAKER, 5_000)]
)
def test_large_captures_in_folders_are_the_same(
    spark: SparkSession, tmp_path: Path, format_: Format, size_bytes: int
) -> None:
    """Where files are split, too."""
    with splitting(spark, size_bytes):
        test_captures_in_folders_are_the_same(spark, tmp_path, format_)


@pytest.mark.parametrize("format_", [Format.PARQUET, Format.CSV, Format.JSONL, Format.SAGEMAKER])
def test_captures_in_folders_are_the_same(
    spark: SparkSession, tmp_path: Path, format_: Format
) -> None:
    """The windows and variants that are asked for, each with its own rows and its own tally."""
    write_captures(tmp_path / NAME, format_)
    rejected = "{variant}/{window}"
    source = CaptureSource(
        str(tmp_path / NAME), format_, str(tmp_path / "out" / rejected), inputs=("n", "word"),
        outputs=("score",), skip=frozenset({"no"}), kinds={"n": Kind.INTEGRAL, "word": Kind.TEXT},
    )  # fmt: skip
    some = captures.batches(source, WINDOWS, SETTINGS)
    read = captures.reader(source, SETTINGS)
    expected = local.profile_parts(captures.parts(source, some, SETTINGS), read)

    source = replace(source, rejected=str(tmp_path / "lost" / rejected))
    found = of_frame(spark, captures_frame(spark, source, some, SETTINGS))

    assert exact(expected) == exact(found)
    assert 4 == len(found)
    for folder in ("blue", "gr%3Den"):
        for window in WINDOWS:
            lost = [kept(tmp_path / name / folder / window.key) for name in ("out", "lost")]
            assert in_order(lost[0]) == in_order(lost[1])
            assert (format_ is Format.PARQUET) == (not lost[0])


TIMES = [datetime(2013, 6, 19 + i % 5, i % 24, i % 60, tzinfo=UTC) for i in range(500)]


def write_times(folder: Path, format_: Format, type_: pa.DataType) -> None:
    """Rows with a time in a column of this type, some without one."""
    folder.mkdir(parents=True)
    texts = [None if i % 9 == 0 else f"{time:%Y-%m-%dT%H:%M:%SZ}" for i, time in enumerate(TIMES)]
    table = pa.table({"n": range(len(TIMES)), "at": texts})
    match format_:
        case Format.PARQUET:
            if type_ != pa.string():
                times = pa.array(
                    [time if text else None for time, text in zip(TIMES, texts, strict=True)]
                )
                table = table.set_column(1, "at", times.cast(type_, safe=False))
            # In a struct: a time column may be a field.
            parquet.write_table(
                pa.table({"n": table["n"], "in": table.select(["at"]).to_struct_array()}),
                folder / "a",
            )
        case Format.CSV:
            rows = (f"{row['n']},{row['at'] or ''}\n" for row in table.to_pylist())
            (folder / "a").write_text("n,in.at\n" + "".join(rows))
        case _:
            rows = (
                json.dumps({"n": row["n"], "in": {"at": row["at"]}}) + "\n"
                for row in table.to_pylist()
            )
            (folder / "a").write_text("".join(rows))


TIME_COLUMNS = [
    (Format.PARQUET, pa.timestamp("us", "UTC")),
    (Format.PARQUET, pa.timestamp("ms")),
    (Format.PARQUET, pa.date32()),
    (Format.PARQUET, pa.string()),
    (Format.CSV, pa.string()),
    (Format.JSONL, pa.string()),
]


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSONL])
def test_hours_of_large_captures_are_the_same(
    spark: SparkSession, tmp_path: Path, format_: Format
) -> None:
    """The times of all splits are counted, and no header."""
    write_times(tmp_path / NAME, format_, pa.string())
    source = CaptureSource(str(tmp_path / NAME), format_, str(tmp_path / "out"), time="in.at")
    expected = Counter(time.replace(minute=0) for i, time in enumerate(TIMES) if i % 9)
    with splitting(spark, 4_000):
        frame = hours_frame(spark, source, "in.at", SETTINGS)
        assert expected == hours_of_profiles(of_frame(spark, frame))
    assert isinstance(frame.read, LineReader)
    assert (format_ is Format.JSONL) == (len(frame.read.splits) > 4)


@pytest.mark.parametrize(("format_", "type_"), TIME_COLUMNS, ids=str)
def test_captures_with_a_time_column_are_the_same(
    spark: SparkSession, tmp_path: Path, format_: Format, type_: pa.DataType
) -> None:
    """Rows go to the windows of their times; those without one are rejected; hours are found."""
    write_times(tmp_path / NAME, format_, type_)
    source = CaptureSource(
        str(tmp_path / NAME), format_, str(tmp_path / "out"), time="in.at",
        skip=frozenset({"in.at"}), kinds={"n": Kind.INTEGRAL},
    )  # fmt: skip
    some = captures.batches(source, WINDOWS, SETTINGS)
    read = captures.reader(source, SETTINGS, WINDOWS)
    expected = local.profile_parts(captures.parts(source, some, SETTINGS), read)
    lost = [json.loads(record["record"]) for record in kept(tmp_path / "out")]

    source = replace(source, rejected=str(tmp_path / "lost"))
    found = of_frame(spark, captures_frame(spark, source, some, SETTINGS))
    hours = hours_of_profiles(of_frame(spark, hours_frame(spark, source, "in.at", SETTINGS)))

    assert [without_file(profile) for profile in exact(expected).values()] == [
        without_file(profile) for profile in exact(found).values()
    ]
    assert list(expected) == list(found)
    also = [json.loads(record["record"]) for record in kept(tmp_path / "lost")]
    assert by_number(lost) == by_number(also)
    by_workers = local.profile_parts(
        hour_parts(source, SETTINGS), HourReader(source, "in.at", SETTINGS)
    )
    assert hours == hours_of_profiles(by_workers)
    assert sum(hours.values()) == len(TIMES) - len(lost)


def by_number(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by the number that each has, which CSV leaves a text."""
    return sorted(rows, key=lambda row: int(row["n"]))


def without_file(profile: tuple[Any, ...]) -> tuple[Any, ...]:
    """An exact profile but for the names in its reasons: Spark's rows do not know their file."""
    rows, tally, *states = profile
    return (
        rows,
        replace(tally, reasons=tuple(r.rpartition(": ")[2] for r in tally.reasons)),
        *states,
    )


def table_source(spark: SparkSession, tmp_path: Path, *, name: str) -> CaptureSource:
    """A view of the rows of TIMES, some without a time."""
    write_times(tmp_path / name, Format.PARQUET, pa.timestamp("us", "UTC"))
    spark.read.parquet(str(tmp_path / name)).selectExpr("n", "in.at").createOrReplaceTempView(name)
    return CaptureSource(
        name, Format.TABLE, str(tmp_path / "out"), time="at", skip=frozenset({"at"})
    )


def test_a_table_has_the_rows_of_its_windows(spark: SparkSession, tmp_path: Path) -> None:
    """Rows without a time are nobody's: no window of a table that grows should carry all of them.

    Its hours stand in for files: a window of an hour that has other rows has other inputs.
    """
    source = table_source(spark, tmp_path, name="timed")
    times = [time for i, time in enumerate(TIMES) if i % 9]
    hours = hours_of_profiles(of_frame(spark, hours_frame(spark, source, "at", SETTINGS, WINDOWS)))
    batches = table_batches(source, WINDOWS, hours)
    found = of_frame(spark, captures_frame(spark, source, batches, SETTINGS))
    inside = {
        window.key: sum(window.start <= time < window.end for time in times) for window in WINDOWS
    }

    assert inside == {window: profile.rows for (window, _), profile in found.items()}
    assert [["n"]] * 2 == [[f.name for f in profile.features] for profile in found.values()]
    assert {("AllTraffic", 0)} == {(v, p.tally.rejected) for (_, v), p in found.items()}
    assert Counter(time.replace(minute=0) for time in times if _is_in(time)) == hours
    more = {hour: rows + (hour.day == 22) for hour, rows in hours.items()}
    same = [
        one.inputs.digest == other.inputs.digest
        for one, other in zip(batches, table_batches(source, WINDOWS, more), strict=True)
    ]
    assert [True, False] == same
    assert () == table_batches(source, [Window(datetime(2020, 1, 1, tzinfo=UTC), DAY)], hours)


def _is_in(time: datetime) -> bool:
    return any(window.start <= time < window.end for window in WINDOWS)


def test_only_the_windows_are_read(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spark's readers are told the times, in as few intervals as there are, and the columns."""
    source = table_source(spark, tmp_path, name="pushed")
    days = [Window(WINDOWS[0].start + i * DAY, DAY) for i in (0, 1, 5)]
    batches = [captures.Batch(window, "AllTraffic", Inputs(())) for window in days]
    spark.conf.set("spark.sql.maxMetadataStringLength", "1000")
    captures_frame(spark, source, batches, SETTINGS).data.explain()
    filters = capsys.readouterr().out.partition("PushedFilters: ")[2].splitlines()[0]

    assert 2 == filters.count("GreaterThanOrEqual(in.at,2013-06-2")
    assert 2 == filters.count("LessThan(in.at,2013-06-2")
    assert "IsNull" not in filters


def test_a_time_column_that_is_not_there_is_told(spark: SparkSession, tmp_path: Path) -> None:
    """Before anything is read, with the columns that there are."""
    source = table_source(spark, tmp_path, name="untimed")
    with pytest.raises(InputError, match=r"no column 'when'.*there are n, at; correct"):
        hours_frame(spark, source, "when", SETTINGS)


def unordered(found: dict[Key, Profile]) -> tuple[Any, ...]:
    """What is exact of the only profile, whichever part of a file comes first."""
    ((rows, tally, features, states),) = exact(found).values()
    return rows, replace(tally, reasons=()), sorted(features), states


TEXTS = {
    Format.CSV: ('%d,"w\n%d",\n', "\n\nn,text,of_%s\n", "1,2\n"),
    Format.JSONL: ('{"n": %d, "text": "%d"}\n', '{"of_%s": true}\n', '{"n"\n'),
}


@pytest.mark.parametrize("format_", TEXTS)
def test_large_text_files_are_the_same(
    spark: SparkSession, tmp_path: Path, format_: Format
) -> None:
    """JSON Lines are split; a CSV is not, whose header is for all of it, and rows may be long."""
    row, head, bad = TEXTS[format_]
    folder = tmp_path / "in"
    folder.mkdir()
    for name, rows in (("a", 400), ("b", 200), ("c", 5)):
        lines = [row % (i, i) + bad * (i % 90 == 4) for i in range(rows)]
        (folder / name).write_text(head % name + "".join(lines))
    source = TrainingSource(str(folder), format_, str(tmp_path / "out"))
    inputs = list_training(source.uri, SETTINGS)
    expected = local.profile_parts(
        cut(inputs, format_, SETTINGS), training.reader(source, SETTINGS)
    )

    source = replace(source, rejected=str(tmp_path / "lost"))
    with splitting(spark, 2_000):
        frame = training_frame(spark, source, inputs, SETTINGS)
        found = of_frame(spark, frame)

    assert unordered(expected) == unordered(found)
    lost = kept(tmp_path / "out")
    assert 5 + 3 + 1 == len(lost)
    assert in_order(lost) == in_order(kept(tmp_path / "lost"))
    assert isinstance(frame.read, LineReader)
    assert (format_ is Format.JSONL) == (len(frame.read.splits) > 4)


def test_cores_do_not_matter(spark: SparkSession, tmp_path: Path) -> None:
    """Spark would cut tasks by their number; the same files are to give the same bytes."""
    for name in ("a", "b"):
        parquet.write_table(numbers(9_000, ord(name)), tmp_path / name, row_group_size=1_000)
    source = TrainingSource(str(tmp_path), Format.PARQUET, str(tmp_path / "out"))
    inputs = list_training(source.uri, SETTINGS)
    cores = "spark.sql.leafNodeDefaultParallelism"
    found = []
    for number in ("1", "7"):
        spark.conf.set(cores, number)
        (profile,) = of_frame(spark, training_frame(spark, source, inputs, SETTINGS)).values()
        found.append(to_parquet(profile))
    spark.conf.unset(cores)

    assert found[0] == found[1]


def test_parquet_files_that_spark_cannot_join_are_told(spark: SparkSession, tmp_path: Path) -> None:
    """The workers would read each file with its own types."""
    for name, value in (("a", 1), ("b", "x")):
        parquet.write_table(pa.table({"n": [value]}), tmp_path / f"{name}.parquet")
    source = TrainingSource(str(tmp_path), Format.PARQUET, str(tmp_path / "out"))
    with pytest.raises(InputError, match="one a column; `read: arrow` reads each file"):
        training_frame(spark, source, list_training(source.uri, SETTINGS), SETTINGS)
