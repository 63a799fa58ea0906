"""Sources on S3: listed, read and rejected through the same code."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import everything

from tidegauge.errors import StorageError
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.sources import captures, training
from tidegauge.sources.listing import File, Inputs, list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import CaptureSource, Format, TrainingSource
from tidegauge.sources.windows import discover
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from tests.s3_server import S3Server


def test_parquet_is_listed_cut_and_read(s3: S3Server, bucket: str) -> None:
    """A file, a folder and a glob; row groups by ranges; what is not there is not there."""
    storage = storage_for(bucket, s3.settings)
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"x": range(1000)}), sink, row_group_size=100)
    storage.write(f"{bucket}/data/x=1/a.parquet", sink.getvalue().to_pybytes())
    storage.write(f"{bucket}/data/_SUCCESS", b"")
    for uri in ("data", "data/x=1/a.parquet", "data/*/*.parquet"):
        source = TrainingSource(f"{bucket}/{uri}", Format.PARQUET, f"{bucket}/out")
        inputs = list_training(source.uri, s3.settings)
        parts = cut(inputs, source.format, s3.settings, part_bytes=inputs.size_bytes // 4)
        read = training.reader(source, s3.settings)
        assert list(range(1000)) == [
            x for part in parts for x in everything(read(part)).column("x")
        ]
        assert 3 < len(parts)


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSONL])
def test_text_is_read_by_ranges(s3: S3Server, bucket: str, format_: Format) -> None:
    """Slices have each row once, and the line of a rejected one is the file's."""
    rows = [
        f'{i},"text\n{i}"' if format_ is Format.CSV else f'{{"a": {i}, "b": "text\\n{i}"}}'
        for i in range(2000)
    ]
    head = ["a,b"] if format_ is Format.CSV else []
    content = "\n".join([*head, *rows, "broken", ""]).encode()
    storage = storage_for(bucket, s3.settings)
    storage.write(f"{bucket}/text/a.txt", content)
    source = TrainingSource(f"{bucket}/text/a.txt", format_, f"{bucket}/out")
    parts = cut(list_training(source.uri, s3.settings), format_, s3.settings, part_bytes=9_000)
    read = training.reader(source, s3.settings)
    found = [everything(read(part)) for part in parts]
    assert [(i, f"text\n{i}") for i in range(2000)] == [
        (row["a"], row["b"]) for some in found for row in some.rows
    ]
    assert [-(-len(content) // 9_000), 1] == [len(parts), sum(f.tally.rejected for f in found)]
    rejected = json.loads(storage.read(f"{bucket}/out/{parts[-1].id}.jsonl"))
    assert ("a.txt", content.count(b"\n")) == (rejected["file"], rejected["line"])


def test_captures_are_discovered_read_and_rejected(s3: S3Server, bucket: str) -> None:
    """The rejected records are written back to the bucket."""
    good = {"captureData": {"endpointInput": {"data": "1,a", "encoding": "CSV"}}}
    storage = storage_for(bucket, s3.settings)
    content = f"{json.dumps(good)}\n{{\n".encode()
    storage.write(f"{bucket}/in/v/2013/06/20/05/a.jsonl", content)
    source = CaptureSource(
        f"{bucket}/in", Format.SAGEMAKER, f"{bucket}/out/{{variant}}/{{window}}",
        inputs=("n", "t"), kinds={"n": Kind.INTEGRAL},
    )  # fmt: skip
    start = datetime(2013, 6, 20, tzinfo=UTC)
    window = Window(start, timedelta(days=1))
    assert {"v": (start + timedelta(hours=5),)} == discover(source, s3.settings)
    found = captures.batches(source, [window], s3.settings)
    (part,) = captures.parts(source, found, s3.settings)
    rows = everything(captures.reader(source, s3.settings)(part))
    assert [{"n": 1, "t": "a"}] == rows.rows
    rejected = storage.read(f"{bucket}/out/v/{window.key}/{part.id}.jsonl")
    assert ["v/2013/06/20/05/a.jsonl", 2] == [json.loads(rejected)[key] for key in ("file", "line")]


def test_a_server_that_is_gone_is_the_storages_fault(s3: S3Server, bucket: str) -> None:
    """Safe to try again: never taken for a broken file."""
    source = TrainingSource(f"{bucket}-gone/data", Format.PARQUET, f"{bucket}/out")
    with pytest.raises(StorageError):
        list_training(source.uri, s3.settings)
    listed = Inputs((File("a", f"{source.uri}/a", 10, ""),))
    gone = cut(listed, Format.PARQUET, s3.settings)
    with pytest.raises(StorageError, match="cannot read"):
        everything(training.reader(source, s3.settings)(gone[0]))
