"""The data that is timed: seeded, built once below a folder, the same for every contender.

A mixed table repeats one block of 29 columns: 12 normal floats (some with nulls), 4 amounts
rounded to cents, 6 integers of growing range with 1 % nulls, a boolean, 5 texts (50 states, 5,000
merchants, 3 devices with nulls, mostly unique user ids, zip codes) and a timestamp.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count, islice
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

RECIPE = 1  # part of each name: another recipe is built anew

_START = datetime(2025, 11, 1, tzinfo=UTC)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # multiplied by it, small numbers look like ids

Column = tuple[str, pa.Array]


class Payload(StrEnum):
    """How the columns of a request are written."""

    CSV = "csv"
    LISTS = "json-lists"
    OBJECTS = "json-objects"


class Dataset(Protocol):
    """Something that can be built in an empty folder, always alike."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """The number of values of a table, or of events."""
        ...

    def build(self, folder: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Table:
    """A mixed table in snappy Parquet files."""

    columns: int
    files: int
    rows_a_file: int
    rows_a_group: int = 250_000

    @property
    def name(self) -> str:
        return f"table-{self.columns}-columns-{self.files}x{self.rows_a_file}-rows-v{RECIPE}"

    @property
    def size(self) -> int:
        return self.files * self.rows_a_file * self.columns

    def build(self, folder: Path) -> None:
        for file in range(self.files):
            table = pa.table(dict(islice(mixed_columns(self.rows_a_file, file), self.columns)))
            path = folder / f"part-{file:03}.parquet"
            pq.write_table(table, path, row_group_size=self.rows_a_group, compression="snappy")


@dataclass(frozen=True, slots=True)
class Events:
    """A day of an endpoint's captures as SageMaker writes them: a payload of 22 columns."""

    events: int
    payload: Payload = Payload.CSV
    files_an_hour: int = 12
    hours: int = 24

    @property
    def name(self) -> str:
        payload = "" if self.payload is Payload.CSV else f"-{self.payload}"
        return f"captures{payload}-{self.events}-events-v{RECIPE}"

    @property
    def size(self) -> int:
        return self.events

    def build(self, folder: Path) -> None:
        files = self.hours * self.files_an_hour
        for file in range(files):
            time = _START + timedelta(hours=1) / self.files_an_hour * file
            rows = self.events * (file + 1) // files - self.events * file // files
            path = folder / f"AllTraffic/{time:%Y/%m/%d/%H/%M-%S}-000-{UUID(int=file)}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            records = _records(rows, file, time)
            if self.payload is not Payload.CSV:
                records = (_in_json(record, self.payload) for record in records)
            path.write_text("".join(records), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Answers:
    """A day's predictions and their labels, which come in another order: two folders of Parquet.

    Of a hundred ids one has no label, and one has two, of which the later one counts.
    """

    predictions: int
    files: int = 8

    @property
    def name(self) -> str:
        return f"answers-{self.predictions}-predictions-v{RECIPE}"

    @property
    def size(self) -> int:
        return self.predictions

    def build(self, folder: Path) -> None:
        random = np.random.default_rng(RECIPE)
        rows = self.predictions
        first = np.arange(rows, dtype=np.uint64) * _ODD
        ids = pc.binary_join_element_wise(
            _hexadecimal(first), _hexadecimal(first ^ np.uint64(rows)), ""
        )
        score = random.beta(1, 4, rows)
        time = int(_START.timestamp() * 1e6) + np.arange(rows) * (86_400_000_000 // rows)
        times = pa.array(time).cast(pa.timestamp("us", tz="UTC"))
        answers = pa.table({"id": ids, "score": score, "time": times})
        of = np.concatenate([random.permutation(rows)[rows // 100 :], np.arange(rows // 100)])
        label = (random.random(len(of)) < score[of]).astype(np.int64)
        collected = pa.array(time[of] + 86_400_000_000 + np.arange(len(of)))
        truth = pa.table(
            {
                "id": ids.take(pa.array(of)),
                "label": label,
                "collected": collected.cast(pa.timestamp("us", tz="UTC")),
            }
        )
        for name, table in (("predictions", answers), ("labels", truth)):
            (folder / name).mkdir()
            step = -(-len(table) // self.files)
            for file in range(self.files):
                path = folder / name / f"part-{file:03}.parquet"
                pq.write_table(table.slice(file * step, step), path, compression="snappy")


def ready(dataset: Dataset, root: Path) -> Path:
    """The folder of the dataset below `root`, built unless it is there already."""
    folder = root / dataset.name
    if not folder.exists():
        print(f"building {folder}", file=sys.stderr)
        unfinished = root / f"{dataset.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        dataset.build(unfinished)
        unfinished.rename(folder)
    return folder


def mixed_columns(rows: int, seed: int) -> Iterator[Column]:
    """Columns without end, 29 to a block; the same rows and seed give the same values."""
    for block in count():
        random = np.random.default_rng([seed, block])
        for name, column in _block(random, rows):
            yield (f"{name}_{block}" if block else name), column


def payload_columns(rows: int, seed: int) -> tuple[Column, ...]:
    """The 22 inputs of a captured request: the floats and integers of a block."""
    return tuple(islice(mixed_columns(rows, seed), 22))


def _block(random: Generator, rows: int) -> Iterator[Column]:
    for i in range(12):
        nulls = random.random(rows) < 0.02 * (i % 4)
        yield f"normal_{i}", pa.array(random.normal(3 * i, 1 + i, rows), mask=nulls)
    for i in range(4):
        yield f"amount_{i}", pa.array(random.lognormal(3, 1, rows).round(2))
    for i in range(6):
        nulls = random.random(rows) < 0.01
        yield f"integer_{i}", pa.array(random.integers(0, 10 ** (i + 1), rows), mask=nulls)
    yield "flag", pa.array(random.random(rows) < 0.3)
    yield "state", _chosen([f"S{i:02}" for i in range(50)], random.zipf(1.5, rows) % 50)
    merchants = [f"merchant_{i}" for i in range(5_000)]
    yield "merchant", _chosen(merchants, random.integers(0, 5_000, rows))
    device = random.choice(3, rows, p=[0.5, 0.4, 0.1])
    yield "device", _chosen(["ios", "android", "web"], device, random.random(rows) < 0.05)
    yield "user_id", _hexadecimal(random.integers(0, 24 * rows, rows, dtype=np.uint64) * _ODD)
    zips = pa.array(random.integers(0, 100_000, rows)).cast(pa.string())
    yield "zip", pc.utf8_lpad(zips, 5, "0")
    seconds = int(_START.timestamp()) + random.integers(0, 30 * 86_400, rows)
    yield "time", pa.array(seconds * 1_000_000).cast(pa.timestamp("us"))


def _chosen(
    words: list[str], which: NDArray[np.int64], nulls: NDArray[np.bool_] | None = None
) -> pa.Array:
    return pa.array(words).take(pa.array(which, mask=nulls))


def _hexadecimal(numbers: NDArray[np.uint64]) -> pa.Array:
    digits = numbers.astype(">u8").tobytes().hex().encode()
    return pa.array(np.frombuffer(digits, "S16")).cast(pa.string())


def _records(rows: int, seed: int, time: datetime) -> Iterator[str]:
    """One JSON line an event: the request's columns as CSV, and the score that was answered."""
    text = io.BytesIO()
    options = csv.WriteOptions(include_header=False)
    csv.write_csv(pa.table(dict(payload_columns(rows, seed))), text, options)
    scores = np.random.default_rng([seed, rows]).random(rows).round(6)
    payloads = text.getvalue().decode().splitlines()
    for i, (payload, score) in enumerate(zip(payloads, scores, strict=True)):
        yield (
            '{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT",'
            f'"data":"{payload}","encoding":"CSV"}},"endpointOutput":{{"observedContentType":'
            f'"text/csv; charset=utf-8","mode":"OUTPUT","data":"{score}\\n","encoding":"CSV"}}}},'
            f'"eventMetadata":{{"eventId":"{UUID(int=seed << 32 | i)}",'
            f'"inferenceTime":"{time:%Y-%m-%dT%H:%M:%SZ}"}},"eventVersion":"0"}}\n'
        )


def _in_json(record: str, payload: Payload) -> str:
    """The same record with JSON for both payloads."""
    made = json.loads(record)
    sent, answered = (made["captureData"][side] for side in ("endpointInput", "endpointOutput"))
    values = [json.loads(value) if value else None for value in sent["data"].split(",")]
    score = {"score": float(answered["data"])}
    names = [name for name, _ in payload_columns(1, 0)]
    documents = (
        ({"instances": [{"features": values}]}, {"predictions": [score]})
        if payload is Payload.LISTS
        else (dict(zip(names, values, strict=True)), score)
    )
    for side, document in zip((sent, answered), documents, strict=True):
        side |= {
            "data": json.dumps(document), "encoding": "JSON",
            "observedContentType": "application/json",
        }  # fmt: skip
    return json.dumps(made, separators=(",", ":")) + "\n"
