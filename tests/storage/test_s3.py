"""What only S3 has: settings, credentials, denials, a server that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegauge.errors import ExitCode, StorageError, UsageError
from tidegauge.storage import NoBucket, S3Settings, filesystem, join, s3_client, storage_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3_server import S3Server


def test_a_missing_bucket_is_no_empty_folder(s3: S3Server) -> None:
    """A typing error in the store must not look like a store without runs."""
    storage = storage_for("s3://no-such-bucket/x", s3.settings)
    for operate in (
        lambda: list(storage.files("s3://no-such-bucket/x")),
        lambda: storage.folders("s3://no-such-bucket/x"),
        lambda: storage.write("s3://no-such-bucket/x", b""),
        lambda: storage.delete(["s3://no-such-bucket/x"]),
        lambda: storage.read("s3://no-such-bucket/x"),
        lambda: storage.tagged("s3://no-such-bucket/x"),
    ):
        with pytest.raises(NoBucket, match="there is no such bucket"):
            operate()


def test_a_server_that_is_not_there_is_safe_to_try_again() -> None:
    """Nothing listens on the port: the sentence has the location and what to check."""
    settings = S3Settings(endpoint="http://127.0.0.1:9", region="us-east-1", attempts=2)
    with pytest.raises(StorageError, match=r"cannot read s3://bucket/x: .* check the") as caught:
        storage_for("s3://bucket/x", settings).read("s3://bucket/x")
    assert caught.value.exit_code is ExitCode.RETRY


@pytest.mark.parametrize(
    "settings",
    [S3Settings(endpoint="not a url"), S3Settings(profile="no-such-profile")],
    ids=["endpoint", "profile"],
)
@pytest.mark.usefixtures("s3")
def test_wrong_settings_are_a_matter_of_usage(settings: S3Settings) -> None:
    """Found when the client is made."""
    with pytest.raises(UsageError, match="the S3 settings do not work"):
        storage_for("s3://bucket/x", settings).read("s3://bucket/x")


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://my bucket/x"])
def test_a_location_that_is_no_object_is_a_matter_of_usage(s3: S3Server, uri: str) -> None:
    """A bucket alone, and a bucket with a name that none can have."""
    with pytest.raises(UsageError, match="no valid bucket and key"):
        storage_for(uri, s3.settings).read(uri)


@pytest.fixture
def profile(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile with the server's keys, in a process that has no other credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        f"[tide]\naws_access_key_id={s3.access_key}\naws_secret_access_key={s3.secret_key}\n"
        f"[stranger]\naws_access_key_id={s3.access_key}\naws_secret_access_key=wrong\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return "tide"


def test_a_profile_gives_credentials_to_boto3_and_pyarrow(
    s3: S3Server, bucket: str, profile: str
) -> None:
    """The same keys for both readers."""
    settings = S3Settings(endpoint=s3.endpoint, region=s3.region, profile=profile)
    uri = join(bucket, "x")
    storage_for(uri, settings).write(uri, b"content")
    opened, path = filesystem(uri, settings)
    with opened.open_input_file(path) as file:
        assert b"content" == file.read()


@pytest.mark.usefixtures("profile")
def test_a_denied_request_names_the_permission(s3: S3Server, bucket: str) -> None:
    """A wrong key, as a missing right, is the world's fault; the sentence says what is needed."""
    if s3.kind == "moto":
        pytest.skip("moto accepts any key")
    settings = S3Settings(endpoint=s3.endpoint, region=s3.region, profile="stranger")
    uri = join(bucket, "x")
    with pytest.raises(StorageError, match=r"they allow s3:PutObject there"):
        storage_for(uri, settings).write(uri, b"")


def test_the_endpoint_may_come_from_the_environment(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ENDPOINT_URL_S3 is enough, for boto3 and for pyarrow."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    s3_client._client.cache_clear()
    uri = join(bucket, "x")
    try:
        storage_for(uri).write(uri, b"content")
        opened, path = filesystem(uri)
        with opened.open_input_file(path) as file:
            assert b"content" == file.read()
    finally:
        s3_client._client.cache_clear()


def test_markers_of_empty_folders_are_no_files(s3: S3Server, bucket: str) -> None:
    """The console and s3a leave objects whose key ends with a slash."""
    s3_client.client(s3.settings).put_object(Bucket=bucket.removeprefix("s3://"), Key="a/b/")
    storage = storage_for(bucket, s3.settings)
    storage.write(join(bucket, "a/x"), b"")
    assert ["x"] == [entry.key for entry in storage.files(join(bucket, "a"))]
