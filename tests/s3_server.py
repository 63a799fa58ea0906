"""A real S3 server on loopback for the tests: versitygw, or moto's where there is no versitygw.

A test folder gets the fixtures by importing them in its conftest.py:
`from tests.s3_server import bucket, s3`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest

from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOOLS = Path(__file__).parents[1] / ".tools" / "bin"
_PATIENCE_SECONDS = 15.0
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the server is, and as what it is asked."""

    kind: str
    endpoint: str
    access_key: str = "tidegauge"
    secret_key: str = "not-a-secret"
    region: str = "us-east-1"

    @property
    def settings(self) -> S3Settings:
        """How to ask this server in a process that has its credentials."""
        return S3Settings(endpoint=self.endpoint, region=self.region)

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs in its environment to work on this server, and no other."""
        return self.credentials | {"AWS_ENDPOINT_URL": self.endpoint}

    @property
    def credentials(self) -> dict[str, str]:
        """The server's keys as environment variables; the machine's own AWS set-up is put aside."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_bucket(self, name: str) -> str:
        """The URI of a new, empty bucket."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
        )
        client.create_bucket(Bucket=name)
        return f"s3://{name}"


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start a server that keeps its objects in the folder; stop it at the end."""
    program = shutil.which("versitygw") or shutil.which("versitygw", path=str(_TOOLS))
    if program:
        with _versitygw(program, folder) as server:
            yield server
    else:
        warnings.warn("versitygw is not there: the S3 tests run on moto instead", stacklevel=2)
        with _moto() as server:
            yield server


@contextmanager
def _versitygw(program: str, folder: Path) -> Iterator[S3Server]:
    port = _free_port()
    server = S3Server("versitygw", f"http://127.0.0.1:{port}")
    keys = {
        "ROOT_ACCESS_KEY_ID": server.access_key,
        "ROOT_SECRET_ACCESS_KEY": server.secret_key,
    }
    listen = ["--port", f"127.0.0.1:{port}", "--region", server.region, "--health", "/_health"]
    with subprocess.Popen(
        [program, *listen, "--quiet", "posix", str(folder)],
        env=os.environ | keys,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(f"{server.endpoint}/_health", process)
            yield server
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the S3 server did not answer at {url}") from None
            time.sleep(0.02)


@contextmanager
def _moto() -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer

    threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    threaded.start()
    try:
        _, port = threaded.get_host_and_port()
        yield S3Server("moto", f"http://127.0.0.1:{port}")
    finally:
        threaded.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running server, whose credentials are those of this process; ask it by `s3.settings`."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.credentials.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """The URI of a bucket of the test's own."""
    return s3.make_bucket(f"tidegauge-{next(_numbers)}")
