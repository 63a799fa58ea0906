"""Batch transforms: files named by capture manifests, inference ids, joined output."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.sources.reading import Everything, everything

from tidegauge.errors import UsageError
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.sources.captures import Batch, batches, parts, reader
from tidegauge.sources.script import PREPROCESS, load_script
from tidegauge.sources.source import MANIFEST_LAYOUT, CaptureSource, Format
from tidegauge.storage import S3Settings, storage_for

if TYPE_CHECKING:
    from tests.s3_server import S3Server

WINDOW = Window(datetime(2024, 3, 1, tzinfo=UTC), timedelta(days=1))
HERE = S3Settings()


def manifest(folder: str, content: object, name: str = "m-1.json", hour: int = 3) -> None:
    """A manifest in an hour's folder of a batch transform's data capture."""
    uri = f"{folder}/capture/output/2024/03/01/{hour:02}/{name}"
    storage_for(uri).write(uri, json.dumps(content).encode())


def source(folder: str, format_: Format, **changes: Any) -> CaptureSource:  # noqa: ANN401
    """The captures of a folder's batch transform."""
    return CaptureSource(
        f"{folder}/capture", format_, f"{folder}/rejected/{{variant}}", layout=MANIFEST_LAYOUT,
        manifests=True, **changes,
    )  # fmt: skip


def found_in(one: CaptureSource) -> Batch:
    """The one batch of the day."""
    (batch,) = batches(one, [WINDOW], HERE)
    return batch


def read(one: CaptureSource) -> Everything:
    """All rows of the day."""
    read_ = reader(one, HERE)
    found = parts(one, [found_in(one)], HERE)
    return everything(chunk for part in found for chunk in read_(part))


def write(folder: Path, name: str, text: str) -> str:
    """A file of the transform's results; returns the prefix of their folder."""
    path = folder / "out" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return f"{folder}/out/"


def test_columns_of_csv_are_named_by_the_conf(tmp_path: Path) -> None:
    """Inputs, then outputs, then what GenerateInferenceId adds, which is no column."""
    prefix = write(tmp_path, "a.csv.out", "1,x,0.5,id-1,2024-03-01T03:00:00Z\n2,y,oops,id-2,z\n")
    manifest(str(tmp_path), [{"prefix": prefix}, "a.csv.out"])
    found = read(
        source(
            str(tmp_path), Format.CSV, header=False, inputs=("n", "letter"), outputs=("score",),
            inference_id=True, kinds={"score": Kind.FRACTIONAL}, skip=frozenset({"letter"}),
        )
    )  # fmt: skip

    assert [{"n": 1, "score": 0.5}, {"n": 2, "score": None}] == found.rows
    assert {"score": ["oops"]} == found.mismatched


def test_a_header_names_the_columns_itself(tmp_path: Path) -> None:
    """Then the conf's names say nothing about places."""
    prefix = write(tmp_path, "a.csv", "b,a\n1,2\n")
    manifest(str(tmp_path), [{"prefix": prefix}, "a.csv"])

    assert [{"b": 1, "a": 2}] == read(source(str(tmp_path), Format.CSV, inputs=("a", "b"))).rows


def test_a_single_object_is_all_prefix(tmp_path: Path) -> None:
    """Its name is empty; several manifests name each file once."""
    prefix = write(tmp_path, "a.csv", "a\n1\n")
    manifest(str(tmp_path), [{"prefix": f"{prefix}a.csv"}, ""])
    manifest(str(tmp_path), [{"prefix": prefix}, "a.csv"], name="m-2.json")
    one = source(str(tmp_path), Format.CSV)

    assert [{"a": 1}] == read(one).rows
    assert ["output/2024/03/01/03/m-2.json/a.csv"] == [f.key for f in found_in(one).inputs.files]


