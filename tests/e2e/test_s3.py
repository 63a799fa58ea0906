"""The road with everything on S3: data, captures and store, against a real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.world import (
    World,
    capture_file,
    captures,
    conf_of,
    day_rows,
    hour_key,
    program,
    put,
    run_key,
    tidegauge,
    training,
    world,
    write_conf,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import Files, Travelled
    from tests.s3_server import S3Server

JOBS = ("baseline", "monitor", "report")


@pytest.fixture
def remote(s3: S3Server, bucket: str, tmp_path: Path) -> World:
    """A world in a bucket; only its conf is a local file, which names the server."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    return World(data, f"{bucket}/store", conf, s3.settings)


def content(files: Files) -> dict[str, Any]:
    """What must be the same wherever data and store lie.

    run.json differs in two digests: S3 tags a file with its ETag, a disk with its time; and the
    conf names other places.
    """
    found: dict[str, Any] = {}
    for key, data in files.items():
        found[key] = json.loads(data) if key.endswith("/run.json") else data
        if key.endswith("/run.json"):
            del found[key]["inputs"]["digest"], found[key]["conf_digest"]
    return found


def test_the_round_trip_gives_what_a_folder_has(travelled: Travelled, remote: World) -> None:
    """Baseline, monitor, report: every document of the store, byte for byte but for two digests."""
    told = {job: remote.run(job) for job in JOBS}

    assert [0, 0, 0] == [told[job].code for job in JOBS]
    assert {job: words.out.replace(travelled[0].store, remote.store).splitlines()[-1]
            for job, words in travelled[1].items()} == {
        job: words.out.splitlines()[-1] for job, words in told.items()
    }  # fmt: skip
    assert content(travelled[0].stored()) == content(remote.stored())

    before = remote.stored()
    assert remote.run("monitor").out.startswith("no complete window is waiting")
    assert 0 == remote.run("monitor", "--window", "2024-03-04/P1D").code
    assert 0 == remote.run("report").code
    assert before == remote.stored()


def test_what_changed_is_taken_back(remote: World) -> None:
    """Rejected records come and go, and so do a violations file and its lines."""
    again = ("--window", "2024-03-04/P1D", "--variant", "green", "--set", "max_rejected=0.1")
    for job in ("baseline", "monitor", "report"):
        remote.run(job)
    mended = capture_file(day_rows("blue", 4, 5), 4, 5)
    put(remote.data, {hour_key("green", 4, 5): mended + b"{broken\n"}, remote.settings)
    put(remote.data, {hour_key("green", 4, 17): mended}, remote.settings)
    assert 0 == remote.run("monitor", *again).code
    keys = remote.stored().keys()

    assert 1 == sum(key.startswith("rejected/") for key in keys)
    assert run_key("green", 4, "constraint_violations.json") not in keys
    assert [] == [key for key in keys if key.endswith("_green.json")]
    put(remote.data, {hour_key("green", 4, 5): mended}, remote.settings)
    remote.run("monitor", *again)
    assert [] == [key for key in remote.stored() if key.startswith("rejected/")]


def test_show_and_check_read_from_s3(
    remote: World, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`show` has no conf: the endpoint comes from the environment, as for the AWS tools."""
    remote.run("baseline")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    pinned = remote.document("baseline/current.json")["baseline"]
    where = f"{remote.store}/flights/baseline/{pinned}/data_quality/statistics.json"

    assert (0, True) == (remote.run("check").code, "400 rows" in remote.run("check").out)
    assert (0, True) == (tidegauge("show", where).code, "seats" in tidegauge("show", where).out)


def test_spark_reads_captures_and_writes_rejects_on_s3(
    s3: S3Server, remote: World, tmp_path: Path
) -> None:
    """The workers do; the same documents as engine local makes in a folder."""
    broken = {hour_key("blue", 1, 5): capture_file(day_rows("blue", 1, 5), 1, 5) + b"{broken\n"}
    put(remote.data, broken, s3.settings)
    twin = world(tmp_path / "twin")
    put(twin.data, broken)
    allowed = ("--set", "max_rejected=0.05")
    for made in (remote, twin):
        made.run("baseline")
    told = program("monitor", remote.conf, *allowed, "--engine", "spark", "--master", "local[2]")
    twin.run("monitor", *allowed)

    assert 0 == told.code, told.err
    assert told.out.startswith("12 windows checked: 2 with violations, 0 failed")
    assert content(twin.stored()) == content(remote.stored())
    assert any(key.startswith("rejected/") for key in remote.stored())


def test_a_store_that_is_not_there_is_named(s3: S3Server, data: str, tmp_path: Path) -> None:
    """No such bucket: trying again does not help. No such server: it may."""
    settings = {"endpoint": s3.endpoint, "region": s3.region}
    made = world(tmp_path, data, s3=settings)
    elsewhere = ("baseline", "--set", "store=s3://no-such-bucket/store")
    for command in ("baseline", "monitor", "report", "status"):
        told = made.run(command, *elsewhere[1:])
        assert (4, True) == (told.code, "s3://no-such-bucket/store" in told.error)
        assert "there is no such bucket" in told.error

    told = made.run(*elsewhere, "--set", "s3.endpoint=http://127.0.0.1:9", "--set", "s3.attempts=1")
    assert (5, True) == (told.code, "s3://no-such-bucket/store" in told.error)
