"""Regression, classes and lists of probabilities, from tables and from records of many rows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn import metrics
from tests.e2e.quality_world import run_key
from tests.e2e.world import DAY, START, World, put, write_conf

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("cat", "dog", "owl")
ROWS = 300


def table(path: Path, columns: dict[str, Any]) -> None:
    """A Parquet file of these columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)


def world(folder: Path, quality: dict[str, Any], **changes: object) -> World:
    """A conf over tables of captures and labels, one day long; its baseline has been made."""
    tree = {
        "version": 1,
        "monitor": "flights",
        "store": str(folder / "store"),
        "captures": {
            "uri": str(folder / "captures"), "format": "parquet", "time": "at", "id": "key",
        },
        "ground_truth": {
            "uri": str(folder / "labels"), "format": "parquet", "id": "key", "label": "truth",
        },
        "model_quality": {
            "label": "truth",
            "baseline": {"uri": str(folder / "baseline"), "format": "parquet"},
            **quality,
        },
        "window": "1d",
        "engine": "local",
        **changes,
    }  # fmt: skip
    made = World(str(folder), str(folder / "store"), write_conf(folder, tree))
    assert 0 == made.run("baseline").code
    assert 0 == made.run("monitor").code
    return made


def values(made: World) -> dict[str, float]:
    """The metrics of the first of March."""
    document = made.document(run_key("AllTraffic", 1, "statistics.json"))
    return {name: m.get("value") for name, m in document["tidegauge"]["metrics"].items()}


def times(count: int) -> list[Any]:
    """The times of the answers: all on the first of March."""
    return [START + i * timedelta(minutes=4) for i in range(count)]


def test_a_regression(tmp_path: Path) -> None:
    """From a table of captures by time, labels in another order; one label is missing."""
    draw = np.random.default_rng(5)
    truth = draw.normal(10, 3, ROWS)
    answer = truth + draw.normal(0, 1, ROWS)
    keys = [f"k{i}" for i in range(ROWS)]
    order = draw.permutation(ROWS)[1:]
    columns = {"at": times(ROWS), "key": keys, "y": answer, "x": draw.normal(size=ROWS)}
    table(tmp_path / "captures/a.parquet", columns)
    table(tmp_path / "labels/a.parquet", {"key": [keys[i] for i in order], "truth": truth[order]})
    table(tmp_path / "baseline/a.parquet", {"y": answer, "truth": truth})
    found = values(world(tmp_path, {"problem": "regression", "score": "y"}))
    y, p = truth[order], answer[order]
    expected = {
        "mae": metrics.mean_absolute_error(y, p),
        "mse": metrics.mean_squared_error(y, p),
        "rmse": metrics.root_mean_squared_error(y, p),
        "r2": metrics.r2_score(y, p),
    }
    assert expected == pytest.approx({name: found[name] for name in expected}, rel=1e-9)


@pytest.mark.parametrize("form", ["class", "list", "columns"])
def test_classes(tmp_path: Path, form: str) -> None:
    """Answered as a class, as a list of probabilities, or as one column a class."""
    draw = np.random.default_rng(6)
    probabilities = draw.dirichlet([1, 1, 1], ROWS)
    answered = [CLASSES[i] for i in probabilities.argmax(axis=1)]
    truth = [a if draw.random() < 0.7 else str(draw.choice(CLASSES)) for a in answered]
    keys = list(range(ROWS))  # ids may be numbers, and are compared as texts
    answer: dict[str, Any] = {"answer": answered}
    quality: dict[str, Any] = {"problem": "multiclass", "score": "answer"}
    if form == "list":
        answer = {"ps": probabilities.tolist()}
        quality |= {"score": "ps", "classes": list(CLASSES)}
    elif form == "columns":
        answer = {f"p_{name}": probabilities[:, i] for i, name in enumerate(CLASSES)}
        quality |= {"score": list(answer), "classes": list(CLASSES)}
    table(tmp_path / "captures/a.parquet", {"at": times(ROWS), "key": keys, **answer})
    table(tmp_path / "labels/a.parquet", {"key": [str(key) for key in keys], "truth": truth})
    table(tmp_path / "baseline/a.parquet", {"truth": truth, **answer})
    found = values(world(tmp_path, quality))
    expected = {
        "accuracy": metrics.accuracy_score(truth, answered),
        "weighted_precision": metrics.precision_score(truth, answered, average="weighted"),
        "weighted_recall": metrics.recall_score(truth, answered, average="weighted"),
        "weighted_f1": metrics.f1_score(truth, answered, average="weighted"),
    }
    assert expected == pytest.approx({name: found[name] for name in expected}, rel=1e-9)


