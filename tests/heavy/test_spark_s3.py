"""Spark reads from S3 by its own file system, as where policy lets nobody else at the data."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import World, captures, conf_of, program, put, training, world, write_conf
from tests.heavy.test_tables import IVY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not version("pyspark").startswith("3.5."), reason="the jars are for 3.5"),
]

BY_SPARK = ("--engine", "spark", "--set", "training.read=spark", "--set", "captures.read=spark")
# Single modules of the AWS SDK in place of its bundle of 280 MB.
SDK = "com.amazonaws:aws-java-sdk-{module}:1.12.262"
PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.3.4",
    SDK.format(module="s3"),
    SDK.format(module="dynamodb"),
)
SETTINGS = """\
spark.jars.packages {packages}
spark.jars.excludes com.amazonaws:aws-java-sdk-bundle
spark.jars.ivy {ivy}
spark.hadoop.fs.s3.impl org.apache.hadoop.fs.s3a.S3AFileSystem
spark.hadoop.fs.s3a.endpoint {s3.endpoint}
spark.hadoop.fs.s3a.endpoint.region {s3.region}
spark.hadoop.fs.s3a.path.style.access true
spark.hadoop.fs.s3a.access.key {s3.access_key}
spark.hadoop.fs.s3a.secret.key {s3.secret_key}
"""


def test_spark_reads_from_s3(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    """The conf says s3:// as ever; statistics are those of the same files in a folder."""
    data = put(f"{bucket}/da ta", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    remote = World(data, f"{bucket}/store", conf, s3.settings)
    told = SETTINGS.format(packages=",".join(PACKAGES), ivy=IVY, s3=s3)
    (tmp_path / "spark-defaults.conf").write_text(told)
    (tmp_path / "twin").mkdir()
    twin = world(tmp_path / "twin")
    for job in ("baseline", "monitor"):
        done = program(job, conf, *BY_SPARK, cwd=tmp_path, SPARK_CONF_DIR=str(tmp_path))
        assert 0 == done.code, done.err
        twin.run(job, *BY_SPARK, "--master", "local[2]")

    assert documents(twin) == documents(remote)


def documents(made: World) -> dict[str, bytes]:
    """All but the records of runs, which name what they read."""
    return {key: data for key, data in made.stored().items() if not key.endswith("run.json")}
