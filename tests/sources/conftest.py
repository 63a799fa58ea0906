"""The S3 server, for the tests of sources that are not local."""

from __future__ import annotations

from tests.s3_server import bucket, s3

__all__ = ["bucket", "s3"]
