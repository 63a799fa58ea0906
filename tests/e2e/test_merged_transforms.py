"""Batch transforms with their labels, as the service's merged JSON Lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.world import World, parquet_file, put, write_conf

from tidegauge.config.loading import load_conf
from tidegauge.errors import UsageError

ROWS = 40
TIME = "2024-03-01T05:00:07Z"
CELLS = ["x", 'a "b", c', "", "ü 0.10"]  # what a CSV writer quotes, misses, and must not read
SAMPLES = Path(os.environ.get("TIDEGAUGE_SAMPLES", "no samples"))


def score(i: int) -> str:
    """As a container writes it."""
    return f"{(i * 37 % 100) / 100:.3f}"


def sent(i: int) -> str:
    """A row as it was sent and answered: what the service calls the row."""
    cell = CELLS[i % 4]
    quoted = '"' + cell.replace('"', '""') + '"' if "," in cell else cell
    return f"{i}.50,{quoted},{score(i)}"


def csv_rows(header: bool) -> str:  # noqa: FBT001
    """The transform's result with what GenerateInferenceId adds."""
    head = "amount,note,score,SageMakerInferenceId,SageMakerInferenceTime\n" if header else ""
    return head + "".join(f"{sent(i)},id{i},{TIME}\n" for i in range(ROWS))


def answered(i: int) -> dict[str, Any]:
    """The same as JSON, without what is added."""
    return {"SageMakerOutput": {"score": float(score(i))}, "features": [i + 0.5, CELLS[i % 4]]}


def json_rows() -> str:
    """JSON Lines with what GenerateInferenceId adds."""
    added = (
        {"SageMakerInferenceId": f"id{i}", "SageMakerInferenceTime": TIME} for i in range(ROWS)
    )
    return "".join(json.dumps(one | answered(i)) + "\n" for i, one in enumerate(added))


