"""What the heavy tests stand on: an S3 server, and the SDK in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.s3_server import bucket, s3

__all__ = ["bucket", "s3", "sdk_python"]

_ROOT = Path(__file__).parents[2]
_PINS = _ROOT / "requirements" / "sagemaker-sdk.txt"
_ENVIRONMENT = _ROOT / ".tools" / "sagemaker-sdk"


@pytest.fixture(scope="session")
def sdk_python() -> str:
    """The Python of an environment with the `sagemaker` SDK; made anew when its pins change."""
    python, stamp = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "pins.txt"
    if not stamp.exists() or stamp.read_bytes() != _PINS.read_bytes():
        shutil.rmtree(_ENVIRONMENT, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", _ENVIRONMENT], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", _PINS], check=True)
        stamp.write_bytes(_PINS.read_bytes())
    return str(python)
