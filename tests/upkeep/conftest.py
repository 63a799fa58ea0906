"""Monitors with runs, in folders and on S3."""

from __future__ import annotations

from tests.e2e.conftest import data, moved, travelled
from tests.s3_server import bucket, s3

__all__ = ["bucket", "data", "moved", "s3", "travelled"]
