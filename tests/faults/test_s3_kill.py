"""A driver that is killed on its way to S3: before each request that changes the bucket."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import World, put
from tests.faults.leased import leased_world
from tests.faults.racing import killed
from tests.faults.sound import runs_of

from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server

pytestmark = pytest.mark.heavy

FOURTH = ("--window", "2024-03-04/P1D")
LEASE_SECONDS = 1.0
PATIENCE_SECONDS = 30


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket; claims lapse soon."""
    return leased_world(s3, bucket, tmp_path, LEASE_SECONDS)


@pytest.mark.parametrize(
    ("before", "command", "least"),
    [
        ((), ("baseline",), 6),
        (("baseline",), ("monitor", *FOURTH), 10),
        (("baseline", "monitor"), ("report",), 4),
    ],
    ids=["baseline", "monitor", "report"],
)
def test_a_job_killed_before_each_request_that_changes_the_bucket(
    s3: S3Server,
    remote: World,
    tmp_path: Path,
    before: tuple[str, ...],
    command: tuple[str, ...],
    least: int,
) -> None:
    """What is there is whole or not a run; the next call ends as if nothing had happened."""
    for job in before:
        assert 0 == remote.run(job).code
    start = remote.stored()
    assert 0 == remote.run(*command).code
    undisturbed = remote.stored()
    call = (command[0], remote.conf, *command[1:])
    for change in count(1):
        _put_back(remote, start)
        code = killed(call, tmp_path / "log", s3.credentials, change)
        runs_of(remote)
        if code >= 0:
            break
        assert 0 == _as_soon_as_the_lease_is_over(remote, command)
        assert undisturbed == {k: d for k, d in remote.stored().items() if "/holders/" not in k}
    assert (0, True) == (code, change > least)


def _put_back(made: World, files: dict[str, bytes]) -> None:
    storage, root = storage_for(made.store, made.settings), join(made.store, "flights")
    storage.delete(join(root, key) for key in made.stored())
    put(root, files, made.settings)


def _as_soon_as_the_lease_is_over(made: World, command: tuple[str, ...]) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (code := made.run(*command).code) == 5 and time.monotonic() < deadline:
        time.sleep(0.3)
    return code
