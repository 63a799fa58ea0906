"""Captures on S3: the same files, and a server that may be away or silent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.capture.written import NOON, Clock, files, inputs

from tidegauge.capture import CaptureWriter
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from tests.s3_server import S3Server


def test_captures_go_to_s3(s3: S3Server, bucket: str) -> None:
    """Below the prefix, with the settings of the server."""
    uri = f"{bucket}/captures"
    with CaptureWriter(uri, endpoint="late", settings=s3.settings, clock=Clock()) as writer:
        writer.record("1", "0")
        writer.record("2", "0")
    ((key, found),) = files(uri, s3.settings).items()
    assert key.startswith("late/AllTraffic/2013/06/20/12/44-11-635-")
    assert ["1", "2"] == [r["captureData"]["endpointInput"]["data"] for r in found]
    assert 0 == writer.dropped


def test_a_bucket_that_is_made_later_gets_everything(s3: S3Server) -> None:
    """The write is tried again until it works."""
    name = "tidegauge-capture-later"
    with CaptureWriter(f"s3://{name}", endpoint="e", settings=s3.settings) as writer:
        writer.record("1", "0", time=NOON)
        assert not writer.flush(timeout_seconds=0.3)
        s3.make_bucket(name)
        assert writer.flush()
    assert ["1"] == inputs(f"s3://{name}", s3.settings)


@pytest.mark.usefixtures("s3")
def test_a_silent_server_holds_up_neither_requests_nor_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It takes the connection and never answers: its record waits, all else goes on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = S3Settings(endpoint=endpoint, region="us-east-1")
        writer = CaptureWriter("s3://b", endpoint="e", rotate_bytes=1, settings=settings)
        writer.record("1", "0")
        server.accept()  # the writing thread is in its request now
        begin = time.monotonic()
        for _ in range(1_000):
            writer.record("2", "0")
        assert time.monotonic() - begin < 1
        assert not writer.close(timeout_seconds=0.1)
        assert time.monotonic() - begin < 2
    assert "not all records for s3://b/e/AllTraffic were written within 0.1 seconds" in caplog.text


def test_forked_workers_have_connections_of_their_own(s3: S3Server, bucket: str) -> None:
    """Made before the fork, used after it."""
    program = f"""
import os
from tidegauge.capture import CaptureWriter
writer = CaptureWriter({bucket!r}, endpoint="e", rotate_bytes=1)
for worker in range(3):
    if os.fork() == 0:
        for i in range(5):
            writer.record(f"{{worker}}-{{i}}", "0")
        os._exit(0 if writer.close() else 9)
print([os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(3)])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | s3.environment | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ("[0, 0, 0]\n", "") == (done.stdout, done.stderr)
    assert sorted(f"{w}-{i}" for w in range(3) for i in range(5)) == inputs(bucket, s3.settings)
