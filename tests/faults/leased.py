"""A world in a bucket whose claims lapse soon, so that a test can wait for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.e2e.world import World, captures, conf_of, put, training, write_conf

from tidegauge.storage import storage_for
from tidegauge.storage.clock import s3_time

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server

_PATIENCE_SECONDS = 60


def leased_world(s3: S3Server, bucket: str, folder: Path, lease: float) -> World:
    """Training data, captures and store in the bucket, the conf in the folder; `lease` in s."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region, "lease": lease}
    conf = write_conf(folder, conf_of(data, f"{bucket}/store", s3=settings))
    return World(data, f"{bucket}/store", conf, s3.settings)


def until_lapsed(made: World, lease: float) -> None:
    """Wait until every claim in a bucket has lapsed, as the server has it.

    It counts whole seconds, and versitygw looks at its clock once in a second at best: on a busy
    machine what it says is up to two behind.
    """
    holders = f"{made.store}/flights/claims/holders"
    storage = storage_for(holders, made.settings)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        last = max(beat.modified for beat in storage.files(holders))
        if (s3_time(made.store, made.settings) - last).total_seconds() > lease:
            return
        assert time.monotonic() < deadline, "someone goes on beating"
        time.sleep(0.1)