def labels(some: range) -> bytes:
    """A file of labels in the service's form."""
    lines = (
        {
            "groundTruthData": {"data": str(i % 2), "encoding": "CSV"},
            "eventMetadata": {"eventId": f"id{i}"},
        }
        for i in some
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def world(folder: Path, result: str, **captures: object) -> World:
    """A monitor of one transform, half of whose labels have come."""
    tree: dict[str, Any] = {
        "version": 1,
        "monitor": "flights",
        "store": str(folder / "store"),
        "captures": {
            "uri": str(folder / "captures"),
            "manifests": True,
            "inputs": ["amount", "note"],
            "outputs": ["score"],
            **captures,
        },
        "ground_truth": {
            "uri": str(folder / "labels"), "format": "sagemaker", "merged": "sagemaker",
        },
        "model_quality": {
            "problem": "binary",
            "label": "late",
            "score": "score",
            "baseline": {"uri": str(folder / "baseline"), "format": "parquet"},
        },
        "window": "1d",
        "engine": "local",
    }  # fmt: skip
    manifest = json.dumps([{"prefix": f"{folder}/results/"}, "batch.out"])
    rows = [{"score": float(score(i)), "late": i % 2} for i in range(ROWS)]
    files = {
        "results/batch.out": result.encode(),
        "captures/output/2024/03/01/05/m.json": manifest.encode(),
        "labels/2024/03/02/05/0.jsonl": labels(range(ROWS // 2)),
        "baseline/a.parquet": parquet_file(rows),
    }
    data = put(str(folder), files)
    made = World(data, tree["store"], write_conf(folder, tree))
    for command in ("baseline", "monitor"):
        assert 0 == made.run(command).code
    return made


def merged(made: World) -> dict[str, dict[str, Any]]:
    """The merged records by their ids; all of them lie in the hour of the transform."""
    files = {k: v for k, v in made.stored().items() if k.startswith("merged_records/")}
    assert {"merged_records/AllTraffic/2024/03/01/05"} == {k.rpartition("/")[0] for k in files}
    lines = [json.loads(line) for data in files.values() for line in data.splitlines()]
    found = {record["eventMetadata"]["eventId"]: record for record in lines}
    assert len(lines) == len(found)
    return found


def record(i: int, output: dict[str, str]) -> dict[str, Any]:
    """A merged record as the service has it."""
    return {
        "eventMetadata": {"eventId": f"id{i}"},
        "eventVersion": "0",
        "groundTruthData": {"data": str(i % 2), "encoding": "CSV"},
        "captureData": {"batchTransformOutput": output},
    }


@pytest.mark.parametrize(
    "captures",
    [
        {"format": "csv", "header": False, "inference_id": True},
        {"format": "csv", "header": True},
    ],
    ids=["without header", "with header"],
)
def test_rows_of_csv(tmp_path: Path, captures: dict[str, Any]) -> None:
    """Each as it was written, but for what was added; those with late labels come later."""
    made = world(tmp_path, csv_rows(captures["header"]), **captures)
    expected = {f"id{i}": record(i, {"data": sent(i), "encoding": "CSV"}) for i in range(ROWS)}
    first = dict(list(expected.items())[: ROWS // 2])
    assert first == merged(made)

    put(made.data, {"labels/2024/03/02/06/1.jsonl": labels(range(ROWS // 2, ROWS))})
    assert 0 == made.run("monitor").code
    assert expected == merged(made)
    plain = made.document("runs/type=model_quality/variant=AllTraffic/window=2024-03-01T0000Z_P1D"
                          "/run.json")  # fmt: skip
    assert (ROWS, 0, 1) == (
        plain["counts"]["rows"], plain["counts"]["unanswered"], plain["labels"]["revision"],
    )  # fmt: skip


def test_rows_of_json(tmp_path: Path) -> None:
    """The document but for what was added, as JSON."""
    made = world(tmp_path, json_rows(), format="jsonl")
    found = merged(made)
    outputs = {key: one["captureData"]["batchTransformOutput"] for key, one in found.items()}
    assert {f"id{i}": answered(i) for i in range(ROWS // 2)} == {
        key: json.loads(output["data"]) for key, output in outputs.items()
    }
    assert {"JSON"} == {output["encoding"] for output in outputs.values()}


def test_the_numbers_are_those_without_records(tmp_path: Path) -> None:
    """The rows are read as texts where their records are wanted; what is folded is the same."""
    captures = {"format": "csv", "header": False, "inference_id": True}
    made = world(tmp_path, csv_rows(header=False), **captures)
    name = "runs/type=model_quality/variant=AllTraffic/window=2024-03-01T0000Z_P1D/statistics.json"
    with_records = made.document(name)
    asked = ("--set", "ground_truth.merged=parquet", "--window", "2024-03-01/P1D")
    assert 0 == made.run("monitor", *asked).code
    assert with_records == made.document(name)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="TIDEGAUGE_SAMPLES does not name the folder of real files"
)
def test_a_record_has_the_keys_of_the_services(tmp_path: Path) -> None:
    """Of a real record, no more and no fewer."""
    real = json.loads((SAMPLES / "notebooks/bias_batch_csv_merged_record.json").read_bytes())
    made = world(tmp_path, csv_rows(header=True), format="csv")
    for ours in merged(made).values():
        assert keys(real) == keys(ours)


def keys(value: object) -> object:
    """The keys of a document, without its values."""
    return {k: keys(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


@pytest.mark.parametrize(
    ("captures", "told"),
    [
        ({"format": "parquet", "manifests": True}, "rows of batch transforms in CSV or JSON"),
        ({"format": "csv", "id": "key", "layout": "{yyyy}/{mm}/{dd}/{hh}"}, "have neither"),
        ({"format": "csv", "manifests": True, "preprocess": "x.py"}, "a script makes the rows"),
    ],
)
def test_what_the_form_cannot_carry_is_refused(
    tmp_path: Path, captures: dict[str, Any], told: str
) -> None:
    """When the conf is read, with the reason."""
    tree = {
        "version": 1,
        "monitor": "flights",
        "store": "store",
        "captures": {"uri": "captures", "outputs": ["score"], **captures},
        "ground_truth": {"uri": "labels", "format": "sagemaker", "merged": "sagemaker"},
        "model_quality": {"problem": "binary", "score": "score"},
        "window": "1d",
    }
    with pytest.raises(UsageError, match=told):
        load_conf(write_conf(tmp_path, tree))
