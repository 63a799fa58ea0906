"""A job is submitted, waited for, and brought back."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from tests.cluster.conftest import ServedCluster, application, emr_cluster
from tests.e2e.world import captures, conf_of, put, tidegauge, training, write_conf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server

QUICK = ("--poll", "0.05", "--log-timeout", "5", "--timeout", "60")
ROLE = "arn:aws:iam::123456789012:role/tidegauge-job"

pytestmark = pytest.mark.usefixtures("control")


@pytest.fixture
def conf(s3: S3Server, bucket: str, tmp_path: Path) -> str:
    """A conf of a monitor all of whose data lies in the bucket, with a baseline."""
    data = put(bucket, training() | captures())
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    path = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    assert 0 == tidegauge("baseline", path).code
    return path


def submitted(*arguments: str) -> int:
    """The script, in this process."""
    import submit

    return int(submit.main([*arguments[:3], *QUICK, *arguments[3:]]))


def run_monitor(words: list[str]) -> int:
    """What the cluster's driver does, but for Spark."""
    entry = next(place for place, word in enumerate(words) if word.endswith("/jobs/monitor.py"))
    return tidegauge("monitor", *words[entry + 1 :]).code


def test_a_step_brings_back_its_logs_and_records(conf: str, bucket: str, tmp_path: Path) -> None:
    """EMR: conf and options reach the job, the logs of step and containers come, and run.json."""
    cluster = emr_cluster(f"{bucket}/logs")
    served = ServedCluster(run_monitor, f"{bucket}/logs")
    thread = served.serve_emr(cluster)
    bundle = f"{bucket}/bundles/b1"
    code = submitted(
        "emr", "monitor", conf, "--bundle", bundle, "--cluster", cluster,
        "--out", str(tmp_path / "out"), "--set", "documents.sketch=none",
        "--spark", "spark.executor.memory=2g", "--", "--variant", "blue",
    )  # fmt: skip
    thread.join()

    (arguments,) = served.told
    (out,) = (tmp_path / "out").iterdir()
    assert 0 == code
    assert ["spark-submit", "--deploy-mode", "cluster"] == arguments[:3]
    assert {
        f"{bundle}/environment.tar.gz#environment",
        f"{bundle}/tidegauge.zip",
        "spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python",
        "spark.executor.memory=2g",
    } <= set(arguments)
    place = arguments.index(f"{bundle}/jobs/monitor.py")
    assert arguments[place + 1].startswith(f"{bundle}/confs/")
    assert ["--set", "documents.sketch=none", "--variant", "blue"] == arguments[place + 2 :]
    logs = {path.name: gzip.decompress(path.read_bytes()) for path in out.rglob("*.gz")}
    assert b"what the driver told\n" == logs["stdout.gz"]
    windows = {path.parent.name for path in (out / "records").rglob("run.json")}
    assert {f"window=2024-03-0{day}T0000Z_P1D" for day in (1, 2, 3, 4)} == windows


def test_violations_are_told_where_the_cluster_only_tells_failure(
    conf: str, bucket: str, tmp_path: Path
) -> None:
    """EMR Serverless: the exit code 3 of `on_violation: fail` is read from the records."""
    made = application()
    served = ServedCluster(run_monitor, f"{bucket}/logs")
    thread = served.serve_serverless(made)
    bundle = f"{bucket}/bundles/b1"
    code = submitted(
        "emr-serverless", "monitor", conf, "--bundle", bundle, "--application", made,
        "--role", ROLE, "--logs", f"{bucket}/logs", "--out", str(tmp_path / "out"),
        "--set", "on_violation=fail",
    )  # fmt: skip
    thread.join()

    (words,) = served.told
    (out,) = (tmp_path / "out").iterdir()
    assert 3 == code
    assert "spark.emr-serverless.driverEnv.PYSPARK_PYTHON=./environment/bin/python" in words
    assert words[words.index("--archives") + 1] == f"{bundle}/environment.tar.gz#environment"
    assert [b"what the driver told\n"] == [
        gzip.decompress(p.read_bytes()) for p in out.rglob("*.gz")
    ]


def test_a_job_that_takes_too_long_is_told(
    conf: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes on, and the message names it."""
    made = application()
    code = submitted(
        "emr-serverless", "report", conf, "--bundle", f"{bucket}/b", "--application", made,
        "--role", ROLE, "--logs", f"{bucket}/logs", "--timeout", "0.2", "--log-timeout", "0.2",
    )  # fmt: skip

    assert 5 == code
    assert "has not ended within" in capsys.readouterr().err


def test_a_cluster_that_is_not_there_is_told(
    conf: str, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one sentence, with the code for trying again."""
    code = submitted("emr", "report", conf, "--bundle", f"{bucket}/b", "--cluster", "j-NOTTHERE")

    assert 5 == code
    assert "emr could not be asked" in capsys.readouterr().err
