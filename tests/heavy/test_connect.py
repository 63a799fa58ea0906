"""Spark Connect: the jobs on a server that only hears of DataFrames, with the same results."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import BIN, World, captures, program, put, training, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(version("pyspark") < "4", reason="pyspark 3.5 carries no Connect server"),
]

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
BY_SPARK = ("--set", "training.read=spark", "--set", "captures.read=spark")
START_SECONDS = 60


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Training data and captures; nobody changes them."""
    return put(str(tmp_path_factory.mktemp("data")), training() | captures())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
    }
    options = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    command = [BIN / "spark-submit", "--master", "local[2]", "--class", SERVER, *options]
    environment = os.environ | {"PYSPARK_PYTHON": str(BIN / "python")}
    folder = tmp_path_factory.mktemp("server")
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, "spark-internal"], cwd=folder, env=environment, stdout=log, stderr=log
        ) as process,
    ):
        _wait_for(port, process)
        yield f"sc://127.0.0.1:{port}"
        process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(f"the Connect server did not start within {START_SECONDS} s")


def documents(made: World, *options: str, **environment: str) -> dict[str, bytes]:
    """What a baseline and a monitor leave in a store: all but what names the conf."""
    for job in ("baseline", "monitor"):
        told = program(job, made.conf, *options, **environment)
        assert 0 == told.code, told.err
    return {key: data for key, data in made.stored().items() if not key.endswith("run.json")}


def of(folder: Path, name: str, data: str) -> World:
    """A world of its own on the shared data."""
    (folder / name).mkdir()
    return world(folder / name, data, engine="spark")


def test_workers_read_through_a_server(server: str, data: str, tmp_path: Path) -> None:
    """The same bytes as without Spark."""
    expected = documents(of(tmp_path, "local", data), "--engine", "local")

    assert expected == documents(of(tmp_path, "connect", data), "--master", server)


def test_spark_reads_through_a_server(server: str, data: str, tmp_path: Path) -> None:
    """The same bytes as Spark without Connect."""
    expected = documents(of(tmp_path, "classic", data), "--master", "local[2]", *BY_SPARK)

    assert expected == documents(of(tmp_path, "connect", data), "--master", server, *BY_SPARK)


def test_the_environment_may_name_the_server(data: str, tmp_path: Path) -> None:
    """SPARK_REMOTE is Spark's own variable; `local[2]` starts a server that lives as long."""
    expected = documents(of(tmp_path, "local", data), "--engine", "local")

    assert expected == documents(of(tmp_path, "connect", data), SPARK_REMOTE="local[2]")
