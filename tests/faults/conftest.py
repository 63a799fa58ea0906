"""A world whose S3 server can be made to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.conftest import data, fresh, moved, travelled
from tests.faults.proxy import Proxy, proxy
from tests.s3_server import bucket, s3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server

__all__ = ["bucket", "data", "fresh", "moved", "s3", "shaky", "travelled"]


@pytest.fixture
def shaky(s3: S3Server) -> Iterator[Proxy]:
    """A proxy in front of the S3 server, which does as it should until a fault is asked for."""
    with proxy(s3.endpoint) as listening:
        yield listening