def test_joined_output_becomes_the_outputs(tmp_path: Path) -> None:
    """Values in the order of the inputs, the answer's by name; ids are no columns."""
    rows = [
        {
            "SageMakerInferenceId": "i", "SageMakerInferenceTime": "t",
            "SageMakerOutput": {"label": i, "score": 0.5, "other": 1}, "features": [i, "x"],
        }
        for i in range(2)
    ]  # fmt: skip
    prefix = write(tmp_path, "a.out", "".join(f"{json.dumps(row)}\n" for row in rows) + "[1]\n")
    manifest(str(tmp_path), [{"prefix": prefix}, "a.out"])
    found = read(source(str(tmp_path), Format.JSONL, inputs=("n", "s"), outputs=("score", "label")))

    assert [{"n": i, "s": "x", "score": 0.5, "label": i} for i in range(2)] == found.rows
    assert (3, 1) == (found.tally.records, found.tally.rejected)


def test_named_values_that_are_not_joined_are_columns(tmp_path: Path) -> None:
    """A JSON line by itself: objects by name, lists by place."""
    prefix = write(tmp_path, "a.out", '{"a": 1, "b": {"c": 2}}\n[3, 4]\n')
    manifest(str(tmp_path), [{"prefix": prefix}, "a.out"])
    found = read(source(str(tmp_path), Format.JSONL, inputs=("a",), outputs=("b.c",)))

    assert [{"a": 1, "b.c": 2}, {"a": 3, "b.c": 4}] == found.rows


def in_json(folder: Path, text: str, **changes: Any) -> Everything:  # noqa: ANN401
    """What is in a JSON file of results."""
    prefix = write(folder, "a.json.out", text)
    manifest(str(folder), [{"prefix": prefix}, "a.json.out"])
    return read(source(str(folder), Format.JSON, **{"inputs": ("n", "s")} | changes))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"n": 1, "s": "[,]"}, {"n": 2, "s": '}"{'}], indent=2),
        json.dumps([[1, "[,]"], [2, '}"{']], indent=2),
        json.dumps({"predictions": [{"n": 1, "s": "[,]"}, {"n": 2, "s": '}"{'}]}, indent=2),
        json.dumps({"instances": [{"features": [1, "[,]"]}, [2, '}"{']]}, indent=2),
        '{"n": 1, "s": "[,]"}\n{"n": 2, "s": "}\\"{"}\n',
        '[1, "[,]"]\n\n[2,\n "}\\"{"] []',
        '\ufeff[{"n": 1, "s": "[,]", "SageMakerInferenceId": "é"}, {"n": 2, "s": "}\\"{"}]',
    ],
)
def test_a_document_over_several_lines_has_rows(tmp_path: Path, text: str) -> None:
    """A list of rows, one object that holds them, several values; brackets in texts are texts."""
    found = in_json(tmp_path, text)

    assert [{"n": 1, "s": "[,]"}, {"n": 2, "s": '}"{'}] == found.rows
    assert 0 == found.tally.rejected


@pytest.mark.parametrize(
    "sent",
    [{"instances": [[1, "x"], [2, "y"]]}, {"SageMakerInput": [[1, "x"], [2, "y"]]}],
)
def test_a_joined_document_has_the_answers(tmp_path: Path, sent: dict[str, Any]) -> None:
    """As many as there are rows; what was sent and is no object has a name of its own."""
    answers = {"predictions": [{"score": 0.5, "other": [1]}, {"score": 0.25, "other": [2]}]}
    text = json.dumps(sent | {"SageMakerOutput": answers}, indent=1)
    found = in_json(tmp_path, text, outputs=("score",))

    assert [{"n": 1, "s": "x", "score": 0.5}, {"n": 2, "s": "y", "score": 0.25}] == found.rows


def test_a_broken_row_of_a_document_takes_no_other_with_it(tmp_path: Path) -> None:
    """It is named by the line that it begins on."""
    found = in_json(tmp_path, '[\n[1, "x"],\n[2, y],\n [3]\n,[4, "z"]\n] end {"n": ')

    assert [{"n": 1, "s": "x"}, {"n": 4, "s": "z"}] == found.rows
    assert (6, 4) == (found.tally.records, found.tally.rejected)
    places = [reason.partition(": ")[0].rpartition("/")[2] for reason in found.tally.reasons]
    assert ["a.json.out:3", "a.json.out:4", "a.json.out:6", "a.json.out:6"] == places


