"""Clocks that are wrong: windows wait or come early, claims do not care, and S3 refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from tests.e2e.world import World, run_key
from tests.faults.leased import leased_world, until_lapsed
from tests.faults.racing import race, stopped
from tests.faults.sound import runs_of

if TYPE_CHECKING:
    from tests.e2e.world import Travelled
    from tests.s3_server import S3Server

FOURTH = ("--window", "2024-03-04/P1D")
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)  # of a day whose captures are of 5 and 17 o'clock
WITHIN = timedelta(minutes=10)  # of what S3 accepts
LEASE_SECONDS = 4.0  # time enough to come to a claim on a busy machine


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket, with a baseline; claims lapse soon."""
    made = leased_world(s3, bucket, tmp_path, LEASE_SECONDS)
    assert 0 == made.run("baseline").code
    return made


def documents(made: World) -> dict[str, bytes]:
    """Of all runs what does not name a place."""
    return {k: data for k, data in runs_of(made).items() if not k.endswith("run.json")}


def test_windows_wait_for_a_clock_that_is_behind(travelled: Travelled, fresh: World) -> None:
    """What it does not take for ended is not run; once it is set, nothing is missing."""
    with time_machine.travel(NOON, tick=True):
        assert 0 == fresh.run("monitor").code
    assert run_key("green", 1) in fresh.stored()
    assert run_key("green", 4) not in fresh.stored()
    assert 0 == fresh.run("monitor").code
    assert documents(travelled[0]) == documents(fresh)


def test_a_window_that_a_clock_ahead_ran_early_is_run_again(
    travelled: Travelled, fresh: World
) -> None:
    """It was noon, and the clock showed tomorrow: the afternoon's captures are not lost."""
    late = {path: path.read_bytes() for path in Path(fresh.data).rglob("03/04/17/*.jsonl")}
    for path in late:
        path.unlink()
    with time_machine.travel(NOON + timedelta(days=1), tick=True):
        fresh.run("monitor")
    assert 30 == fresh.document(run_key("green", 4))["counts"]["rows"]

    for path, content in late.items():
        path.write_bytes(content)
    with time_machine.travel(NOON + timedelta(hours=12, minutes=1), tick=True):
        fresh.run("monitor")
    assert documents(travelled[0]) == documents(fresh)


@pytest.mark.parametrize("clock", [-WITHIN, WITHIN], ids=["behind", "ahead"])
def test_a_claim_does_not_care_for_the_clock_of_its_holder(
    s3: S3Server, remote: World, tmp_path: Path, clock: timedelta
) -> None:
    """Its lease is measured by the server's clock: it neither lapses early nor lasts too long."""
    call, log = ("monitor", remote.conf, *FOURTH), tmp_path / "log"
    with (
        stopped(call, log, s3.credentials, b"_P1D/constraints.json", clock=clock),
        time_machine.travel(datetime.now(UTC) - clock, tick=True),
    ):
        assert 5 == remote.run("monitor", *FOURTH).code
    until_lapsed(remote, LEASE_SECONDS)
    with time_machine.travel(datetime.now(UTC) - clock, tick=True):
        assert 0 == remote.run("monitor", *FOURTH).code


def test_two_runs_whose_clocks_differ_do_not_mix(
    s3: S3Server, remote: World, tmp_path: Path
) -> None:
    """Twenty minutes apart: one has the window, the other yields or comes after it."""
    call = ("monitor", remote.conf, *FOURTH)
    codes = race([call] * 2, tmp_path / "log", s3.credentials, clocks=(-WITHIN, WITHIN))
    assert 0 in codes
    assert set(codes) <= {0, 5}
    assert 3 == len([key for key in runs_of(remote) if key.endswith("run.json")])


@pytest.mark.parametrize("hours", [-1, 1], ids=["behind", "ahead"])
def test_a_job_whose_clock_s3_refuses_says_what_to_set(
    s3: S3Server, remote: World, hours: int
) -> None:
    """Exit 5 and one sentence; once the clock is set, the next call has nothing to mend."""
    if s3.kind == "moto":
        pytest.skip("moto does not look at the time of a signature")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        told = remote.run("monitor", *FOURTH)
    assert (5, True) == (told.code, "set the clock of this machine" in told.error)
    assert 0 == remote.run("monitor", *FOURTH).code
