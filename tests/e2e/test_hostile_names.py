"""Hostile names: features and variants stay inside their partition, and come back as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
from tests.e2e.world import (
    World,
    capture_file,
    conf_of,
    day_rows,
    hour_key,
    parquet_file,
    put,
    strict_json,
    write_conf,
)

if TYPE_CHECKING:
    from tests.e2e.world import Row

NAMES = (
    "a/b",
    "../../up",
    "..",
    ".",
    "a.b",
    "a b ",
    "a=b",
    "feature=x/date=1",
    "ünï→コ",
    "%2F",
    "_hidden",
    ".hidden",
    "quote'\"",
    "tab\tline\n",
    "[bold]",
    "NullValue",
    "x" * 300,
)
VARIANTS = ("a=b", "v1 %41", "..ü", "x" * 150)


def shifted(seed: int, count: int, by: float) -> list[Row]:
    """Rows with a number under each of the names."""
    draw = np.random.default_rng(seed)
    numbers = draw.normal(by, 1.0, (count, len(NAMES))).tolist()
    return [dict(zip(NAMES, row, strict=True)) for row in numbers]


def test_features_stay_inside_their_partition(tmp_path: Path) -> None:
    """Each has drifted, each has its file, no file lies elsewhere; DuckDB reads the names back."""
    files = {
        "training/a.parquet": parquet_file(shifted(1, 300, 0.0)),
        "captures/2024/03/01/a.parquet": parquet_file(shifted(2, 300, 9.0)),
    }
    data, store = put(str(tmp_path / "data"), files), str(tmp_path / "in" / "store")
    captured = {"uri": f"{data}/captures", "format": "parquet", "layout": "{yyyy}/{mm}/{dd}"}
    training = {"uri": f"{data}/training", "format": "parquet"}
    conf = conf_of(data, store, training=training, captures=captured, features={"exclude": []})
    made = World(data, store, write_conf(tmp_path, conf))
    told = {job: made.run(job) for job in ("baseline", "monitor", "report")}

    assert [0, 0, 0] == [words.code for words in told.values()], told
    lines = {key: strict_json(data) for key, data in made.stored().items() if "violations/t" in key}
    assert set(NAMES) == {line["feature_name"] for line in lines.values()}
    assert len(NAMES) == len(lines)
    below = [Path(key).parts for key in lines]
    assert {("violations", "type=data_quality", "date=2024-03-01")} == {
        (*parts[:2], parts[3]) for parts in below
    }
    assert {5} == {len(parts) for parts in below}
    assert all(path.is_relative_to(Path(store, "flights")) for path in tmp_path.rglob("*.json"))
    partitions = f"{store}/flights/violations/type=data_quality/**/*.json"
    query = "SELECT feature, feature_name FROM read_json(?, hive_partitioning = true)"
    read = duckdb.execute(query, [partitions]).fetchall()
    assert set(NAMES) == {name for _, name in read}
    assert all(key == name for key, name in read if len(name) < 200)
    summary = made.document("report/data_quality/summary.json")
    assert set(NAMES) == {feature["feature_name"] for feature in summary["features"]}
    assert "[bold]" in told["report"].out


def test_variants_stay_inside_their_partition(fresh: World) -> None:
    """Runs, rejected records and lines of each lie under its own name, and can be taken back."""
    good = capture_file(day_rows("blue", 1, 5), 1, 5)
    bad = capture_file(day_rows("green", 4, 5), 1, 5) + b"{broken\n"
    data = put(f"{fresh.data}/named", {hour_key(name, 1, 5): bad for name in VARIANTS})
    settings = ("--set", f"captures.uri={data}/captures", "--set", "max_rejected=0.1")
    assert 0 == fresh.run("monitor", *settings).code
    fresh.run("report")

    runs = [strict_json(found) for key, found in fresh.stored().items()
            if key.startswith("runs/") and key.endswith("/run.json")]  # fmt: skip
    assert {*VARIANTS, "_all"} == {record["variant"] for record in runs}
    lines = [json.loads(found) for key, found in fresh.stored().items() if "violations/t" in key]
    assert {*VARIANTS, "_all"} == {line["variant"] for line in lines}
    folders = {
        kind: {key.split("/")[2] for key in fresh.stored() if key.startswith(f"{kind}/")}
        for kind in ("runs", "rejected")
    }
    assert folders["runs"] == folders["rejected"] | {"variant=_all"}
    assert len(VARIANTS) == len(folders["rejected"])

    put(data, {hour_key(name, 1, 5): good for name in VARIANTS})
    assert 0 == fresh.run("monitor", *settings, "--window", "2024-03-01/P1D").code
    assert [] == [key for key in fresh.stored() if key.startswith(("rejected/", "violations/"))]
