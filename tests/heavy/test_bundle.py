"""The real bundle, by the very arguments that EMR and EMR Serverless are given, on two workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyspark
import pytest
from tests.cluster.conftest import ServedCluster, application, control, emr_cluster, scripts
from tests.e2e.cluster import Cluster, standalone_cluster
from tests.e2e.world import BIN, World, captures, conf_of, put, training, world, write_conf
from tests.heavy.test_spark_s3 import PACKAGES, SETTINGS
from tests.heavy.test_tables import IVY

from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not version("pyspark").startswith("3.5."), reason="the jars are for 3.5"),
]

__all__ = ["control", "scripts"]

ROLE = "arn:aws:iam::123456789012:role/tidegauge-job"
# What Spark itself does not have; its own versions of the others must win.
S3_JARS = ("com.amazonaws_", "org.apache.hadoop_", "org.wildfly", "software.amazon.ion")
DRIVER_ENVIRONMENT = ("spark.yarn.appMasterEnv.", "spark.emr-serverless.driverEnv.")


@pytest.fixture
def cluster(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers that read S3 by Hadoop's file system, as EMR does by its own."""
    folder = tmp_path_factory.mktemp("cluster")
    fetched = tmp_path_factory.mktemp("fetched") / "spark-defaults.conf"
    settings = SETTINGS.format(packages=",".join(PACKAGES), ivy=IVY, s3=s3)
    fetched.write_text(settings)
    start = "from tidegauge.session import start; start('local[1]').stop()"
    conf = os.environ | {"SPARK_CONF_DIR": str(fetched.parent)}
    subprocess.run([sys.executable, "-c", start], env=conf, check=True)
    with standalone_cluster(folder) as started:
        # On the class path from the start: the entry file itself is on S3.
        lines = [line for line in settings.splitlines() if not line.startswith("spark.jars.")]
        (folder / "jars").mkdir()
        for jar in (IVY / "jars").iterdir():
            if jar.name.startswith(S3_JARS):
                (folder / "jars" / jar.name).symlink_to(jar)
        lines += [f"spark.{who}.extraClassPath {folder}/jars/*" for who in ("driver", "executor")]
        lines += [f"spark.master spark://{started.address}", ""]
        with (folder / "spark-defaults.conf").open("a") as defaults:
            defaults.write("\n".join(lines))
        yield started


@pytest.fixture
def monitored(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A monitor all of whose data lies in the bucket."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    conf = conf_of(data, f"{bucket}/store", s3=settings, engine="spark")
    return World(data, f"{bucket}/store", write_conf(tmp_path, conf), s3.settings)


def in_a_container(words: list[str], cluster: Cluster, folder: Path) -> int:
    """Run spark-submit as the driver's container would: its variables, and its unpacked archive."""
    words = ["client" if word == "cluster" else word for word in words]  # the one change
    archive, _, name = words[words.index("--archives") + 1].partition("#")
    folder.mkdir()
    (folder / "archive").write_bytes(storage_for(archive).read(archive))
    with tarfile.open(folder / "archive") as packed:
        packed.extractall(folder / name, filter="tar")
    pairs = (word.split("=", 1) for word in words if word.startswith(DRIVER_ENVIRONMENT))
    variables = {key.rpartition(".")[2]: value for key, value in pairs}
    outside = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    spark = Path(pyspark.__file__).parent
    machine = {"PATH": f"{BIN}:{os.environ['PATH']}", "SPARK_HOME": str(spark)}
    machine |= {"CONTAINER_ID": "1", "LOCAL_DIRS": str(folder)}
    done = subprocess.run(
        words,
        cwd=folder,
        env=outside | cluster.environment | variables | machine,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    sys.stderr.write(done.stdout + done.stderr)
    return done.returncode


@pytest.mark.usefixtures("control")
def test_the_jobs_run_from_the_bundle_alone(
    cluster: Cluster, monitored: World, bucket: str, tmp_path: Path
) -> None:
    """Neither driver nor workers have Tidegauge or its packages; the store is a laptop's."""
    import bundle
    import submit

    uri = bundle.put(f"{bucket}/bundles", bundle.environment(bundle.BUILD))
    logs = f"{bucket}/logs"
    quick = ("--bundle", uri, "--poll", "0.2", "--log-timeout", "10")
    codes = []
    for number, (job, target) in enumerate(
        [("baseline", "emr"), ("monitor", "emr-serverless"), ("report", "emr")]
    ):
        folder = tmp_path / f"container-{number}"
        served = ServedCluster(lambda words, f=folder: in_a_container(words, cluster, f), logs)
        if target == "emr":
            id_ = emr_cluster(logs)
            thread, where = served.serve_emr(id_), ["--cluster", id_]
        else:
            id_ = application()
            thread = served.serve_serverless(id_)
            where = ["--application", id_, "--role", ROLE, "--logs", logs]
        out = str(tmp_path / "out")
        codes.append(submit.main([target, job, monitored.conf, *quick, *where, "--out", out]))
        thread.join()

    assert [0, 0, 0] == codes
    twin = world(tmp_path / "twin")
    for job in ("baseline", "monitor", "report"):
        twin.run(job)
    records, documents = split(twin)
    assert documents == split(monitored)[1]
    brought = (tmp_path / "out").rglob("run.json")
    assert sorted(records) == sorted(str(path).partition("/records/")[2] for path in brought)


def split(made: World) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The records of runs, which name the files that they read, and all other documents."""
    records = {key: data for key, data in made.stored().items() if key.endswith("/run.json")}
    return records, {key: data for key, data in made.stored().items() if key not in records}
