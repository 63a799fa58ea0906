"""The two places that every test of a storage runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.s3_server import bucket, s3

from tidegauge.storage import S3Settings, Storage, storage_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server

__all__ = ["bucket", "place", "s3"]


@dataclass(frozen=True)
class Place:
    """An empty prefix, and the storage and the settings to reach it."""

    uri: str
    storage: Storage
    settings: S3Settings
    environment: dict[str, str]


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place: a local folder, then a bucket on the S3 server."""
    if request.param == "local":
        uri = str(tmp_path / "place")
        return Place(uri, storage_for(uri), S3Settings(), {})
    server: S3Server = request.getfixturevalue("s3")
    uri = f"{request.getfixturevalue('bucket')}/place"
    return Place(uri, storage_for(uri, server.settings), server.settings, server.environment)
