"""Files that SageMaker wrote, where a folder with them is at hand (TIDEGAUGE_SAMPLES)."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from tests.sources.reading import Everything, everything, part_of

from tidegauge.model.statistics import Kind
from tidegauge.sources import captures, training
from tidegauge.sources.source import CaptureSource, Format, TrainingSource
from tidegauge.storage import S3Settings


@pytest.fixture(scope="module")
def samples() -> Path:
    """The folder of the samples."""
    folder = os.environ.get("TIDEGAUGE_SAMPLES", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TIDEGAUGE_SAMPLES names no folder with the service's files")
    return Path(folder)


def read(path: Path, out: Path, inputs: int, *outputs: str) -> Everything:
    """What a reader makes of a capture file."""
    names = tuple(f"c{i}" for i in range(inputs))
    source = CaptureSource(
        str(path.parent), Format.SAGEMAKER, str(out), inputs=names, outputs=outputs
    )
    return everything(captures.reader(source, S3Settings())(part_of(path)))


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "rows"),
    [
        ("notebooks/endpoint_csv_capture.jsonl", 69, ("score",), 3),
        ("notebooks/bias_endpoint_json_capture.jsonl", 14, ("score", "predicted_label"), 3),
        ("sdk_legacy_monitor/captured-data.jsonl", 1, ("answer",), 6),
        ("sdk_legacy_monitor/capture.jsonl", 7, ("score",), 44),
    ],
)
def test_every_captured_record_is_read(
    samples: Path, tmp_path: Path, name: str, inputs: int, outputs: tuple[str, ...], rows: int
) -> None:
    """CSV and JSON payloads, one row a record or several; none is rejected."""
    found = read(samples / name, tmp_path, inputs, *outputs)
    assert (rows, 0) == (len(found.rows), found.tally.rejected)
    assert inputs + len(outputs) == len(found.rows[0])
    assert all(isinstance(row[outputs[0]], float) for row in found.rows)


def test_the_values_are_those_of_the_payload(samples: Path, tmp_path: Path) -> None:
    """Cell by cell, against Python's own parsers."""
    path = samples / "notebooks" / "endpoint_csv_capture.jsonl"
    found = read(path, tmp_path, 69, "score")
    for line, row in zip(path.read_text().splitlines(), found.rows, strict=True):
        data = json.loads(line)["captureData"]
        cells = [*data["endpointInput"]["data"].split(","), data["endpointOutput"]["data"]]
        assert [float(cell) for cell in cells] == list(row.values())


def test_the_golden_training_file_is_read_as_the_service_typed_it(
    samples: Path, tmp_path: Path
) -> None:
    """100 rows without a header; every column of the type that its statistics.json has."""
    folder = samples / "sdk_quality_check" / "data_quality"
    path = folder / "baseline_dataset.csv"
    source = TrainingSource(str(path), Format.CSV, str(tmp_path), header=False)
    found = everything(training.reader(source, S3Settings())(part_of(path)))
    expected = list(csv.reader(path.read_text().splitlines()))
    assert [[float(cell) for cell in row] for row in expected] == [
        list(row.values()) for row in found.rows
    ]
    features = json.loads((folder / "statistics.json").read_text())["features"]
    kinds = {"int64": Kind.INTEGRAL, "double": Kind.FRACTIONAL}
    schema = found.chunks[0].table.schema
    assert [(f["name"], f["inferred_type"]) for f in features] == [
        (field.name, kinds[str(field.type)].inferred_type) for field in schema
    ]
