"""Status, Athena's table and the doctor tell what is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import duckdb
import pytest
import sqlglot
import yaml
from sqlglot import exp
from tests.e2e.world import (
    World,
    captures,
    conf_of,
    hour_key,
    put,
    stored,
    tidegauge,
    training,
    world,
    write_conf,
)

from tidegauge.storage import S3Settings
from tidegauge.storage.clock import s3_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server


def test_status_of_a_monitor(moved: World) -> None:
    """Each variant's last run, what is open, what waits, and what the store holds."""
    put(moved.data, {hour_key("blue", 6, 5): captures()[hour_key("blue", 4, 5)]})
    told = moved.run("status")

    assert 0 == told.code
    for sentence in (
        r"green +│ 2024-03-04T00:00Z/P1D +│ CompletedWithViolations +│ +60 │",
        r"[1-9]\d* open incidents, as of the last report",
        r"2 missed windows",
        r"2024-03-05T00:00Z/P1D",
        r"runs +│ +\d+ │ +[\d.,]+ KiB",
    ):
        assert re.search(sentence, told.out), sentence


def test_status_of_a_monitor_that_has_nothing_yet(tmp_path: Path) -> None:
    """It says what is missing, and is no error."""
    told = world(tmp_path).run("status")

    assert 0 == told.code
    assert "baseline none" in told.out
    assert "there was no report yet" in told.out
    assert "baseline to compare with" in " ".join(told.out.split())


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A monitor all of which lies in the bucket, with a report."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    made = World(data, f"{bucket}/store", conf, s3.settings)
    for job in ("baseline", "monitor", "report"):
        assert 0 == made.run(job).code
    return made


def test_athena_s_table_fits_the_partitions(remote: World, tmp_path: Path) -> None:
    """The statements parse as Athena's; DuckDB reads the files by the table's columns alone."""
    told = remote.run("athena", "--database", "monitoring")
    table, repair = sqlglot.parse(told.out, dialect="athena")
    assert isinstance(table, exp.Create)
    assert "MSCK REPAIR TABLE" in repair.sql(dialect="athena").upper()
    assert ("monitoring", "flights_violations") == (
        table.find(exp.Table).db, table.find(exp.Table).name,
    )  # fmt: skip
    location = table.find(exp.LocationProperty).this.name
    assert f"{remote.store}/flights/violations/" == location
    columns = {c.name: c.kind.sql(dialect="duckdb") for c in table.this.find_all(exp.ColumnDef)}
    keys = {
        c.name: c.kind.sql(dialect="duckdb")
        for c in table.find(exp.PartitionedByProperty).find_all(exp.ColumnDef)
    }
    assert ["type", "feature", "date"] == list(keys)

    put(str(tmp_path / "v"), stored(f"{remote.store}/flights/violations", remote.settings))
    files = f"{tmp_path}/v/*/*/*/*.json"
    lines = duckdb.sql(f"SELECT * FROM read_json('{files}', hive_partitioning = false)")
    assert list(columns) == lines.columns
    read = duckdb.sql(
        f"SELECT feature, date, variant, distance, details FROM read_json('{files}', "
        f"columns = {columns}, hive_partitioning = true, hive_types = {keys}) "
        "WHERE feature = 'miles' AND date = DATE '2024-03-04' AND variant = 'green'"
    ).fetchall()
    assert {("miles", "green")} == {(row[0], row[2]) for row in read}


def test_athena_reads_s3_only(moved: World) -> None:
    """A folder is told in one sentence."""
    assert "Athena reads S3" in moved.run("athena").error


def test_the_doctor_finds_all_well(remote: World, s3: S3Server) -> None:
    """Credentials by name only, each permission by itself; nothing of its probe is left."""
    told = remote.run("doctor")
    lines = [line.split(":", 1)[0] for line in told.out.splitlines()]

    assert 0 == told.code, told.out
    bucket = "/".join(remote.store.split("/")[:3])
    assert [
        "ok    Python", "ok    credentials", f"ok    clock of {bucket}".split(":", maxsplit=1)[0],
        "ok    store, write", "ok    store, read", "ok    store, list", "ok    store, delete",
        "ok    training.uri", "ok    captures.uri",
    ] == lines  # fmt: skip
    assert s3.access_key in told.out
    assert s3.secret_key not in told.out
    assert not [key for key in remote.stored() if "doctor" in key]


def test_the_doctor_names_each_fault(moved: World, tmp_path: Path) -> None:
    """A store that is a file, captures that are not there, a secret that is missing."""
    (tmp_path / "file").write_text("")
    path = Path(moved.conf)
    conf = yaml.safe_load(path.read_text()) | {
        "store": str(tmp_path / "file"),
        "alerts": {"slack": {"url": {"env": "NO_SUCH_VARIABLE"}}},
    }
    conf["captures"]["uri"] = str(tmp_path / "nowhere")
    path.write_text(yaml.safe_dump(conf))
    told = tidegauge("doctor", moved.conf)

    faults = [line for line in told.out.splitlines() if line.startswith("FAULT")]
    assert 5 == told.code
    assert ["store, write", "captures.uri", "alerts.slack.url"] == [
        line[6:].split(":")[0] for line in faults
    ]


@pytest.mark.usefixtures("spark")
def test_the_doctor_starts_spark_and_asks_a_worker(moved: World) -> None:
    """Its Python has Tidegauge and what it needs."""
    told = moved.run("doctor", "--set", "engine=spark")

    assert re.search(r"ok +Java: \d+\.", told.out), told.out
    assert re.search(r"ok +Spark: Spark \d.*workers have Python 3\.\d+\.\d+ and Tide", told.out)


@pytest.fixture
def late_server() -> Iterator[tuple[str, timedelta]]:
    """A server whose clock is twenty minutes ahead, and which refuses, as S3 does then."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(403)
            ahead = datetime.now(UTC) + timedelta(minutes=20)
            self.send_header("Date", format_datetime(ahead, usegmt=True))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests tell themselves."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}", timedelta(minutes=20)
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("s3")
def test_the_doctor_tells_the_clock(
    late_server: tuple[str, timedelta], moved: World, tmp_path: Path
) -> None:
    """From the date of an answer, also of one that refuses because of it."""
    url, ahead = late_server
    settings = S3Settings(endpoint=url, region="us-east-1")
    skew = s3_time("s3://bucket/x", settings) - datetime.now(UTC)
    assert abs(skew - ahead) < timedelta(seconds=5)

    s3_conf = {"endpoint": url, "region": "us-east-1"}
    conf = conf_of(moved.data, "s3://bucket/store", s3=s3_conf)
    told = tidegauge("doctor", write_conf(tmp_path / "late", conf))
    assert re.search(r"differ by 1[12]\d\d s, and S3 refuses more than 900 s", told.out)
