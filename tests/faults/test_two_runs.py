"""Two runs of one window: one yields or both repeat each other, and nothing is ever mixed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.e2e.killing import killed
from tests.faults.leased import leased_world, until_lapsed
from tests.faults.racing import awake, race, stopped
from tests.faults.sound import runs_of

from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.world import Files, Travelled, World
    from tests.s3_server import S3Server

FOURTH = ("--window", "2024-03-04/P1D")
# Two ways to run the window that give other documents: what is mixed would show.
WAYS = (("--set", "documents.sketch=kll"), ("--set", "documents.sketch=none"))
LEASE_SECONDS = 2.0


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket, with a baseline; claims lapse soon."""
    made = leased_world(s3, bucket, tmp_path, LEASE_SECONDS)
    assert 0 == made.run("baseline").code
    return made


def each_alone(made: World) -> list[Files]:
    """What each way gives when nobody disturbs it."""
    found = []
    for way in WAYS:
        assert 0 == made.run("monitor", *FOURTH, *way).code
        found.append(runs_of(made))
    assert found[0] != found[1]
    return found


def raced(made: World, rounds: int, log: Path, environment: Mapping[str, str]) -> int:
    """Run both ways at once, again and again; returns how many runs have yielded."""
    alone = each_alone(made)
    yielded = 0
    for _ in range(rounds):
        codes = race([("monitor", made.conf, *FOURTH, *way) for way in WAYS], log, environment)
        assert 0 in codes
        assert set(codes) <= {0, 5}
        yielded += codes.count(5)
        assert runs_of(made) in alone
    assert not [key for key in made.stored() if key.startswith("claims/")]
    return yielded


def test_two_runs_of_a_window_in_a_folder(fresh: World, tmp_path: Path) -> None:
    """Five rounds: always the documents of one of them, and some runs have yielded."""
    assert 0 < raced(fresh, 5, tmp_path / "log", {})


def test_two_runs_of_a_window_on_s3(s3: S3Server, remote: World, tmp_path: Path) -> None:
    """The same against a real server."""
    assert 0 < raced(remote, 3, tmp_path / "log", s3.credentials)


@pytest.mark.heavy
@pytest.mark.parametrize("place", ["fresh", "remote"])
def test_many_rounds(
    s3: S3Server, place: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Sixty rounds each."""
    made: World = request.getfixturevalue(place)
    assert 0 < raced(made, 60, tmp_path / "log", s3.credentials)


def test_two_that_catch_up_leave_what_one_would(
    travelled: Travelled, fresh: World, tmp_path: Path
) -> None:
    """Each window is run by the one that came first; neither fails."""
    shutil.rmtree(fresh.data)
    shutil.copytree(travelled[0].data, fresh.data, copy_function=shutil.copy2)
    conf = travelled[0].conf
    with open(conf, encoding="utf-8") as text:  # noqa: PTH123
        own = text.read().replace(travelled[0].store, fresh.store)
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    call = ("monitor", str(tmp_path / "own.yaml"))
    assert [0, 0, 0] == race([call] * 3, tmp_path / "log", {})
    assert runs_of(travelled[0]) == runs_of(fresh)


def test_a_killed_run_holds_nothing_in_a_folder(fresh: World, tmp_path: Path) -> None:
    """The operating system takes the claim back; the file that is left is no obstacle."""
    call = ("monitor", fresh.conf, *FOURTH)
    assert 0 > killed(call, fresh.store, 3, tmp_path / "log")
    left = list((tmp_path / "store").rglob(".*.claim"))
    assert 1 == len(left)
    assert 0 == fresh.run("monitor", *FOURTH).code
    assert not left[0].exists()


def test_a_dead_holder_on_s3_is_waited_for_as_long_as_its_lease(
    s3: S3Server, remote: World, tmp_path: Path
) -> None:
    """Before it has lapsed: exit 5, and the holder's name. After it: the window is run."""
    call = ("monitor", remote.conf, *FOURTH)
    with stopped(call, tmp_path / "log", s3.credentials, b"_P1D/constraints.json") as runner:
        pid = runner.pid
        told = remote.run("monitor", *FOURTH)
        assert (5, True) == (told.code, f"-{pid}-" in told.error)
    quiet = remote.run("monitor")
    assert 0 == quiet.code
    (warning,) = [line for line in quiet.messages("warning") if "is left to that run" in line]
    assert warning.startswith("2024-03-04T00:00Z/P1D is being run by ")

    until_lapsed(remote, LEASE_SECONDS)
    assert 0 == remote.run("monitor", *FOURTH).code
    assert not [key for key in remote.stored() if "/window=" in key and key.startswith("claims/")]


@pytest.mark.parametrize(
    "request_",
    [b"_P1D/constraints.json", b"_P1D/run.json"],
    ids=["document", "commit"],
)
def test_a_run_that_slept_over_its_lease_yields(
    s3: S3Server, remote: World, tmp_path: Path, request_: bytes
) -> None:
    """It lost the window while it slept, amid its documents or before its commit: nothing mixes."""
    alone = each_alone(remote)
    storage = storage_for(remote.store, remote.settings)
    root = join(remote.store, "flights")
    storage.delete(join(root, key) for key in runs_of(remote))
    call = ("monitor", remote.conf, *FOURTH, *WAYS[0])
    with stopped(call, tmp_path / "log", s3.credentials, request_) as sleeper:
        until_lapsed(remote, LEASE_SECONDS)
        assert 0 == remote.run("monitor", *FOURTH, *WAYS[1]).code
        assert alone[1] == runs_of(remote)
        assert 5 == awake(sleeper)
    assert alone[1] == runs_of(remote)
