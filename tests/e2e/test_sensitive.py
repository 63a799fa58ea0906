"""Sensitive columns: no byte that a run writes has a value of them, and what is hashed compares."""

from __future__ import annotations

import io
import json
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet
from tests.e2e.world import ROOT, capture_line, program, put, tidegauge, write_conf

from tidegauge.sources.sensitive import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import SparkSession
    from tests.e2e.world import Told

KEY = "0123456789abcdef-of-the-tests"
DAYS = (1, 2)
# Words and numbers that stand nowhere but in the sensitive columns.
NAMES = tuple(f"zq{chr(97 + i)}xv@secret.example" for i in range(12))
INCOMES = tuple(87_000_113 + 1_009 * i for i in range(12))
STRANGER = "zqnewxv@secret.example"
PACK = """\
version: 1
rules:
  - {for: mail, pattern: "^zq.*secret", keep_failing: 5}
  - {for: mail, domain: [nobody], keep_failing: 5}
  - {for: mail, unique: true, keep_failing: 5}
  - {for: mail, length: {max: 3}}
  - {for: income, range: {min: 1, max: 2}, keep_failing: 5}
  - {for: income, mean: {max: 3}}
  - {for: income, sign: positive}
  - {predicate: "CAST(mail AS INT) > 3", keep_failing: 5}
  - {predicate: "assert_true(mail IS NULL, mail) IS NULL"}
"""


def table(seed: int, count: int) -> pa.Table:
    """Rows with two sensitive columns, one of texts and one of numbers."""
    return pa.table(
        {
            "mail": [NAMES[(i * 7 + seed) % 12] if i % 9 else None for i in range(count)],
            "income": pa.array([INCOMES[(i * 5 + seed) % 12] for i in range(count)], pa.int64()),
            "seats": pa.array([100 + i % 5 for i in range(count)], pa.int64()),
        }
    )


def files() -> dict[str, bytes]:
    """Training data, and captures of which some cannot be read, and one has a new name in it."""
    stream = io.BytesIO()
    parquet.write_table(table(0, 240), stream)
    found = {"training/part-0.parquet": stream.getvalue()}
    for day in DAYS:
        rows = table(day, 120).to_pylist()
        time = datetime(2024, 3, day, 5, tzinfo=UTC)
        sent = [(r["mail"] or "", f"{r['income']}.0", r["seats"]) for r in rows]
        lines = [capture_line(values, time) for values in sent]
        lines.append(capture_line((STRANGER, INCOMES[0], 101), time))
        lines.append(lines[0].replace(f"{rows[0]['income']}.0", f"{INCOMES[3]},7,{NAMES[2]}"))
        lines.append('{"captureData": "' + NAMES[4] + '", ' + str(INCOMES[5]) + "}\n")
        found[f"captures/v/2024/03/{day:02}/05/0.jsonl"] = "".join(lines).encode()
    return found


def conf(folder: Path, **changes: object) -> dict[str, object]:
    """The conf of the model, with two sensitive columns and a pack."""
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    return {
        "version": 1,
        "monitor": "people",
        "store": str(folder / "store"),
        "training": {"uri": f"{folder}/data/training", "format": "parquet"},
        "captures": {
            "uri": f"{folder}/data/captures",
            "format": "sagemaker",
            "inputs": ["mail", "income", "seats"],
        },
        "features": {"sensitive": ["mail", "income"]},
        "packs": [str(folder / "pack.yaml")],
        "window": "1d",
        "max_rejected": 0.1,
        "engine": "local",
        **changes,
    }


def quoted(told: bytes) -> list[str]:
    """The secrets that some bytes have in them, however they are spelled or packed."""
    words = [*NAMES, STRANGER, *map(str, INCOMES), "xv@secret", "870001"]
    found = [word for word in words if word.encode() in told]
    if told.startswith(b"PAR1"):
        unpacked = parquet.read_table(io.BytesIO(told)).to_pylist()
        blobs = [v for row in unpacked for v in row.values() if isinstance(v, bytes)]
        found += [word for blob in blobs for word in quoted(blob)]
        found += [str(n) for n in INCOMES for blob in blobs if _packed(n, blob)]
    return found


def _packed(number: int, blob: bytes) -> bool:
    spellings = (struct.pack("<q", number), struct.pack("<d", float(number)))
    return any(spelling in blob for spelling in spellings)


def everything(folder: Path) -> dict[str, bytes]:
    """All that a run has written below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key, in the environment."""
    monkeypatch.setenv("TIDEGAUGE_KEY", KEY)


@pytest.mark.parametrize(
    ("engine", "profile"),
    [
        ("local", None),
        ("local", "1h"),
        pytest.param("spark", None, marks=pytest.mark.heavy),
        pytest.param("spark", "1h", marks=pytest.mark.heavy),
    ],
)
def test_no_byte_that_a_process_writes_has_a_sensitive_value(
    tmp_path: Path, engine: str, profile: str | None
) -> None:
    """Store, reports, rejected records, failing rows, stdout and log, of all jobs and checks."""
    put(str(tmp_path / "data"), files())
    path = write_conf(tmp_path, conf(tmp_path, engine=engine, profile=profile))
    here = tmp_path / "cwd"
    here.mkdir()

    told = [
        program(job, path, cwd=here, TIDEGAUGE_KEY=KEY, PYTHONPATH=str(ROOT / "src"))
        for job in ("check", "baseline", "monitor", "report", "check")
    ]

    assert [0] * 5 == [one.code for one in told], told
    written = everything(tmp_path / "store") | everything(here)
    search(written, told)
    assert any("/rules/" in name for name in written) == (engine == "spark")


