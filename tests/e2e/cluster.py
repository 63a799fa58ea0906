"""A standalone Spark cluster on this machine: a master and two workers, from pyspark's package."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pyspark

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPARK = Path(pyspark.__file__).parent
_WORKERS = 2
_PATIENCE_SECONDS = 60.0
_HOST = "127.0.0.1"
_SHORT_LIFE = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_DEFAULTS = f"""\
spark.ui.enabled false
spark.driver.extraJavaOptions {_SHORT_LIFE}
spark.executor.extraJavaOptions {_SHORT_LIFE}
"""


@dataclass(frozen=True)
class Cluster:
    """Where the master listens, as `--master spark://HOST:PORT` takes it.

    `environment` is that of a machine from which jobs are submitted.
    """

    address: str
    environment: dict[str, str]


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[Cluster]:
    """Start the master and its workers, which keep their files in the folder; stop them after."""
    port, page = _free_port(), _free_port()
    master = ["master.Master", "--host", _HOST, "--port", str(port), "--webui-port", str(page)]
    worker = ["worker.Worker", f"spark://{_HOST}:{port}", "--host", _HOST, "--webui-port", "0"]
    with ExitStack() as stack:
        processes = [stack.enter_context(_daemon(folder / "master", *master))]
        for number in range(_WORKERS):
            place = folder / f"worker-{number}"
            limits = ["--cores", "1", "--memory", "1g", "--work-dir", str(place)]
            processes.append(stack.enter_context(_daemon(place, *worker, *limits)))
        _wait_for_workers(f"http://{_HOST}:{page}/json/", processes)
        (folder / "spark-defaults.conf").write_text(_DEFAULTS, encoding="utf-8")
        yield Cluster(f"{_HOST}:{port}", {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": _HOST})


@contextmanager
def _daemon(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True)
    environment = os.environ | {
        "SPARK_LOCAL_IP": _HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _SHORT_LIFE,
        "SPARK_LOCAL_DIRS": str(folder),
    }
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [_SPARK / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments],
            env=environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def _wait_for_workers(page: str, processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _alive(page) < _WORKERS:
        ended = [process.args for process in processes if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            raise RuntimeError(f"the cluster did not start: {ended or 'no answer in time'}")
        time.sleep(0.1)


def _alive(page: str) -> int:
    try:
        with urlopen(page, timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (URLError, ConnectionError, TimeoutError):
        return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
