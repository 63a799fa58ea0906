"""The control planes of EMR and EMR Serverless, and a cluster that really does what it is told."""

from __future__ import annotations

import gzip
import shlex
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.emr.models import emr_backends
from moto.emrserverless.models import emrserverless_backends
from moto.server import ThreadedMotoServer
from tests.s3_server import bucket, s3

from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.s3_server import S3Server

__all__ = ["bucket", "control", "s3", "scripts"]

_PATIENCE_SECONDS = 300
SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts can be imported, as they import each other."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("bundle", "clusters", "submission", "submit"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def control(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both control planes, and S3, as the environment names them; nothing ends by itself."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    for service in ("EMR", "EMR_SERVERLESS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    monkeypatch.setattr("moto.emrserverless.models.JOB_STATUS", "RUNNING")
    yield
    server.stop()


@dataclass
class ServedCluster:
    """Takes the jobs that are submitted, runs each, puts its logs where AWS does, and ends it.

    `run` is given the words of spark-submit, and returns the exit code.
    """

    run: Callable[[list[str]], int]
    logs: str
    jobs: int = 1
    told: list[list[str]] = field(default_factory=list)

    def serve_emr(self, cluster_id: str) -> threading.Thread:
        backend = emr_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        steps = backend.clusters[cluster_id].steps
        return _started(lambda: self._serve(lambda: steps, lambda s: self._step(cluster_id, s)))

    def _step(self, cluster_id: str, step: Any) -> None:  # noqa: ANN401  (moto's object)
        code = self._run(step.args)
        told = b"client: Submitted application application_1700000000000_0001\n"
        folder = join(self.logs, cluster_id)
        self._put(join(folder, "steps", step.id, "stderr.gz"), told)
        container = "containers/application_1700000000000_0001/container_01"
        self._put(join(folder, container, "stdout.gz"), b"what the driver told\n")
        step.state = "FAILED" if code else "COMPLETED"

    def serve_serverless(self, application: str) -> threading.Thread:
        runs = emrserverless_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].job_runs
        return _started(lambda: self._serve(lambda: runs.get(application, []), self._job_run))

    def _job_run(self, run: Any) -> None:  # noqa: ANN401  (moto's object)
        driver = run.job_driver["sparkSubmit"]
        options = shlex.split(driver["sparkSubmitParameters"])
        words = ["spark-submit", *options, driver["entryPoint"], *driver["entryPointArguments"]]
        code = self._run(words)
        folder = join(self.logs, "applications", run.application_id, "jobs", run.id)
        self._put(join(folder, "SPARK_DRIVER", "stderr.gz"), b"what the driver told\n")
        run.state_details, run.state = "exit code 3", "FAILED" if code else "SUCCESS"

    def _run(self, words: list[str]) -> int:
        self.told.append(words)
        return self.run(words)

    def _serve(self, submitted: Callable[[], Sequence[Any]], end: Callable[[Any], None]) -> None:
        pause = threading.Event()
        for number in range(self.jobs):
            for _ in range(_PATIENCE_SECONDS * 20):
                if len(submitted()) > number:
                    break
                pause.wait(0.05)
            end(submitted()[number])

    @staticmethod
    def _put(uri: str, text: bytes) -> None:
        storage_for(uri).write(uri, gzip.compress(text))


def _started(serve: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def emr_cluster(logs: str) -> str:
    """A running cluster that keeps its logs there; its id."""
    client = boto3.client("emr", region_name="us-east-1")
    instances = {
        "MasterInstanceType": "m5.xlarge",
        "SlaveInstanceType": "m5.xlarge",
        "InstanceCount": 3,
        "KeepJobFlowAliveWhenNoSteps": True,
    }
    roles = {"JobFlowRole": "EMR_EC2_DefaultRole", "ServiceRole": "EMR_DefaultRole"}
    made = client.run_job_flow(
        Name="monitoring", LogUri=logs.replace("s3://", "s3n://"), ReleaseLabel="emr-7.9.0",
        Instances=instances, **roles,
    )  # fmt: skip
    return str(made["JobFlowId"])


def application() -> str:
    """An application of EMR Serverless; its id."""
    client = boto3.client("emr-serverless", region_name="us-east-1")
    made = client.create_application(name="monitoring", releaseLabel="emr-7.9.0", type="SPARK")
    return str(made["applicationId"])
