"""Spark's JVM that ends in the middle of a job."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from tidegauge.engines.spark import failures_told
from tidegauge.session import start

session = start("local[1]")
options = session.conf.get("spark.driver.extraJavaOptions")
assert "-XX:+ExitOnOutOfMemoryError" in options, options
jvm = session.sparkContext._gateway.jvm
with failures_told():
    jvm.java.lang.System.exit(3)
    session.range(1).collect()
"""


def test_a_jvm_that_ends_is_told_with_what_to_do() -> None:
    """An error of ours, of an engine, and not the network's; nothing hangs."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )

    assert "EngineError: Spark's JVM ended before the job was done" in ended.stderr
    assert "spark.driver.memory" in ended.stderr.splitlines()[-1]
