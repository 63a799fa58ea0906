"""A small endpoint with its training data and two hours of captures, the second of them drifted."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

CALM = "2024-06-23T02:00Z/PT1H"
DRIFTED = "2024-06-23T03:00Z/PT1H"
COLUMNS = ("score", "distance", "carrier", "seats")
ROWS = 600


@dataclass(frozen=True)
class Endpoint:
    """Where the conf lies, and what it says."""

    conf: str
    tree: Mapping[str, Any]


def rows(seed: int, *, drifted: bool = False) -> list[tuple[float, float, str, int]]:
    """Answers and questions in the order of COLUMNS."""
    random = Random(seed)
    return [
        (
            round(random.random(), 3),
            round(random.gauss(900.0 if drifted else 500.0, 50.0), 1),
            random.choice("AB" if drifted else "ABC") * 2,
            random.choice((70, 120, 180)),
        )
        for _ in range(ROWS)
    ]


def make_endpoint(folder: Path, **conf: object) -> Endpoint:
    """Write training data, captures and a conf below the folder; `conf` adds keys, or replaces."""
    training = folder / "training.csv"
    with training.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows(1)])
    captures = folder / "captures" / "late-arrival"
    write_captures(captures / "AllTraffic/2024/06/23/02", rows(2), "2024-06-23T02:10:00Z")
    write_captures(
        captures / "AllTraffic/2024/06/23/03", rows(3, drifted=True), "2024-06-23T03:10:00Z"
    )
    tree = {
        "version": 1,
        "monitor": "late-arrival-quality",
        "store": str(folder / "store"),
        "training": {"uri": str(training), "format": "csv"},
        "captures": {"uri": str(captures), "format": "sagemaker", "outputs": ["score"]},
        "window": "1h",
        "engine": "local",
    } | conf
    path = folder / "conf.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return Endpoint(str(path), tree)


def write_captures(folder: Path, answered: Sequence[Sequence[object]], time: str) -> None:
    """One file of records, each with a CSV payload and the endpoint's answer."""
    folder.mkdir(parents=True)
    lines = (
        {
            "captureData": {
                "endpointInput": _payload("INPUT", ",".join(map(str, asked))),
                "endpointOutput": _payload("OUTPUT", f"{score}\n"),
            },
            "eventMetadata": {"eventId": f"{folder.name}-{i}", "inferenceTime": time},
            "eventVersion": "0",
        }
        for i, (score, *asked) in enumerate(answered)
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "10-00-000-made-up.jsonl").write_text(text, encoding="utf-8")


def _payload(mode: str, data: str) -> dict[str, str]:
    return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}