def test_records_of_many_rows(tmp_path: Path) -> None:
    """Each row has the label at its place; a label of too few rows is nobody's."""
    draw = np.random.default_rng(7)
    captures, labels, rows = [], [], []
    for i in range(60):
        size = int(draw.integers(1, 6))
        scores = draw.random(size).round(3)
        truth = (draw.random(size) < scores).astype(int)
        captures.append(
            {
                "captureData": {
                    "endpointInput": {"data": "\n".join(["1"] * size), "encoding": "CSV"},
                    "endpointOutput": {"data": "\n".join(map(str, scores)), "encoding": "CSV"},
                },
                "eventMetadata": {"eventId": f"e{i}", "inferenceTime": "2024-03-01T05:00:00Z"},
            }
        )
        told = {"instances": [{"late": int(one)} for one in truth]}
        if i == 0:
            told["instances"].append({"late": 1})
        else:
            rows += list(zip(truth, scores, strict=True))
        data = {"data": json.dumps(told), "encoding": "JSON"}
        labels.append({"groundTruthData": data, "eventMetadata": {"eventId": f"e{i}"}})
    unlabelled = len(captures[0]["captureData"]["endpointInput"]["data"].split("\n"))
    files = {"captures/AllTraffic/2024/03/01/05/0.jsonl": captures}
    files |= {"labels/2024/03/02/05/0.jsonl": labels}
    lines = {k: "".join(f"{json.dumps(r)}\n" for r in some).encode() for k, some in files.items()}
    put(str(tmp_path), lines)
    y, score = (np.array(column) for column in zip(*rows, strict=True))
    table(tmp_path / "baseline/a.parquet", {"late": y, "score": score})
    made = world(
        tmp_path,
        {"problem": "binary", "label": "late", "score": "score"},
        captures={"uri": f"{tmp_path}/captures", "format": "sagemaker", "outputs": ["score"]},
        ground_truth={"uri": f"{tmp_path}/labels", "format": "sagemaker"},
    )
    found = values(made)
    counts = made.document(run_key("AllTraffic", 1))["counts"]
    assert (len(y) + unlabelled, len(y), unlabelled, unlabelled) == tuple(
        counts[name] for name in ("predictions", "labelled", "unlabelled", "unequal")
    )
    assert metrics.accuracy_score(y, score >= 0.5) == pytest.approx(found["accuracy"])
    assert metrics.roc_auc_score(y, score) == pytest.approx(found["auc"])


def test_a_batch_transform(tmp_path: Path) -> None:
    """Its files have the ids that GenerateInferenceId adds, by which labels find their rows."""
    draw = np.random.default_rng(8)
    scores = draw.random(80).round(3)
    truth = (draw.random(80) < scores).astype(int)
    out = "".join(
        json.dumps(
            {
                "SageMakerInferenceId": f"id{i}",
                "SageMakerInferenceTime": "2024-03-01T05:00:00Z",
                "SageMakerOutput": {"score": float(score)},
                "features": [1, 2],
            }
        )
        + "\n"
        for i, score in enumerate(scores)
    )
    manifest = json.dumps([{"prefix": f"{tmp_path}/results/"}, "batch.jsonl.out"])
    labels = "".join(
        json.dumps(
            {
                "groundTruthData": {"data": str(one), "encoding": "CSV"},
                "eventMetadata": {"eventId": f"id{i}"},
            }
        )
        + "\n"
        for i, one in enumerate(truth)
    )
    files = {
        "results/batch.jsonl.out": out,
        "captures/output/2024/03/01/05/m.json": manifest,
        "labels/2024/03/02/05/0.jsonl": labels,
    }
    put(str(tmp_path), {key: text.encode() for key, text in files.items()})
    table(tmp_path / "baseline/a.parquet", {"late": truth, "score": scores})
    made = world(
        tmp_path,
        {"problem": "binary", "label": "late", "score": "score"},
        captures={
            "uri": f"{tmp_path}/captures",
            "format": "jsonl",
            "manifests": True,
            "inputs": ["a", "b"],
            "outputs": ["score"],
        },
        ground_truth={"uri": f"{tmp_path}/labels", "format": "sagemaker"},
    )
    found = values(made)
    assert metrics.roc_auc_score(truth, scores) == pytest.approx(found["auc"])
    delay = made.document(run_key("AllTraffic", 1))["labels"]["delay_hours"]
    assert int(DAY / timedelta(hours=1)) == delay["p50"]
