"""What the heavy tests stand on: an S3 server, and tools in environments of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.s3_server import bucket, s3

__all__ = ["airflow_python", "bucket", "receivers_python", "s3", "sdk_python"]

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sdk_python() -> str:
    """The Python of an environment with the `sagemaker` SDK."""
    return _separate("sagemaker-sdk")


@pytest.fixture(scope="session")
def airflow_python() -> str:
    """The Python of an environment with Airflow."""
    return _separate("airflow")


@pytest.fixture(scope="session")
def receivers_python() -> str:
    """The Python of an environment with MLflow and OpenLineage's client."""
    return _separate("receivers")


def _separate(name: str) -> str:
    """The Python of an environment of the pins in requirements/; made anew when they change."""
    command = [_ROOT / "scripts" / "separate.sh", name]
    environment = os.environ | {"PYTHON": sys.executable}
    made = subprocess.run(
        command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return made.stdout.strip()