def test_parquet_is_read_without_the_ids(tmp_path: Path) -> None:
    """The file names its columns."""
    (tmp_path / "out").mkdir()
    table = pa.table({"a": [1], "SageMakerInferenceId": ["i"], "SageMakerInferenceTime": ["t"]})
    parquet.write_table(table, tmp_path / "out" / "a.parquet")
    manifest(str(tmp_path), [{"prefix": f"{tmp_path}/out/"}, "a.parquet"])

    assert [{"a": 1}] == read(source(str(tmp_path), Format.PARQUET)).rows


def test_a_script_is_given_each_line(tmp_path: Path) -> None:
    """As the payload of a batch transform's output."""
    (tmp_path / "s.py").write_text(
        "def preprocess_handler(r):\n"
        "    out = r.batch_transform_output\n"
        "    return {'n': out.data.split(',')[0], 'encoding': out.encoding}\n"
    )
    prefix = write(tmp_path, "a.csv", "1,2\n3,4\n")
    manifest(str(tmp_path), [{"prefix": prefix}, "a.csv"])
    script = load_script(f"{tmp_path}/s.py", PREPROCESS, HERE)
    found = read(source(str(tmp_path), Format.CSV, preprocess=script))

    assert [{"n": 1, "encoding": "CSV"}, {"n": 3, "encoding": "CSV"}] == found.rows


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"prefix": "x"}, "is no capture manifest"),
        ([], "is no capture manifest"),
        ([{"prefix": 3}, "a"], "is no capture manifest"),
        ([{"prefix": "x"}, 3], "is no capture manifest"),
        ([{"prefix": "/no/such/folder/"}, "a.csv"], "/no/such/folder/a.csv, which is not there"),
    ],
)
def test_a_broken_manifest_is_its_windows_fault(
    content: object, reason: str, tmp_path: Path
) -> None:
    """Nothing of the window is read; others are."""
    manifest(str(tmp_path), content)

    assert reason in found_in(source(str(tmp_path), Format.CSV)).fault


def test_all_may_lie_in_s3(s3: S3Server, bucket: str) -> None:
    """The manifests, what they name, and the script; a single object is found by its key."""
    storage = storage_for(bucket, s3.settings)
    storage.write(f"{bucket}/out/a.csv", b"1,2\n")
    content = json.dumps([{"prefix": f"{bucket}/out/a.csv"}, ""]).encode()
    storage.write(f"{bucket}/capture/output/2024/03/01/03/m.json", content)
    text = b"def preprocess_handler(r):\n    return {'data': r.batch_transform_output.data + ';'}\n"
    storage.write(f"{bucket}/s.py", text)
    script = load_script(f"{bucket}/s.py", PREPROCESS, s3.settings)
    one = source(bucket, Format.CSV, preprocess=script)
    found = batches(one, [WINDOW], s3.settings)
    read_ = reader(one, s3.settings)

    assert [{"data": "1,2;"}] == [
        row for part in parts(one, found, s3.settings) for row in everything(read_(part)).rows
    ]


def test_scripts_do_not_read_parquet(tmp_path: Path) -> None:
    """A script is given lines."""
    (tmp_path / "s.py").write_text("def preprocess_handler(r):\n    return []\n")
    script = load_script(f"{tmp_path}/s.py", PREPROCESS, HERE)

    with pytest.raises(UsageError, match="cannot be read that way"):
        reader(source(str(tmp_path), Format.PARQUET, preprocess=script), HERE)


def test_the_samples_are_read(tmp_path: Path) -> None:
    """The service's manifests and its joined output."""
    folder = Path(os.environ.get("TIDEGAUGE_SAMPLES", ""), "notebooks")
    if not folder.is_dir():
        pytest.skip("TIDEGAUGE_SAMPLES names no folder with the service's files")
    joined = (folder / "batch_transform_output_joined.jsonl").read_text()
    prefix = write(tmp_path, "test-dataset-input-cols.csv.out", joined)
    content = json.loads((folder / "batch_capture_output_manifest.json").read_text())
    manifest(str(tmp_path), [content[0] | {"prefix": prefix}, *content[1:]])
    names = tuple(f"f{i}" for i in range(14))
    outputs = ("predicted_label", "score")
    found = read(source(str(tmp_path), Format.JSONL, inputs=names, outputs=outputs))

    assert [0.047645717859268, 0.237941488623619] == found.column("score")[:2]
    assert ([29, 49], 0) == (found.column("f0")[:2], found.tally.rejected)
