"""What status and the doctor say where S3 refuses: a prefix, a region, a key, or everything."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import World, captures, conf_of, put, training, write_conf
from tests.faults.proxy import How, Proxy, proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.world import Told
    from tests.s3_server import S3Server

READ = "allow s3:GetObject"
DENIED = [
    (r"^PUT .*/store/", {"store, write": "allow s3:PutObject there"}),
    (r"^GET .*/store/", {"store, read": READ}),
    (r"list-type=2&prefix=store", {"store, list": "allow s3:ListBucket there"}),
    (r"^(POST|DELETE) ", {"store, delete": "allow s3:DeleteObject there"}),
    (r"^(GET|HEAD) .*/training/", {"training.uri": READ}),
    (r"list-type=2&prefix=data%2Fcaptures", {"captures.uri": "allow s3:ListBucket there"}),
    (
        r"",
        {
            "store, write": "allow s3:PutObject there",
            "store, list": "allow s3:ListBucket there",
            "training.uri": "allow s3:GetObject and s3:ListBucket there",
            "captures.uri": "allow s3:GetObject and s3:ListBucket there",
        },
    ),
]


@pytest.fixture
def shaky(s3: S3Server) -> Iterator[Proxy]:
    """A proxy in front of the server."""
    with proxy(s3.endpoint) as listening:
        yield listening


@pytest.fixture
def remote(s3: S3Server, shaky: Proxy, bucket: str, tmp_path: Path) -> World:
    """A monitor all of which lies in the bucket, asked for through the proxy."""
    data = put(f"{bucket}/data", training() | captures(), s3.settings)
    settings = {"endpoint": shaky.endpoint, "region": s3.region, "attempts": 2}
    conf = write_conf(tmp_path, conf_of(data, f"{bucket}/store", s3=settings))
    made = World(data, f"{bucket}/store", conf, s3.settings)
    assert 0 == made.run("baseline").code
    return made


def faults(told: Told) -> dict[str, str]:
    """What the doctor found wrong, and its sentence."""
    lines = (line for line in told.out.splitlines() if line.startswith("FAULT "))
    return {what: found for what, _, found in (line[6:].partition(": ") for line in lines)}


def test_the_doctor_names_the_prefix_and_the_permission(remote: World, shaky: Proxy) -> None:
    """Each alone, and all at once; what is allowed is found to be well."""
    for request, expected in DENIED:
        shaky.heal()
        shaky.fault(How.DENY, request)
        told = remote.run("doctor")
        found = faults(told)
        assert (5, list(expected)) == (told.code, list(found)), request
        for what, words in expected.items():
            assert words in found[what]
            assert "s3://" in found[what]


def test_a_baseline_names_what_it_may_not_read(remote: World, shaky: Proxy) -> None:
    """pyarrow reads the Parquet files: its words, and the permission."""
    shaky.fault(How.DENY, r"^(GET|HEAD) .*/training/")
    told = remote.run("baseline")
    assert (5, True) == (told.code, READ in told.error)
    assert "/training/part-0.parquet" in told.error


def test_status_names_what_it_may_not_read(remote: World, shaky: Proxy) -> None:
    """The store: exit 5. The captures: only that nobody knows what is missed."""
    shaky.fault(How.DENY, r"^GET .*/store/")
    told = remote.run("status")
    assert (5, True) == (told.code, "s3:GetObject and s3:ListBucket there" in told.error)

    shaky.heal()
    shaky.fault(How.DENY, r"list-type=2&prefix=data%2Fcaptures")
    told = remote.run("status")
    assert 0 == told.code
    assert "allow s3:ListBucket there" in re.sub(r"[│\s]+", " ", told.out)


@pytest.mark.parametrize(
    ("environment", "settings", "code", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, {}, 5,
         {"credentials": "there are no AWS credentials",
          "store, write": "set the environment's, a profile's (`s3.profile`), or give this"}),
        ({"AWS_SECRET_ACCESS_KEY": "another"}, {}, 5,
         {"store, write": "SignatureDoesNotMatch", "training.uri": "check the credentials"}),
        ({}, {"profile": "nobody"}, 2,
         {"credentials": "The config profile (nobody) could not be found",
          "store, write": "profile: nobody"}),
        ({}, {"endpoint": "http://127.0.0.1:9", "attempts": 1}, 5,
         {"store, write": "check the endpoint, the network"}),
    ],
    ids=["none", "wrong", "profile", "server"],
)  # fmt: skip
def test_what_credentials_lack_is_told(
    remote: World,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str | None],
    settings: dict[str, object],
    code: int,
    words: dict[str, str],
) -> None:
    """By findings, never by a traceback; and by status in one sentence."""
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    given = [word for k, v in settings.items() for word in ("--set", f"s3.{k}={v}")]
    told = remote.run("doctor", *given)
    found = faults(told)
    assert code == told.code
    assert dict.fromkeys(words, True) == {
        what: sentence in found[what] for what, sentence in words.items()
    }
    status = remote.run("status", *given)
    assert (code, True) == (status.code, bool(status.error))


def test_a_package_that_is_missing_is_a_finding(
    remote: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without boto3 nothing on S3 can be looked at: each line says what to install."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    told = remote.run("doctor")
    found = faults(told)
    assert 2 == told.code
    assert {"credentials", "store, write", "training.uri", "captures.uri"} <= set(found)
    assert all("pip install 'tidegauge[aws]'" in sentence for sentence in found.values())


def test_labels_are_looked_at_too(remote: World, shaky: Proxy) -> None:
    """They may not be there yet, but must be allowed to be listed."""
    labels = remote.data + "/labels"
    given = ("--set", f"ground_truth={{uri: {labels}, format: sagemaker}}",
             "--set", "model_quality={problem: regression, prediction: score}")  # fmt: skip
    told = remote.run("doctor", *given)
    assert "ok    ground_truth.uri" in told.out, told.err
    assert "nothing is there yet" in told.out
    shaky.fault(How.DENY, r"list-type=2&prefix=data%2Flabels")
    assert ["ground_truth.uri"] == list(faults(remote.run("doctor", *given)))


def test_a_wrong_region_is_named(remote: World, s3: S3Server) -> None:
    """boto3 follows the server's hint to the right one, pyarrow does not: it is told by that."""
    if s3.kind == "moto":
        pytest.skip("moto takes any region")
    found = faults(remote.run("doctor", "--set", "s3.region=eu-central-1"))
    assert ["training.uri", "captures.uri"] == list(found)
    assert all("set `s3.region`, or AWS_REGION" in sentence for sentence in found.values())
