"""The Spark session: made once, when the first job needs it; each setting has a reason."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tidegauge.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyarrow import RecordBatch
    from pyspark.sql import SparkSession

# For every session, also one that a Spark Connect server keeps for us.
_SQL = {
    # States are grouped once, by a key that is already even: re-planning would only split the job.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
}

# For every master; what spark-submit or the cluster sets itself is not listed here.
_ALWAYS = {
    **_SQL,
    # One row a feature comes back; with 10,000 features that is more than the default of 1 GiB.
    "spark.driver.maxResultSize": "0",
    # BLAS threads of several workers fight for the same cores: five times as slow.
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.ui.showConsoleProgress": "false",
}

# For a driver that is this very machine: a short life, so start fast and stay quiet.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # What is shuffled are states and hashed ids, on this machine's own disk: no use in packing it.
    "spark.shuffle.compress": "false",
}
_CONNECT = "sc://"
_JAVAS = range(17, 23)
_LIGHT = "-XX:+UseSerialGC"
_FAST_START = "-XX:TieredStopAtLevel=1"  # enough for a JVM that only deals out the work
# Else the one thread that finds no memory ends, and all others wait for it.
_NO_ZOMBIE = "-XX:+ExitOnOutOfMemoryError"


def start(master: str | None, *, jvm_reads: bool = False, deequ: bool = False) -> SparkSession:
    """A session on the given master, on spark-submit's, or on all cores of this machine.

    A master `sc://host:port`, or SPARK_REMOTE in the environment, is a Spark Connect server. With
    `jvm_reads` a JVM of this machine takes longer to start, and half as long to hand out rows.
    With `deequ` a session that is made here fetches Deequ's jar from Maven Central, once.

    Raises:
        UsageError: pyspark or Java is not there.
        EngineError: Spark did not start.
    """
    # Without this the workers take whatever python3 is first on PATH, which lacks pyarrow.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError(
            "engine 'spark' needs pyspark, which is not installed: pip install 'tidegauge[spark]', "
            "or set engine: local in the conf"
        ) from error
    builder = SparkSession.builder.appName("tidegauge")
    remote = _remote(master)
    if remote is not None:
        builder, settings = builder.remote(remote), _SQL
    else:
        submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit has started the JVM already
        if master or not submitted:
            builder = builder.master(master or "local[*]")
        local = not submitted and (master or "local").startswith("local")
        settings = _ALWAYS | (_local(jvm_reads=jvm_reads) if local else {})
        if deequ and not submitted:  # under spark-submit it is too late: --packages is its word
            settings |= _deequ_jar()
    if not (remote or "").startswith(_CONNECT):
        _look_for_java()
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        with _interrupts_as_they_are():
            session = builder.getOrCreate()
    except Exception as error:  # py4j and the gateway raise whatever went wrong in the JVM
        told = " ".join(str(error).split())
        where = remote or master or "local[*]"
        raise EngineError(f"Spark did not start on {where}: {told}") from error
    if remote is None:
        session.sparkContext.setLogLevel("ERROR")
    return session


def register_on_yarn() -> None:
    """In a driver that YARN has started, start the session now, whether it will be needed or not.

    YARN counts a driver as failed that ends without one, or has none after 100 seconds.
    """
    if {"CONTAINER_ID", "PYSPARK_GATEWAY_PORT"} <= os.environ.keys():
        start(None)


def java_version() -> str:
    """The version of the Java that Spark will take.

    Raises:
        UsageError: there is none, or one that Spark does not run on.
    """
    _look_for_java()
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home and Path(home, "bin", "java").exists() else "java"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    match = re.search(r'version "(\d+)([^"]*)"', told)
    if match is None or int(match[1]) not in _JAVAS:
        found = match[0] if match else " ".join(told.split())
        raise UsageError(f"Spark needs Java {_JAVAS[0]} to {_JAVAS[-1]}, found {found} ({java})")
    return f"{match[1]}{match[2]}"


def probe(master: str | None) -> str:
    """Start Spark, and have a worker say which Python it is; it must have Tidegauge.

    Raises:
        UsageError: pyspark or Java is not there.
        EngineError: Spark did not start, or a worker cannot do the work.
    """
    session = start(master)
    try:
        one = session.range(0, 1, 1, 1)  # one task, whatever the cores
        ((version,),) = one.mapInArrow(_told_by_a_worker, "python string").collect()
    except Exception as error:  # py4j and the gateway raise whatever went wrong in the JVM
        told = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise EngineError(f"a worker of Spark could not do the work: {told[0]}") from error
    return f"Spark {session.version}, whose workers have Python {version} and Tidegauge"


def _told_by_a_worker(_: Iterable[RecordBatch]) -> Iterable[RecordBatch]:
    import platform

    import pyarrow as pa

    import tidegauge.engines.transport  # noqa: F401  (it is there, with all that it needs)

    yield pa.RecordBatch.from_pydict({"python": [platform.python_version()]})


def _deequ_jar() -> dict[str, str]:
    """Settings that load Deequ's jar; none where no Deequ was tried with this Spark."""
    import pyspark

    from tidegauge.engines.deequ import NEEDLESS, PACKAGES

    package = PACKAGES.get(".".join(pyspark.__version__.split(".")[:2]))
    if package is None:
        return {}
    return {"spark.jars.packages": package, "spark.jars.excludes": ",".join(NEEDLESS)}


def _remote(master: str | None) -> str | None:
    """The Spark Connect server to be used, if there is one."""
    if master is None:
        return os.environ.get("SPARK_REMOTE")
    return master if master.startswith(_CONNECT) else None


@contextmanager
def _interrupts_as_they_are() -> Iterator[None]:
    """Keep Ctrl-C Python's: pyspark's handler asks the JVM amid another answer, and both fail."""
    former = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if former is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, former)


def _local(*, jvm_reads: bool) -> dict[str, str]:
    # Before the JVM: it would warn that the host's name is a loopback address.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    quiet = Path(__file__).with_name("log4j2.properties")
    logging = f"-Dlog4j2.configurationFile={quiet.as_uri()}" if quiet.exists() else ""
    options = f"{_LIGHT} {_NO_ZOMBIE}" if jvm_reads else f"{_LIGHT} {_NO_ZOMBIE} {_FAST_START}"
    return {
        **_LOCAL,
        # States are merged by as many tasks: more than the cores only take turns.
        "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
        "spark.driver.extraJavaOptions": f"{options} {logging}",
    }


def _look_for_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and Path(home, "bin", "java").exists():
        return
    if not shutil.which("java"):
        raise UsageError(
            "engine 'spark' needs Java 17, and there is no `java` in JAVA_HOME or on the PATH: "
            "install it (Debian: apt-get install openjdk-17-jre-headless), or set engine: local "
            "in the conf"
        )