@pytest.mark.usefixtures("keyed")
def test_no_byte_that_spark_writes_has_a_sensitive_value(
    tmp_path: Path, spark: SparkSession
) -> None:
    """The same on the session of the tests, with the rows that failed."""
    assert spark
    put(str(tmp_path / "data"), files())
    path = write_conf(tmp_path, conf(tmp_path, engine="spark"))

    told = [tidegauge(job, path) for job in ("baseline", "monitor", "report")]

    assert [0] * 3 == [one.code for one in told], told
    written = everything(tmp_path / "store")
    search(written, told)
    assert {"pack.4.mail.jsonl", "pack.7.income.jsonl", "pack.10._dataset.jsonl"} <= {
        name.rpartition("/")[2] for name in written if "/rules/" in name
    }
    violated = next(data for name, data in written.items() if name.endswith("outcomes.json"))
    outcomes = [o for o in json.loads(violated)["outcomes"] if "rule" in o["numbers"]]
    assert [
        "held", "violated", "violated", "violated", "violated", "violated", "held", "violated",
        "not evaluated",
    ] == [o["verdict"] for o in outcomes]  # fmt: skip


def search(written: Mapping[str, bytes], told: Sequence[Told]) -> None:
    """Look for the secrets in all that was written and told, and for hashes in their place."""
    assert {} == {name: quoted(data) for name, data in written.items() if quoted(data)}
    assert [] == quoted("".join(one.out + one.err for one in told).encode())
    kinds = {name.split("/")[1] for name in written}
    assert {"baseline", "rejected", "report", "runs"} <= kinds
    assert any(PREFIX.encode() in data for data in written.values())


def test_secrets_would_be_found_where_nothing_is_hashed(tmp_path: Path) -> None:
    """The search itself: without the key they are all over the store."""
    put(str(tmp_path / "data"), files())
    path = write_conf(tmp_path, conf(tmp_path, features={}))
    for job in ("baseline", "monitor"):
        assert 0 == tidegauge(job, path).code

    written = everything(tmp_path / "store")
    names = {name.rpartition("/")[2] for name, data in written.items() if quoted(data)}

    assert {"statistics.json", "constraints.json", "profile.parquet"} <= names
    assert any(name.endswith(".jsonl") for name in names)


@pytest.mark.usefixtures("keyed")
def test_hashes_compare_from_one_format_to_another(tmp_path: Path) -> None:
    """Integers of Parquet are fractions of CSV here; only the new name is out of its domain."""
    put(str(tmp_path / "data"), files())
    path = write_conf(tmp_path, conf(tmp_path, packs=[]))
    for job in ("baseline", "monitor"):
        assert 0 == tidegauge(job, path).code
    run = tmp_path / "store/people/runs/type=data_quality/variant=v/window=2024-03-01T0000Z_P1D"

    found = json.loads((run / "outcomes.json").read_text(encoding="utf-8"))["outcomes"]
    domains = {
        o["feature"]: o["numbers"] for o in found if o["check"] == "categorical_values_check"
    }

    assert {"mail", "income"} == set(domains)
    assert {} == dict(domains["income"].get("unexpected", {}))
    (unexpected,) = domains["mail"]["unexpected"]
    assert unexpected.startswith(PREFIX)


@pytest.mark.parametrize(
    ("key", "told"),
    [(None, "TIDEGAUGE_KEY"), ("short", "5 characters")],
)
def test_without_a_key_nothing_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None, told: str
) -> None:
    """A hash without a key, or with one that can be guessed, hides nothing."""
    monkeypatch.delenv("TIDEGAUGE_KEY", raising=False)
    if key:
        monkeypatch.setenv("TIDEGAUGE_KEY", key)
    path = write_conf(tmp_path, conf(tmp_path))

    failed = tidegauge("baseline", path)

    assert 2 == failed.code
    assert told in failed.error


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(
    ("features", "key", "told"),
    [
        ({"sensitive": ["mail", "income"]}, KEY[::-1], "another key"),
        ({"sensitive": ["mail"]}, KEY, "other sensitive columns"),
        ({}, KEY, "other sensitive columns"),
    ],
)
def test_a_baseline_that_was_hashed_otherwise_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    features: Mapping[str, object],
    key: str,
    told: str,
) -> None:
    """Its values would all be new ones, or stand in the documents."""
    put(str(tmp_path / "data"), files())
    path = write_conf(tmp_path, conf(tmp_path))
    assert 0 == tidegauge("baseline", path).code
    changed = yaml.safe_load(Path(path).read_text(encoding="utf-8")) | {"features": features}
    Path(path).write_text(yaml.safe_dump(changed), encoding="utf-8")
    monkeypatch.setenv("TIDEGAUGE_KEY", key)

    failed = tidegauge("monitor", path)

    assert 2 == failed.code
    assert told in failed.error
