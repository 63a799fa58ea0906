"""Training data in each format: a reader, and the names of the columns."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import everything, part_of

from tidegauge.errors import InputError, UsageError
from tidegauge.sources.listing import list_training
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import column_names, reader
from tidegauge.storage import S3Settings

SETTINGS = S3Settings()


@pytest.fixture(params=[Format.PARQUET, Format.CSV, Format.JSONL])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> TrainingSource:
    """A training set of two files, the first of them empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    if request.param is Format.PARQUET:
        table = pa.table({"a": [1, 2], "s": [{"x": "p"}, None]})
        parquet.write_table(table.slice(0, 0), folder / "0")
        parquet.write_table(table, folder / "1")
    else:
        (folder / "0").touch()
        lines = ["a,s.x", "1,p", "2,"] if request.param is Format.CSV else [
            '{"a":1,"s":{"x":"p"}}', '{"a":2}'
        ]  # fmt: skip
        (folder / "1").write_text("\n".join(lines))
    return TrainingSource(str(folder), request.param, str(tmp_path / "out"), skip=frozenset("b"))


def test_each_format_gives_the_same_rows_and_names(source: TrainingSource) -> None:
    """The reader survives the way to a worker process."""
    inputs = list_training(source.uri, SETTINGS)
    read = pickle.loads(pickle.dumps(reader(source, SETTINGS)))
    found = everything(read(part_of(*(Path(file.uri) for file in inputs.files))))
    assert [{"a": 1, "s.x": "p"}, {"a": 2, "s.x": None}] == found.rows
    assert ("a", "s.x") == column_names(source, inputs, SETTINGS)


def test_names_of_a_broken_file_are_an_input_error(tmp_path: Path) -> None:
    """Found on the driver, before the engine starts."""
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    source = TrainingSource(str(tmp_path), Format.PARQUET, "out")
    with pytest.raises(InputError, match=r"a\.parquet cannot be read: .*; replace the file"):
        column_names(source, list_training(source.uri, SETTINGS), SETTINGS)


def test_a_table_is_not_read_from_files() -> None:
    """Tables and captures have other doors."""
    with pytest.raises(UsageError, match="the format table is not read from files"):
        reader(TrainingSource("x", Format.TABLE, "out"), SETTINGS)
