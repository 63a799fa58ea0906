"""A small monitored model: its training data, the captures of two variants, and its conf.

Everything comes from a seed as `key -> bytes`, so that it can be put into a folder or a bucket.
Variant `blue` has captures on 1, 2 and 4 March 2024, `green` on 1 and 4 March: there are gaps. On
the 4th `green` is sent kilometres instead of miles; nothing else is planted.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import yaml
from pyarrow import parquet

from tidegauge.app import main
from tidegauge.storage import S3Settings, join, storage_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
START = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CARRIERS = ("AA", "B6", "DL", "UA")
INPUTS = ("carrier", "miles", "seats")
CAPTURED = {"blue": (1, 2, 4), "green": (1, 4)}
HOURS = (5, 17)
RECORDS_AN_HOUR = 30
KILOMETRES_PER_MILE = 1.609344
ENVIRONMENT = S3Settings()
DOCUMENTS = ("constraints.json", "outcomes.json", "profile.parquet", "statistics.json")

Row = dict[str, Any]
Files = dict[str, bytes]


def rows(seed: int, count: int) -> list[Row]:
    """Flights of one world: what they are like does not change with the seed."""
    draw = np.random.default_rng(seed)
    carriers = draw.choice(CARRIERS, count)
    miles = draw.uniform(400, 600, count).round(1)
    seats = draw.integers(100, 200, count)
    return [
        {"carrier": str(c), "miles": float(m), "seats": int(s)}
        for c, m, s in zip(carriers, miles, seats, strict=True)
    ]


def training(count: int = 400) -> Files:
    """Two Parquet files with the rows, the time that orders them, and the label."""
    files = {}
    for part in range(2):
        some = rows(part, count // 2)
        for i, row in enumerate(some):
            row["scheduled"] = START - timedelta(days=60) + i * timedelta(hours=1)
            row["late"] = i % 5 // 4
        files[f"training/part-{part}.parquet"] = parquet_file(some)
    return files


def captures() -> Files:
    """The capture files of all variants, days and hours."""
    return {
        hour_key(variant, day, hour): capture_file(day_rows(variant, day, hour), day, hour)
        for variant, days in CAPTURED.items()
        for day in days
        for hour in HOURS
    }


def day_rows(variant: str, day: int, hour: int) -> list[Row]:
    """What one variant was asked in one hour."""
    asked = rows(1000 * day + 10 * hour + len(variant), RECORDS_AN_HOUR)
    if (variant, day) == ("green", 4):
        asked = [row | {"miles": round(row["miles"] * KILOMETRES_PER_MILE, 1)} for row in asked]
    return asked


def hour_key(variant: str, day: int, hour: int, name: str = "0.jsonl") -> str:
    """Where SageMaker puts the captures of an hour of March 2024."""
    return f"captures/{variant}/2024/03/{day:02}/{hour:02}/{name}"


def capture_file(asked: Iterable[Row], day: int, hour: int) -> bytes:
    """One capture record a line, one row in each."""
    time = START + (day - 1) * DAY + timedelta(hours=hour)
    return "".join(capture_line(row.values(), time) for row in asked).encode()


def capture_line(values: Iterable[object], time: datetime) -> str:
    """A record as SageMaker's data capture writes it: CSV in, one score out."""
    sent = ",".join(map(str, values))
    record = {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "data": sent, "encoding": "CSV"},
            "endpointOutput": {"observedContentType": "text/csv", "data": "0.5", "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": "e", "inferenceTime": f"{time:%Y-%m-%dT%H:%M:%SZ}"},
        "eventVersion": "0",
    }
    return json.dumps(record) + "\n"


def parquet_file(some: Iterable[Row]) -> bytes:
    """The rows as a Parquet file."""
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(some)), stream)
    return stream.getvalue()


