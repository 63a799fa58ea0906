"""Processes that fork, end and are killed, as servers' workers do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.capture.written import files, inputs

SOURCE = str(Path(__file__).parents[2] / "src")


def python(program: str, *arguments: str) -> str:
    """What a Python program prints, where no package is installed; it must end well."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": SOURCE},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "" == done.stderr
    return done.stdout


def test_the_writer_needs_the_standard_library_alone(tmp_path: Path) -> None:
    """An inference server's image need not grow by Spark, Arrow and numpy."""
    program = """
import sys
from importlib.util import find_spec
from tidegauge.capture import CaptureWriter
with CaptureWriter(sys.argv[1], endpoint="e") as writer:
    writer.record("1", "0")
print([name for name in ("boto3", "numpy", "pyarrow", "pyspark", "yaml") if find_spec(name)])
"""
    assert "[]\n" == python(program, str(tmp_path))
    assert ["1"] == inputs(tmp_path)


def test_the_end_of_the_process_writes_what_is_there(tmp_path: Path) -> None:
    """A program that ends by itself, without closing the writer."""
    program = """
import sys
from tidegauge.capture import CaptureWriter
writer = CaptureWriter(sys.argv[1], endpoint="e")
writer.record("1", "0")
writer.record("2", "0")
sys.exit()
"""
    python(program, str(tmp_path))
    assert ["1", "2"] == inputs(tmp_path)


def test_forked_workers_write_for_themselves(tmp_path: Path) -> None:
    """As gunicorn does it: made before the fork, when the parent has recorded and not yet written.

    Each worker forks while another thread records, and counts for itself; no two ids are equal.
    """
    program = """
import logging, os, sys, threading
from tidegauge.capture import CaptureWriter
logging.disable()
writer = CaptureWriter(sys.argv[1], endpoint="e")
writer.record("parent", "0")
going = True
def serve():
    while going:
        writer.record("parent", "0")
thread = threading.Thread(target=serve)
thread.start()
for worker in range(4):
    if os.fork() == 0:
        for i in range(250):
            writer.record(f"worker-{worker}-{i}", "0")
        writer.record({}, "0")
        written = writer.close()
        os._exit(0 if written and writer.dropped == 1 else 9)
codes = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)]
going = False
thread.join()
print(codes, writer.dropped)
"""
    assert "[0, 0, 0, 0] 0\n" == python(program, str(tmp_path))
    expected = sorted(f"worker-{worker}-{i}" for worker in range(4) for i in range(250))
    found = inputs(tmp_path)
    assert expected == [data for data in found if data != "parent"]
    assert len(found) > len(expected)
    events = [r["eventMetadata"]["eventId"] for some in files(tmp_path).values() for r in some]
    assert len(events) == len(set(events))


def test_a_fork_that_ends_without_a_record_is_silent(tmp_path: Path) -> None:
    """The parent's records stay the parent's."""
    program = """
import os, sys
from tidegauge.capture import CaptureWriter
writer = CaptureWriter(sys.argv[1], endpoint="e")
writer.record("parent", "0")
if os.fork() == 0:
    sys.exit()
os.wait()
"""
    python(program, str(tmp_path))
    assert ["parent"] == inputs(tmp_path)


def test_a_multiprocessing_worker_closes_its_writer(tmp_path: Path) -> None:
    """Such a fork runs no exit handlers: `with` does it."""
    program = """
import multiprocessing, sys
from tidegauge.capture import CaptureWriter
writer = CaptureWriter(sys.argv[1], endpoint="e")
def work(i):
    with writer:
        writer.record(str(i), "0")
context = multiprocessing.get_context("fork")
workers = [context.Process(target=work, args=(i,)) for i in range(3)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""
    python(program, str(tmp_path))
    assert ["0", "1", "2"] == inputs(tmp_path)


def test_a_killed_server_leaves_whole_files(tmp_path: Path) -> None:
    """SIGKILL at several moments, while files are written all the time: `files` reads each line."""
    program = """
import sys
from tidegauge.capture import CaptureWriter
writer = CaptureWriter(sys.argv[1], endpoint="e", rotate_bytes=50_000)
print("ready", flush=True)
while True:
    writer.record("x" * 10_000, "0")
"""
    for i, wait_seconds in enumerate((0.0, 0.004, 0.011, 0.023)):
        folder = tmp_path / str(i)
        with subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            env=os.environ | {"PYTHONPATH": SOURCE},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            while not list(folder.rglob("*.jsonl")):
                time.sleep(0.002)
            time.sleep(wait_seconds)
            child.kill()
        assert all(files(folder).values())
        assert {"x" * 10_000} == set(inputs(folder))
