"""S3 that fails: what a job tells, that nothing half is seen, and that the next run mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import World, captures, conf_of, put, training, write_conf
from tests.faults.proxy import How, Proxy
from tests.faults.sound import runs_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import Files, Travelled
    from tests.s3_server import S3Server

FOURTH = ("--window", "2024-03-04/P1D")
READ = "allow s3:GetObject and s3:ListBucket there"
HEAVY = pytest.mark.heavy
STORE, CAPTURES = r"/store/flights/runs/", r"/data/captures/"


@pytest.fixture
def remote(s3: S3Server, shaky: Proxy, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket, asked for through the proxy, with a baseline."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": shaky.endpoint, "region": s3.region, "attempts": 2, "timeout": 0.5}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    made = World(data, f"{bucket}/store", conf, s3.settings)
    assert 0 == made.run("baseline").code
    return made


def undisturbed(travelled: Travelled) -> Files:
    """The documents of the window's runs where nothing failed, but for what names the place."""
    return {key: data for key, data in runs_of(travelled[0]).items() if _is_of_fourth(key)}


def _is_of_fourth(key: str) -> bool:
    return "window=2024-03-04" in key and not key.endswith("/run.json")


@pytest.mark.parametrize(
    ("how", "request_"),
    [
        pytest.param(How.FAIL, rf"^PUT .*{STORE}", marks=HEAVY),
        pytest.param(How.BUSY, rf"^GET .*{CAPTURES}", marks=HEAVY),
        pytest.param(How.DROP, rf"^PUT .*{STORE}", marks=HEAVY),
        (How.DEAF, rf"^PUT .*{STORE}"),
        (How.CUT, rf"^GET .*{CAPTURES}"),
        (How.SLOW, r"^GET .*list-type"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_fails_once_is_not_noticed(
    travelled: Travelled, remote: World, shaky: Proxy, how: How, request_: str
) -> None:
    """The request is made again; the documents are those of a run without a fault."""
    fault = shaky.fault(how, request_, times=1, seconds=1.0)
    told = remote.run("monitor", *FOURTH)
    assert (0, 1) == (told.code, fault.hits)
    found = runs_of(remote)
    assert undisturbed(travelled) == {k: d for k, d in found.items() if _is_of_fourth(k)}


@pytest.mark.parametrize(
    ("how", "request_", "sentence"),
    [
        pytest.param(
            How.FAIL, rf"^PUT .*{STORE}.*/statistics.json", "cannot write", marks=pytest.mark.heavy
        ),
        (How.BUSY, rf"^PUT .*{STORE}.*/run.json", "SlowDown"),
        (How.DROP, rf"^GET .*{CAPTURES}", "try again"),
        pytest.param(How.SLOW, rf"^GET .*{CAPTURES}", "try again", marks=HEAVY),
        (How.DENY, rf"^PUT .*{STORE}", "allow s3:PutObject there"),
        pytest.param(
            How.DENY,
            rf"^GET .*{CAPTURES}",
            "allow s3:GetObject and s3:ListBucket there",
            marks=pytest.mark.heavy,
        ),
        (How.DENY, r"^GET .*list-type=2&prefix=store", "allow s3:ListBucket there"),
    ],
)
def test_what_goes_on_failing_is_told_and_mended_by_the_next_run(
    travelled: Travelled, remote: World, shaky: Proxy, how: How, request_: str, sentence: str
) -> None:
    """One sentence with the place, exit 5; no run that is not whole; then all is as if never."""
    shaky.fault(how, request_, seconds=1.0)
    told = remote.run("monitor", *FOURTH)
    assert (5, True) == (told.code, sentence in told.error), told.err
    assert "s3://" in told.error
    runs_of(remote)

    shaky.heal()
    assert 0 == remote.run("monitor").code
    found = runs_of(remote)
    assert undisturbed(travelled) == {k: d for k, d in found.items() if _is_of_fourth(k)}
    assert len(runs_of(travelled[0])) == len(found)


def test_a_store_that_stays_away_ends_the_run_in_time(remote: World, shaky: Proxy) -> None:
    """Everything is dropped: a few attempts, one sentence."""
    shaky.fault(How.DROP, "")
    told = remote.run("monitor")
    assert (5, True) == (told.code, told.error.startswith("cannot "))
