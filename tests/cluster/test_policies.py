"""The policies of the page, against what jobs and scripts really ask of S3: all of it, no more."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from tests.cluster.conftest import ServedCluster, application, emr_cluster
from tests.cluster.iam import Asked, actions, allowing, asked_of_emr, asked_of_s3, policies
from tests.e2e.world import (
    World,
    capture_file,
    captures,
    conf_of,
    hour_key,
    put,
    rows,
    tidegauge,
    training,
    write_conf,
)
from tests.faults.proxy import Proxy, proxy

from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server

ROOT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::123456789012:role/tidegauge-job"
RETENTION = {"runs": "1d", "rejected": "1d", "profiles": "1d"}


@pytest.fixture
def asking(s3: S3Server) -> Iterator[Proxy]:
    """A proxy in front of S3 that writes down what it is asked."""
    with proxy(s3.endpoint) as listening:
        yield listening


@pytest.fixture
def remote(s3: S3Server, asking: Proxy, bucket: str, tmp_path: Path) -> World:
    """A monitor as the page has it: data, the store and the bundle's confs in three folders."""
    broken = {hour_key("blue", 1, 5): capture_file(rows(1, 30), 1, 5) + b"{broken\n"}
    data = put(f"{bucket}/data", training() | captures() | broken, s3.settings)
    settings = {"endpoint": asking.endpoint, "region": s3.region}
    conf = conf_of(
        data, f"{bucket}/monitoring", s3=settings, retention=RETENTION, profile="1d",
        max_rejected=0.1,
    )  # fmt: skip
    path = Path(write_conf(tmp_path, conf))
    return World(data, f"{bucket}/monitoring", str(path), s3.settings)


def denied(policy: dict[str, object], asked: list[Asked]) -> set[Asked]:
    """What the policy does not allow."""
    return {one for one in asked if not allowing(policy, one)}