def put(place: str, files: Mapping[str, bytes], settings: S3Settings = ENVIRONMENT) -> str:
    """Write the files below a folder or a bucket, and return the place."""
    for key, data in files.items():
        if place.startswith("s3://"):
            storage_for(place, settings).write(join(place, key), data)
        else:  # without the store's flushes to the disk
            path = Path(place, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return place


def stored(place: str, settings: S3Settings = ENVIRONMENT) -> Files:
    """All that lies in a store, by key."""
    storage = storage_for(place, settings)
    return {entry.key: storage.read(join(place, entry.key)) for entry in storage.files(place)}


def conf_of(data: str, store: str, **changes: object) -> dict[str, object]:
    """The conf of the model, whose data and store lie at these places."""
    return {
        "version": 1,
        "monitor": "flights",
        "store": store,
        "training": {"uri": f"{data}/training", "format": "parquet", "time": "scheduled"},
        "captures": {
            "uri": f"{data}/captures",
            "format": "sagemaker",
            "inputs": list(INPUTS),
            "outputs": ["score"],
        },
        "features": {"exclude": ["late"]},
        "window": "1d",
        "engine": "local",
        **changes,
    }


def write_conf(folder: Path, conf: Mapping[str, object]) -> str:
    """The conf as a YAML file; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "conf.yaml"
    path.write_text(yaml.safe_dump(dict(conf), sort_keys=False), encoding="utf-8")
    return str(path)


@dataclass(frozen=True)
class World:
    """Data, a store, and the conf that names both; `settings` say how to reach them."""

    data: str
    store: str
    conf: str
    settings: S3Settings = ENVIRONMENT

    def run(self, command: str, *arguments: str) -> Told:
        """One command on this conf."""
        return tidegauge(command, self.conf, *arguments)

    def document(self, key: str) -> Any:  # noqa: ANN401  (JSON)
        """A JSON document of the store; strict: NaN is none."""
        where = join(self.store, "flights", key)
        return strict_json(storage_for(where, self.settings).read(where))

    def stored(self) -> Files:
        """All that lies below the monitor's root, by key."""
        return stored(join(self.store, "flights"), self.settings)


def world(folder: Path, data: str | None = None, **changes: object) -> World:
    """A world in a folder; with data of its own unless there is some to share."""
    data = data or put(str(folder / "data"), training() | captures())
    store = str(folder / "store")
    return World(data, store, write_conf(folder, conf_of(data, store, **changes)))


def run_key(variant: str, day: int, name: str = "run.json") -> str:
    """A document of the run of one day of March 2024, below the monitor's root."""
    window = f"window=2024-03-{day:02}T0000Z_P1D"
    return f"runs/type=data_quality/variant={variant}/{window}/{name}"


@dataclass(frozen=True)
class Told:
    """What a command told: its exit code, stdout, and stderr."""

    code: int
    out: str
    err: str

    @property
    def log(self) -> list[dict[str, Any]]:
        """The JSON lines of stderr, which are all that it holds."""
        return [json.loads(line) for line in self.err.splitlines()]

    def messages(self, level: str) -> list[str]:
        """The log's messages of one level."""
        return [line["message"] for line in self.log if line["level"] == level]

    @property
    def error(self) -> str:
        """The one sentence that an expected failure is."""
        (message,) = self.messages("error")
        return str(message)


Travelled = tuple[World, dict[str, Told]]  # a world whose jobs have run, and what they told


def tidegauge(*arguments: str) -> Told:
    """The program in this process: the same door as the console script's, without its start."""
    logger = logging.getLogger("tidegauge")
    former = logger.handlers[:], logger.level, logger.propagate
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
    finally:
        logger.handlers[:], logger.level, logger.propagate = former
    return Told(code, out.getvalue(), err.getvalue())


def program(*arguments: str, cwd: Path | None = None, **environment: str) -> Told:
    """The console script in a process of its own."""
    found = subprocess.run(
        [str(BIN / "tidegauge"), *arguments],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Told(found.returncode, found.stdout, found.stderr)


def strict_json(data: bytes) -> Any:  # noqa: ANN401  (JSON)
    """The document of strict UTF-8 JSON: no bare NaN or Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(data.decode("utf-8"), parse_constant=refuse)
