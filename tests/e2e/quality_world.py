"""A small model whose answers have labels: late, corrected, told twice, missing, and nobody's.

Two variants answer on four days of March 2024. Everything comes from a seed; `truth()` says, by
id, what the last label of each prediction is, so that any library can tell the metrics.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from tests.e2e.world import DAY, START, Files, World, put, write_conf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

DAYS = (1, 2, 3, 4)
HOURS = (5, 17)
VARIANTS = ("blue", "green")
RECORDS_AN_HOUR = 60
HOUR = timedelta(hours=1)
COSTS = {"false_negative": 40, "false_positive": "amount", "true_positive": -10, "currency": "USD"}


@dataclass(frozen=True)
class Answer:
    """One row that the model answered: `id` is None for a record without an inference id."""

    variant: str
    time: datetime
    id: str
    amount: float
    score: float
    late: int


@dataclass(frozen=True)
class Told:
    """One label as it was told: of which id, what, and when it was collected."""

    id: str
    label: int
    time: datetime


def answers() -> list[Answer]:
    """What was asked and answered; green answers worse than blue."""
    found = []
    for variant in VARIANTS:
        for day in DAYS:
            for hour in HOURS:
                draw = np.random.default_rng([day, hour, len(variant)])
                time = START + (day - 1) * DAY + hour * HOUR
                scores = draw.beta(1, 2, RECORDS_AN_HOUR).round(4)
                blur = 0.3 if variant == "green" else 0.0
                late = draw.random(RECORDS_AN_HOUR) < (1 - blur) * scores + blur * 0.4
                for i in range(RECORDS_AN_HOUR):
                    name = f"{variant}-{day}-{hour}-{i}"
                    amount = float(draw.integers(1, 9))
                    found.append(
                        Answer(variant, time, name, amount, float(scores[i]), int(late[i]))
                    )
    return found


def told() -> list[Told]:
    """The labels in the order in which they were told.

    A day after the answer; of every 20 answers one has no label, one is told the contrary first and
    corrected a day later, and one is told twice. Some labels are of ids that nobody asked for.
    """
    found = []
    for i, answer in enumerate(answers()):
        collected = answer.time + DAY
        match i % 20:
            case 7:
                continue
            case 11:
                found.append(Told(answer.id, 1 - answer.late, collected))
                found.append(Told(answer.id, answer.late, collected + DAY))
            case 13:
                found.append(Told(answer.id, answer.late, collected))
                found.append(Told(answer.id, answer.late, collected + HOUR))
            case _:
                found.append(Told(answer.id, answer.late, collected))
    found += [Told(f"nobody-{i}", 1, START + DAY + i * HOUR) for i in range(10)]
    return sorted(found, key=lambda label: label.time)


def truth(labels: Iterable[Told] | None = None) -> dict[str, int]:
    """The last label of each id."""
    return {label.id: label.label for label in (told() if labels is None else labels)}


def captures() -> Files:
    """SageMaker's capture files; every third record has its id in `eventId` alone."""
    files: dict[str, list[str]] = {}
    for i, answer in enumerate(answers()):
        ids = {"eventId": answer.id}
        if i % 3:
            ids = {"eventId": f"event-{i}", "inferenceId": answer.id}
        record = {
            "captureData": {
                "endpointInput": {"data": f"{answer.amount},7", "encoding": "CSV"},
                "endpointOutput": {"data": f"{answer.score}\n", "encoding": "CSV"},
            },
            "eventMetadata": {**ids, "inferenceTime": f"{answer.time:%Y-%m-%dT%H:%M:%SZ}"},
            "eventVersion": "0",
        }
        key = f"captures/{answer.variant}/{answer.time:%Y/%m/%d/%H}/0.jsonl"
        files.setdefault(key, []).append(json.dumps(record) + "\n")
    return {key: "".join(lines).encode() for key, lines in files.items()}


def ground_truth(labels: Iterable[Told], name: str = "0.jsonl") -> Files:
    """SageMaker's label files, by the hour of collection; some labels as JSON."""
    files: dict[str, list[str]] = {}
    for i, label in enumerate(labels):
        data = str(label.label) if i % 5 else json.dumps({"late": label.label})
        record = {
            "groundTruthData": {"data": data, "encoding": "CSV" if i % 5 else "JSON"},
            "eventMetadata": {"eventId": label.id},
            "eventVersion": "0",
        }
        key = f"truth/{label.time:%Y/%m/%d/%H}/{name}"
        files.setdefault(key, []).append(json.dumps(record) + "\n")
    return {key: "".join(lines).encode() for key, lines in files.items()}


def baseline(rows: int = 4_000) -> Files:
    """Rows with answer and label that the model has not learnt from, of ten days."""
    draw = np.random.default_rng(0)
    scores = draw.beta(1, 2, rows)
    table = pa.table(
        {
            "when": [START - 10 * DAY + i * 10 * DAY / rows for i in range(rows)],
            "amount": draw.integers(1, 9, rows).astype(float),
            "score": scores,
            "late": (draw.random(rows) < scores).astype(np.int64),
            "unused": ["x"] * rows,
        }
    )
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return {"baseline/rows.parquet": stream.getvalue()}


def conf_of(data: str, store: str, **changes: object) -> dict[str, Any]:
    """The conf of the model; `truth` and `quality` change their sections."""
    truth: Mapping[str, object] = changes.pop("truth", {})  # type: ignore[assignment]
    quality: Mapping[str, object] = changes.pop("quality", {})  # type: ignore[assignment]
    return {
        "version": 1,
        "monitor": "flights",
        "store": store,
        "captures": {
            "uri": f"{data}/captures",
            "format": "sagemaker",
            "inputs": ["amount", "seats"],
            "outputs": ["score"],
        },
        "ground_truth": {"uri": f"{data}/truth", "format": "sagemaker", "wait": "2d", **truth},
        "model_quality": {
            "problem": "binary",
            "label": "late",
            "score": "score",
            "costs": COSTS,
            "baseline": {"uri": f"{data}/baseline", "format": "parquet", "time": "when"},
            **quality,
        },
        "window": "1d",
        "engine": "local",
        **changes,
    }


def quality_world(
    folder: Path,
    labels: Iterable[Told] | None = None,
    *,
    data: str | None = None,
    **changes: object,
) -> World:
    """A world in a folder, with data of its own unless there is some to share."""
    if data is None:
        some = told() if labels is None else labels
        data = put(str(folder / "data"), captures() | ground_truth(some) | baseline())
    store = str(folder / "store")
    return World(data, store, write_conf(folder, conf_of(data, store, **changes)))


def run_key(variant: str, day: int, name: str = "run.json") -> str:
    """A document of the run of one day of March 2024, below the monitor's root."""
    window = f"window=2024-03-{day:02}T0000Z_P1D"
    return f"runs/type=model_quality/variant={variant}/{window}/{name}"
