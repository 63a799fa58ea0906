"""What the tests of the capture writer share: a clock to turn, and what was written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tidegauge.storage import S3Settings, join, storage_for

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2013, 6, 20, 12, 44, 11, 635_421, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    time: datetime = NOON

    def __call__(self) -> float:
        return self.time.timestamp()

    def turn(self, **by: float) -> None:
        self.time += timedelta(**by)


def files(uri: Path | str, settings: S3Settings | None = None) -> dict[str, list[dict[str, Any]]]:
    """The records of each file below a location, by the file's key."""
    settings = settings or S3Settings()
    storage = storage_for(str(uri), settings)
    found = {}
    for entry in storage.files(str(uri)):
        content = storage.read(join(str(uri), entry.key))
        assert content.endswith(b"\n"), f"{entry.key} ends within a line"
        found[entry.key] = [json.loads(line) for line in content.splitlines()]
    return found


def records(uri: Path | str, settings: S3Settings | None = None) -> list[dict[str, Any]]:
    """The records of all the files below a location."""
    return [record for some in files(uri, settings).values() for record in some]


def inputs(uri: Path | str, settings: S3Settings | None = None) -> list[str]:
    """The data of all inputs below a location, sorted."""
    found = records(uri, settings)
    return sorted(record["captureData"]["endpointInput"]["data"] for record in found)
