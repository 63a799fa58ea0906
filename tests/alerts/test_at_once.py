"""Reports at the same time, in processes of their own: each receiver hears of a change once."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.alerts.conftest import receiving
from tests.e2e.world import World, conf_of, put, stored, write_conf
from tests.faults.leased import until_lapsed
from tests.faults.racing import awake, race, stopped

from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.alerts.conftest import Receiver
    from tests.s3_server import S3Server

LEDGER = "alerts/data_quality/delivered.json"
LEASE_SECONDS = 2.0


@contextmanager
def told(made: World) -> Iterator[tuple[Receiver, Receiver, dict[str, str]]]:
    """Two receivers that the conf names, and the environment that has their addresses."""
    path = Path(made.conf)
    alerts = {"slack": {"url": {"env": "SLACK"}}, "webhook": {"url": {"env": "HOOK"}}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"alerts": alerts}))
    with receiving() as slack, receiving() as hook:
        yield slack, hook, {"SLACK": slack.url, "HOOK": hook.url}


@pytest.fixture
def remote(s3: S3Server, bucket: str, moved: World, tmp_path: Path) -> World:
    """The store of a travelled world in a bucket, where claims lapse soon."""
    store = put(f"{bucket}/store", stored(moved.store), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region, "lease": LEASE_SECONDS}
    conf = write_conf(tmp_path / "remote", conf_of(moved.data, store, s3=settings))
    return World(moved.data, store, conf, s3.settings)


@pytest.mark.parametrize(("place", "rounds"), [("moved", 2), ("remote", 2)])
def test_two_reports_at_once_tell_each_change_once(
    s3: S3Server, place: str, rounds: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The second waits for the first, and then finds that everyone knows."""
    made: World = request.getfixturevalue(place)
    with told(made) as (slack, hook, environment):
        for number in range(1, rounds + 1):
            call = ("report", made.conf)
            assert [0, 0] == race([call] * 2, tmp_path / "log", environment | s3.credentials)
            assert (number, number) == (len(slack.got), len(hook.got))
            ids = [change["id"] for change in hook.got[-1]["changes"]]
            ledger = made.document(LEDGER)["incidents"]
            assert sorted(ids) == sorted(one["id"] for one in ledger["webhook"].values())
            uri = f"{made.store}/flights/{LEDGER}"
            storage_for(uri, made.settings).delete([uri])  # so that all is news once more
    assert not [key for key in made.stored() if key.startswith("claims/")]


def test_a_report_that_slept_over_its_lease_tells_nobody_any_more(
    s3: S3Server, remote: World, tmp_path: Path
) -> None:
    """It had told Slack, and fell asleep before it noted that: only that is told twice, by one id.

    What the other report has noted stays.
    """
    with told(remote) as (slack, hook, environment):
        call = ("report", remote.conf)
        env = environment | s3.credentials
        with stopped(call, tmp_path / "log", env, b"/delivered.json") as sleeper:
            assert (1, 0) == (len(slack.got), len(hook.got))
            until_lapsed(remote, LEASE_SECONDS)
            assert [0] == race([call], tmp_path / "other", env)
            noted = remote.document(LEDGER)
            assert 0 == awake(sleeper)
        assert (2, 1) == (len(slack.got), len(hook.got))
        assert slack.got[0] == slack.got[1]
        assert noted == remote.document(LEDGER)
        assert [0] == race([call], tmp_path / "third", env)
        assert (2, 1) == (len(slack.got), len(hook.got))


def test_a_killed_report_holds_up_nobody(moved: World, tmp_path: Path) -> None:
    """In a folder its claim goes with it; the file that is left is no obstacle."""
    claim = Path(moved.store, "flights", "claims", ".report.claim")
    claim.parent.mkdir(parents=True, exist_ok=True)
    claim.write_text("somebody-1-20240301T000000.000000")
    assert [0] == race([("report", moved.conf)], tmp_path / "log", {})
    assert not claim.exists()
