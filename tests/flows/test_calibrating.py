"""A baseline by time: the same calibration whoever reads, and what it says of the data."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from tests.e2e.world import START, Files, World, parquet_file, put, world

from tidegauge.documents.calibration import decode
from tidegauge.rules.alarms.design_effect import DesignEffect, Uncalibrated

if TYPE_CHECKING:
    from pathlib import Path

    from tidegauge.rules.alarms.calibration import Calibration

DAYS, ROWS = 64, 30
DOCUMENTS = ("calibration.json", "constraints.json")
SPARK = ("--engine", "spark", "--master", "local[2]")


def rows() -> list[dict[str, Any]]:
    """Two months and a bit: weekends go farther, the seats do not care, one day half is missing."""
    draw = np.random.default_rng(1)
    found = []
    for i in range(DAYS * ROWS):
        day = START + timedelta(days=i // ROWS, minutes=48 * (i % ROWS))
        weekend = day.weekday() >= 5
        missing = draw.random() < (0.5 if i // ROWS == 20 else 0.02)
        found.append(
            {
                "miles": round(float(draw.normal(900 if weekend else 500, 50)), 1),
                "seats": int(draw.integers(100, 200)),
                "carrier": None if missing else str(draw.choice(["AA", "B6", "UA"])),
                "scheduled": day,
            }
        )
    return found


def by_format(name: str) -> Files:
    """The rows in two files."""
    found = rows()
    halves = (found[: len(found) // 2], found[len(found) // 2 :])
    return {f"training/{i}.{name}": file_of(half, name) for i, half in enumerate(halves)}


def file_of(some: list[dict[str, Any]], name: str) -> bytes:
    """Parquet, CSV or JSON lines."""
    match name:
        case "parquet":
            return parquet_file(some)
        case "csv":
            stream = pa.BufferOutputStream()
            texts = [row | {"scheduled": f"{row['scheduled']:%Y-%m-%dT%H:%M:%SZ}"} for row in some]
            csv.write_csv(pa.Table.from_pylist(texts), stream)
            return stream.getvalue().to_pybytes()
        case _:
            lines = (json.dumps(row, default=lambda time: time.isoformat()) for row in some)
            return "".join(f"{line}\n" for line in lines).encode()


def made(folder: Path, *options: str, format_: str = "parquet") -> dict[str, bytes]:
    """The documents of a baseline."""
    folder.mkdir()
    training = {"uri": f"{folder}/data/training", "format": format_, "time": "scheduled"}
    put(str(folder / "data"), by_format(format_))
    of = world(folder, str(folder / "data"), training=training, features={})
    assert 0 == of.run("baseline", *options).code
    return documents(of)


def documents(of: World) -> dict[str, bytes]:
    """Those of the pinned baseline, by name."""
    pinned = of.document("baseline/current.json")["baseline"]
    found = of.stored()
    return {name: found[f"baseline/{pinned}/data_quality/{name}"] for name in DOCUMENTS}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """As the engine without Spark makes them from Parquet."""
    return made(tmp_path_factory.mktemp("calibrating") / "local")


def calibration(found: dict[str, bytes]) -> Calibration:
    """The document, read."""
    return decode(json.loads(found["calibration.json"]), "calibration.json")


def test_the_blocks_are_the_whole_days(local: dict[str, bytes]) -> None:
    """But for the first and the last, which the data's own ends may have cut off."""
    found = calibration(local)
    assert ("P1D", DAYS - 2, {ROWS}, ()) == (
        found.duration,
        len(found.blocks),
        set(found.rows),
        found.notes,
    )
    assert "2024-03-02T0000Z_P1D" == found.blocks[0]
    assert "Monday" == found.seasons[0]


def test_weekends_are_compared_with_weekends(local: dict[str, bytes]) -> None:
    """Where it matters, and nowhere else; gaps swing because of one day."""
    features = calibration(local).features
    assert {"miles", "seats", "carrier"} == features.keys()
    assert {"miles"} == {name for name, feature in features.items() if feature.seasons}
    assert set(range(7)) == set(features["miles"].seasons)
    drift, missing = features["miles"].drift, features["carrier"].missing
    assert isinstance(drift, DesignEffect)
    assert isinstance(missing, DesignEffect)
    assert drift.estimate > 5
    assert missing.estimate > 1.5
    assert isinstance(features["seats"].missing, Uncalibrated)


def test_suggestions_say_what_to_expect(local: dict[str, bytes]) -> None:
    """Of each check that the blocks could rehearse; the day with the gaps is taken in."""
    listed = json.loads(local["constraints.json"])["features"]
    told = {feature["name"]: feature["tidegauge"]["rehearsal"] for feature in listed}
    assert {62} == {check["blocks"] for checks in told.values() for check in checks.values()}
    assert told["carrier"]["completeness_check"]["largest_effect"] > 0.3


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    "options",
    [SPARK, (*SPARK, "--set", "training.read=spark")],
    ids=["workers read", "spark reads"],
)
def test_spark_makes_the_same_documents(
    local: dict[str, bytes], options: tuple[str, ...], tmp_path: Path
) -> None:
    """To the byte."""
    assert local == made(tmp_path / "spark", *options)


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_texts_make_the_same_calibration(
    local: dict[str, bytes], format_: str, tmp_path: Path
) -> None:
    """As typed columns do."""
    found = made(tmp_path / "us", format_=format_)
    assert local["calibration.json"] == found["calibration.json"]


@pytest.mark.usefixtures("spark")
def test_spark_reads_texts_the_same(tmp_path: Path) -> None:
    """To the byte."""
    by_us = made(tmp_path / "us", format_="csv")
    by_spark = made(tmp_path / "spark", *SPARK, "--set", "training.read=spark", format_="csv")
    assert by_us == by_spark


def test_windows_below_an_hour_have_all_their_blocks(tmp_path: Path) -> None:
    """Quarters of an hour, of which each has its rows."""
    data = [
        {"x": float(i % 7), "scheduled": START + timedelta(seconds=45 * i)} for i in range(1600)
    ]
    put(str(tmp_path / "data"), {"training/0.parquet": parquet_file(data)})
    of = world(tmp_path, str(tmp_path / "data"), window="15m", features={})
    assert 0 == of.run("baseline").code
    found = calibration(documents(of))
    assert (1600 * 45 // 900 - 2, {20}) == (len(found.blocks), set(found.rows))


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"window": None}, "not calibrated: the conf has no `window`"),
        ({"window": "28d"}, "not calibrated: 1 blocks of P28D, and at least 8 are needed"),
    ],
)
def test_what_cannot_be_calibrated_is_noted(
    changes: dict[str, object], note: str, tmp_path: Path
) -> None:
    """In the log, in run.json and in the document."""
    put(str(tmp_path / "data"), by_format("parquet"))
    of = world(tmp_path, str(tmp_path / "data"), features={}, **changes)
    told = of.run("baseline")
    pinned = of.document("baseline/current.json")["baseline"]
    record = of.document(f"baseline/{pinned}/data_quality/run.json")
    assert note in told.messages("warning")[0]
    assert note in record["notes"][0]
    assert note in calibration(documents(of)).notes[0]
