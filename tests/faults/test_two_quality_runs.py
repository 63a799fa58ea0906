"""Two runs of model quality at once: one joins the labels, the other leaves them to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.quality_world import (
    baseline,
    captures,
    conf_of,
    ground_truth,
    quality_world,
    told,
)
from tests.e2e.world import DAY, START, World, put, write_conf
from tests.faults.leased import until_lapsed
from tests.faults.racing import awake, race, stopped
from tests.faults.sound import runs_of

from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.quality_world import Told
    from tests.e2e.world import Files
    from tests.s3_server import S3Server

LEASE_SECONDS = 2.0


def early() -> list[Told]:
    """The labels that are there at first; the others come between two calls."""
    return [label for label in told() if label.time < START + 2.5 * DAY]


def late() -> Files:
    """The files of all other labels."""
    return ground_truth([label for label in told() if label not in early()], "1.jsonl")


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket, with a baseline; claims lapse soon."""
    files = captures() | ground_truth(early()) | baseline()
    data = put(f"{bucket}/data", files, s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region, "lease": LEASE_SECONDS}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    made = World(data, f"{bucket}/store", conf, s3.settings)
    assert 0 == made.run("baseline").code
    return made


def content(made: World) -> Files:
    """What runs and joined labels are, which must be whole."""
    joined = {k: data for k, data in made.stored().items() if k.startswith("merged/")}
    return {**runs_of(made), **joined}


def clear(made: World) -> None:
    """Take back all that `monitor` has written."""
    storage = storage_for(made.store, made.settings)
    root = join(made.store, "flights")
    written = ("runs/", "merged/", "report/")
    storage.delete(join(root, key) for key in made.stored() if key.startswith(written))


def raced(made: World, environment: Mapping[str, str], log: Path) -> None:
    """Three runs at once, twice, with new labels in between: each time what one would leave."""
    assert 0 == made.run("monitor").code
    first = content(made)
    clear(made)
    assert [0, 0, 0] == race([("monitor", made.conf)] * 3, log, environment)
    assert first == content(made)

    put(made.data, late(), made.settings)
    assert [0, 0, 0] == race([("monitor", made.conf)] * 3, log, environment)
    second = content(made)
    assert first != second
    assert "nothing to do" in made.run("monitor").out
    assert second == content(made)
    assert not [key for key in made.stored() if key.startswith("claims/")]


def test_runs_at_once_in_a_folder(tmp_path: Path) -> None:
    """Whoever comes first joins the labels; nobody fails."""
    made = quality_world(tmp_path, early())
    assert 0 == made.run("baseline").code
    raced(made, {}, tmp_path / "log")


@pytest.mark.heavy
def test_runs_at_once_on_s3(s3: S3Server, remote: World, tmp_path: Path) -> None:
    """The same against a real server."""
    raced(remote, s3.credentials, tmp_path / "log")


def test_a_window_that_was_asked_for_says_who_joins_the_labels(
    s3: S3Server, remote: World, tmp_path: Path
) -> None:
    """Exit 5, safe to try again; catching up leaves it to the holder, with a warning."""
    call = ("monitor", remote.conf)
    with stopped(call, tmp_path / "log", s3.credentials, b"/_joined.json") as runner:
        asked = remote.run("monitor", "--window", "2024-03-02/P1D")
        assert (5, True) == (asked.code, f"-{runner.pid}-" in asked.error)
        quiet = remote.run("monitor")
        assert (0, True) == (quiet.code, "nothing to do" in quiet.out)
        assert any("is left to that run" in line for line in quiet.messages("warning"))


@pytest.mark.parametrize(
    "request_",
    [
        b"/_joined.json",
        pytest.param(b"/_profile-0001", marks=pytest.mark.heavy),
        pytest.param(b"_P1D/constraints.json", marks=pytest.mark.heavy),
        pytest.param(b"_P1D/run.json", marks=pytest.mark.heavy),
    ],
    ids=["unit", "states", "document", "commit"],
)
def test_a_run_that_slept_over_its_lease_yields(
    s3: S3Server, remote: World, tmp_path: Path, request_: bytes
) -> None:
    """More labels came while it slept, and another run joined them: nothing of it is replaced."""
    assert 0 == remote.run("monitor").code
    few = ground_truth([label for label in told() if label not in early()][:40], "1.jsonl")
    put(remote.data, few, remote.settings)
    with stopped(("monitor", remote.conf), tmp_path / "log", s3.credentials, request_) as sleeper:
        until_lapsed(remote, LEASE_SECONDS)
        put(remote.data, late(), remote.settings)
        assert 0 == remote.run("monitor").code
        before = content(remote)
        assert 5 == awake(sleeper)
    after = content(remote)
    assert 0 == remote.run("monitor").code
    assert (before, before) == (after, content(remote))