def test_a_job_asks_what_its_policy_allows_and_no_more(
    remote: World, asking: Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All commands that work on a store; nothing is put or deleted outside it."""
    conf = f"{bucket}/tidegauge/confs/conf.yaml"
    put(bucket, {"tidegauge/confs/conf.yaml": Path(remote.conf).read_bytes()}, remote.settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", asking.endpoint)
    for command in ("doctor", "check", "baseline", "monitor", "report", "status", "clean"):
        told = tidegauge(command, conf)
        assert 0 == told.code, told.err
    name = bucket.removeprefix("s3://")
    policy = policies(name)["As what the job runs"]
    asked = list(asked_of_s3(asking.sent))

    assert set() == denied(policy, asked)
    used = {(sid, one.action) for one in asked for sid in allowing(policy, one)}
    listed = {(s["Sid"], a) for s in policy["Statement"] for a in s["Action"]}
    assert {("Logs", "s3:PutObject")} == listed - used  # the service puts these
    changed = {one.resource for one in asked if one.action in {"s3:PutObject", "s3:DeleteObject"}}
    store = f"arn:aws:s3:::{name}/monitoring/"
    assert [] == [resource for resource in changed if not resource.startswith(store)]


@pytest.mark.usefixtures("control")
def test_who_submits_asks_what_the_policy_allows_and_no_more(
    s3: S3Server, remote: World, asking: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle and the conf are put, logs and records are read; the job's own asking aside."""
    import bundle
    import submit

    bucket = remote.store.rpartition("/")[0]
    assert 0 == remote.run("baseline").code
    asking.sent.clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", asking.endpoint)
    packed = tmp_path / "environment.tar.gz"
    packed.write_bytes(b"a whole Python")
    uri = bundle.put(f"{bucket}/tidegauge", packed)

    def run(words: list[str]) -> int:
        straight = ("--set", f"s3.endpoint={s3.endpoint}")
        confs = next(word for word in words if "/confs/" in word)
        copy = tmp_path / "conf-of-the-job.yaml"
        copy.write_bytes(storage_for(confs, s3.settings).read(confs))
        return tidegauge("monitor", str(copy), *straight).code

    logs = f"{bucket}/logs"
    served = _Straight(run, logs, s3)
    quick = ("--poll", "0.05", "--log-timeout", "5", "--out", str(tmp_path / "out"))
    id_ = emr_cluster(logs)
    thread = served.serve_emr(id_)
    job = ("monitor", remote.conf, "--bundle", uri)
    assert 0 == submit.main(["emr", *job, "--cluster", id_, *quick])
    thread.join()
    id_ = application()
    thread = served.serve_serverless(id_)
    where = ("--application", id_, "--role", ROLE, "--logs", logs)
    assert 0 == submit.main(["emr-serverless", *job, *where, *quick])
    thread.join()

    policy = policies(bucket.removeprefix("s3://"))["Who submits"]
    asked = list(asked_of_s3(asking.sent))
    assert set() == denied(policy, asked)
    used = {(sid, one.action) for one in asked for sid in allowing(policy, one)}
    assert used == {
        ("Bundle", "s3:GetObject"), ("Bundle", "s3:PutObject"), ("LogsAndRecords", "s3:GetObject"),
        ("Listing", "s3:ListBucket"),
    }  # fmt: skip


class _Straight(ServedCluster):
    """A cluster whose own puts go to the server itself."""

    def __init__(self, run: object, logs: str, s3: S3Server) -> None:
        super().__init__(run, logs)  # type: ignore[arg-type]
        self._s3 = s3

    def _put(self, uri: str, text: bytes) -> None:  # type: ignore[override]
        storage_for(uri, self._s3.settings).write(uri, gzip.compress(text))


@pytest.mark.usefixtures("control")
def test_the_clients_of_emr_ask_what_the_policy_allows(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From submitting to the end, by requests that were really made."""
    from clusters import Emr, EmrServerless
    from submission import Submission

    submission = Submission("s3://b/bundle", "report", "s3://b/conf.yaml", (), {})
    with proxy(os.environ["AWS_ENDPOINT_URL_EMR"]) as planes:
        for service in ("EMR", "EMR_SERVERLESS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", planes.endpoint)
        cluster, application_ = emr_cluster(f"{bucket}/logs"), application()
        planes.sent.clear()
        session = boto3.Session(region_name="us-east-1")
        for one in (
            Emr(session.client("emr"), cluster),
            EmrServerless(session.client("emr-serverless"), application_, ROLE, f"{bucket}/logs"),
        ):
            id_ = one.submit(submission)
            one.end(id_)
            one.logs(id_)
    emr = {a for a in actions(policies()["Who submits"]) if not a.startswith(("s3:", "iam:"))}
    assert emr == asked_of_emr(planes.sent)


def test_what_alerts_ask_is_on_the_page() -> None:
    """The permissions that messages of the sinks name are those of the policy and the sentence."""
    named = set()
    for path in (ROOT / "src" / "tidegauge" / "sinks").rglob("*.py"):
        services = "sns|events|secretsmanager|cloudwatch"
        named |= set(re.findall(rf"\b(?:{services}):[A-Z]\w+", path.read_text(encoding="utf-8")))
    assert named == actions(policies()["What alerts add"]) | {"cloudwatch:PutMetricData"}


def test_no_resource_is_everything() -> None:
    """Neither a resource nor an action is a star."""
    for policy in policies().values():
        assert not [action for action in actions(policy) if "*" in action]
        assert not [one for one in policy["Statement"] if "*" in one["Resource"]]


def test_a_listing_without_a_prefix_is_allowed_only_by_if_exists() -> None:
    """The evaluator knows the difference that the page explains."""
    asked = Asked("s3:ListBucket", "arn:aws:s3:::my-bucket")
    found = policies()
    assert ["Listing"] == allowing(found["As what the job runs"], asked)
    assert [] == allowing(found["Who only reads reports"], asked)
    elsewhere = Asked("s3:ListBucket", "arn:aws:s3:::my-bucket", "other/")
    assert [] == allowing(found["As what the job runs"], elsewhere)
