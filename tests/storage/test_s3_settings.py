"""Encryption, and requests that are made again: what the server was asked for, and how often."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
import time_machine
from moto.server import ThreadedMotoServer
from tests.faults.proxy import How, Proxy, proxy

from tidegauge.errors import ExitCode, StorageError
from tidegauge.storage import Encryption, S3Settings, filesystem, join, storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3_server import S3Server

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def shaky(s3: S3Server) -> Iterator[Proxy]:
    """A proxy in front of the server."""
    with proxy(s3.endpoint) as listening:
        yield listening


@pytest.fixture
def moto(s3: S3Server) -> Iterator[S3Server]:
    """A server that tells how an object was asked to be encrypted; versitygw does not encrypt."""
    threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    threaded.start()
    try:
        _, port = threaded.get_host_and_port()
        yield replace(s3, kind="moto", endpoint=f"http://127.0.0.1:{port}")
    finally:
        threaded.stop()


@pytest.mark.parametrize(
    ("encryption", "kms_key", "expected"),
    [
        (Encryption.SSE_S3, None, ("AES256", None)),
        (Encryption.SSE_KMS, KEY, ("aws:kms", KEY)),
    ],
)
def test_what_is_put_is_encrypted_as_the_settings_say(
    moto: S3Server, encryption: Encryption, kms_key: str | None, expected: tuple[str, str | None]
) -> None:
    """The server's own record of the object; what is read is what was written."""
    bucket = moto.make_bucket("sealed")
    settings = replace(moto.settings, encryption=encryption, kms_key=kms_key)
    storage = storage_for(bucket, settings)
    storage.write(join(bucket, "x"), b"content")

    found = boto3.client("s3", endpoint_url=moto.endpoint).head_object(Bucket="sealed", Key="x")
    assert expected == (found["ServerSideEncryption"], found.get("SSEKMSKeyId"))
    assert b"content" == storage.read(join(bucket, "x"))


@pytest.mark.parametrize("how", [How.BUSY, How.DROP, How.DEAF, How.CUT])
def test_a_request_is_made_again_until_it_succeeds(s3: S3Server, shaky: Proxy, how: How) -> None:
    """Wrong once, then right: nobody notices. By boto3: a write, a listing, a read."""
    bucket = s3.make_bucket(f"again-{how.name.lower()}")
    settings = S3Settings(endpoint=shaky.endpoint, region=s3.region, attempts=3)
    storage = storage_for(bucket, settings)
    # The answer to a put has no body that could be cut.
    patterns = [r"^GET .*list-type", r"^GET .*/x", *([r"^PUT .*/x"] if how is not How.CUT else [])]
    faults = [shaky.fault(how, pattern, times=1) for pattern in patterns]
    storage.write(join(bucket, "x"), b"content" * 1000)

    assert ["x"] == [entry.key for entry in storage.files(bucket)]
    assert b"content" * 1000 == storage.read(join(bucket, "x"))
    assert {1} == {fault.hits for fault in faults}


@pytest.mark.parametrize("how", [How.FAIL, How.DROP])
def test_pyarrow_asks_again_too(s3: S3Server, shaky: Proxy, how: How) -> None:
    """The reader of large files and of Parquet."""
    uri = join(s3.make_bucket(f"arrow-{how.name.lower()}"), "x")
    storage_for(uri, s3.settings).write(uri, b"content" * 1000)
    fault = shaky.fault(how, r"^GET .*/x", times=1)
    opened, path = filesystem(uri, S3Settings(endpoint=shaky.endpoint, region=s3.region))
    with opened.open_input_file(path) as file:
        assert b"content" * 1000 == file.read()
    assert 1 == fault.hits


def test_attempts_are_counted_and_told(s3: S3Server, bucket: str, shaky: Proxy) -> None:
    """Two were allowed, two were made; the sentence has the place and the server's word."""
    settings = S3Settings(endpoint=shaky.endpoint, region=s3.region, attempts=2)
    fault = shaky.fault(How.BUSY, r"^GET .*/x")
    with pytest.raises(StorageError, match=r"cannot read s3://.*/x: SlowDown") as caught:
        storage_for(bucket, settings).read(join(bucket, "x"))
    assert (ExitCode.RETRY, 2) == (caught.value.exit_code, fault.hits)


def test_a_silent_server_is_left_after_the_time_out(
    s3: S3Server, bucket: str, shaky: Proxy
) -> None:
    """Half a second, not botocore's minute; with a second attempt it has answered."""
    storage_for(bucket, s3.settings).write(join(bucket, "x"), b"content")
    settings = S3Settings(endpoint=shaky.endpoint, region=s3.region, attempts=2, timeout=0.5)
    fault = shaky.fault(How.SLOW, r"^GET .*/x", times=1, seconds=1.5)
    assert b"content" == storage_for(bucket, settings).read(join(bucket, "x"))
    assert 1 == fault.hits


@pytest.mark.parametrize("hours", [-1, 1], ids=["behind", "ahead"])
def test_the_server_refuses_a_clock_that_is_an_hour_wrong(
    s3: S3Server, bucket: str, hours: int
) -> None:
    """By its own clock: the sentence says what to set. HEAD has no reason, so it names both."""
    if s3.kind == "moto":
        pytest.skip("moto does not look at the time of a signature")
    storage, uri = storage_for(bucket, s3.settings), join(bucket, "x")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        for request in (
            lambda: storage.write(uri, b""),
            lambda: storage.read(uri),
            lambda: list(storage.files(bucket)),
        ):
            with pytest.raises(StorageError, match=r"Skewed .*set the clock of this machine"):
                request()
        with pytest.raises(StorageError, match="and the clock of this machine"):
            storage.exists(uri)


def test_a_clock_that_is_wrong_is_named(s3: S3Server, bucket: str, shaky: Proxy) -> None:
    """S3 refuses signatures of another time: the sentence says to set the clock."""
    shaky.fault(How.SKEWED, r"^PUT ")
    settings = S3Settings(endpoint=shaky.endpoint, region=s3.region)
    with pytest.raises(StorageError, match="set the clock of this machine"):
        storage_for(bucket, settings).write(join(bucket, "x"), b"")


def test_keys_whose_deletion_failed_for_a_moment_are_deleted_again(
    s3: S3Server, bucket: str
) -> None:
    """S3 answers 200 with an error a key; the second request names the failed keys alone."""
    from tidegauge.storage import s3_client

    client = s3_client.client(s3.settings)
    asked: list[list[str]] = []

    def failing_once(params: dict[str, object], **_: object) -> None:
        body = params["body"]
        assert isinstance(body, bytes)
        asked.append(re.findall(r"<Key>(.*?)</Key>", body.decode()))

    def busy(parsed: dict[str, object], **_: object) -> None:
        if len(asked) == 1:
            parsed["Errors"] = [{"Key": "a", "Code": "SlowDown", "Message": "wait"}]

    client.meta.events.register("before-call.s3.DeleteObjects", failing_once)
    client.meta.events.register("after-call.s3.DeleteObjects", busy)
    try:
        storage_for(bucket, s3.settings).delete([join(bucket, "a"), join(bucket, "b")])
    finally:
        client.meta.events.unregister("before-call.s3.DeleteObjects", failing_once)
        client.meta.events.unregister("after-call.s3.DeleteObjects", busy)
    assert [["a", "b"], ["a"]] == asked
