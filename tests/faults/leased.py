"""A world in a bucket whose claims lapse soon, so that a test can wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.world import World, captures, conf_of, put, training, write_conf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server


def leased_world(s3: S3Server, bucket: str, folder: Path, lease: float) -> World:
    """Training data, captures and store in the bucket, the conf in the folder; `lease` in s."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region, "lease": lease}
    conf = write_conf(folder, conf_of(data, f"{bucket}/store", s3=settings))
    return World(data, f"{bucket}/store", conf, s3.settings)
