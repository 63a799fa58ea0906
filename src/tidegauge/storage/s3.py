"""Storage on S3, or on a server that speaks its protocol; the one module that needs boto3."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tidegauge.errors import StorageError, UsageError
from tidegauge.storage.contract import FROM_ENVIRONMENT, Entry, NotFound, S3Settings
from tidegauge.storage.uri import split_s3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef
    from pyarrow.fs import S3FileSystem

_ADDRESSING: Mapping[bool | None, Literal["auto", "path", "virtual"]] = {
    None: "auto",
    True: "path",
    False: "virtual",
}
_BULK = 1000  # keys that one DeleteObjects request may name
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_DENIED = {"AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
_PERMISSION = {
    "read": "s3:GetObject and s3:ListBucket",
    "write": "s3:PutObject",
    "delete": "s3:DeleteObject",
    "list": "s3:ListBucket",
}
_AWS_HOST = re.compile(r"^s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$")
# Where pyarrow finds, and renews, the same credentials as boto3 by itself.
_SHARED_SOURCES = {"env", "iam-role", "container-role", "assume-role-with-web-identity"}


@dataclass(frozen=True, slots=True)
class S3Storage:
    """Objects of S3 buckets; each write is one put, which S3 makes visible whole or not at all."""

    settings: S3Settings = FROM_ENVIRONMENT

    def read(self, uri: str) -> bytes:
        bucket, key = split_s3(uri)
        with _explained("read", uri):
            return client(self.settings).get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(self, uri: str, data: bytes) -> None:
        bucket, key = split_s3(uri)
        with _explained("write", uri):
            client(self.settings).put_object(Bucket=bucket, Key=key, Body=data)

    def delete(self, uris: Iterable[str]) -> None:
        for bucket, group in groupby(map(split_s3, uris), key=lambda location: location[0]):
            keys = (key for _, key in group)
            while bulk := list(islice(keys, _BULK)):
                self._delete(bucket, bulk)

    def _delete(self, bucket: str, keys: list[str]) -> None:
        with _explained("delete", f"s3://{bucket}/{keys[0]}"):
            answer = client(self.settings).delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        for error in answer.get("Errors", []):
            if error.get("Code") not in _ABSENT:
                reason = f"{error.get('Code')} ({error.get('Message')})"
                raise _failure("delete", f"s3://{bucket}/{error.get('Key')}", reason)

    def files(self, prefix_uri: str) -> Iterator[Entry]:
        for page, prefix in self._pages(prefix_uri):
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):  # else the marker of an empty folder
                    key = item["Key"].removeprefix(prefix)
                    yield Entry(key, item["Size"], item["ETag"].strip('"'), item["LastModified"])

    def folders(self, prefix_uri: str) -> tuple[str, ...]:
        names = (
            item["Prefix"].removeprefix(prefix).rstrip("/")
            for page, prefix in self._pages(prefix_uri, delimiter="/")
            for item in page.get("CommonPrefixes", [])
        )
        return tuple(sorted(names))

    def exists(self, uri: str) -> bool:
        bucket, key = split_s3(uri)
        try:
            with _explained("read", uri):
                client(self.settings).head_object(Bucket=bucket, Key=key)
        except NotFound:
            return False
        return True

    def _pages(
        self, prefix_uri: str, delimiter: str = ""
    ) -> Iterator[tuple[ListObjectsV2OutputTypeDef, str]]:
        """The pages of a listing, each with the prefix that its keys begin with."""
        bucket, key = split_s3(prefix_uri)
        prefix = f"{key.rstrip('/')}/" if key else ""
        with _explained("list", prefix_uri):
            pages = client(self.settings).get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter):
                yield page, prefix


def client(settings: S3Settings) -> S3Client:
    """This process's client for these settings; safe to share between threads, not with a fork.

    Raises:
        UsageError: the endpoint is no URL, or the profile is not in the AWS configuration.
    """
    return _client(settings, os.getpid())


@cache
def _client(settings: S3Settings, _: int) -> S3Client:
    """A client, made once a process.

    Raises:
        UsageError: the endpoint is no URL, or the profile is not in the AWS configuration.
    """
    config = Config(
        retries={"mode": "standard"}, s3={"addressing_style": _ADDRESSING[settings.path_style]}
    )
    try:
        session = boto3.Session(profile_name=settings.profile, region_name=settings.region)
        return session.client("s3", endpoint_url=settings.endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"the S3 settings do not work: {error}; correct {settings}") from error


def identity(settings: S3Settings) -> str:
    """Where the credentials come from, and whose key they are; never the secret.

    Raises:
        UsageError: there are none.
    """
    found = boto3.Session(profile_name=settings.profile).get_credentials()
    if found is None:
        raise UsageError(
            "there are no AWS credentials: expected the environment's, a profile's (`s3.profile`) "
            "or a role's"
        )
    return f"{found.method}, access key {found.get_frozen_credentials().access_key}"


def filesystem(settings: S3Settings, bucket: str) -> S3FileSystem:
    """pyarrow's view of the bucket's server, as boto3 resolves endpoint, region and credentials."""
    from pyarrow.fs import S3FileSystem

    s3 = client(settings)
    endpoint = urlsplit(s3.meta.endpoint_url)
    # Where boto3 would: AWS's own hosts have the bucket in their name, unless a dot forbids it.
    virtual = bool(_AWS_HOST.match(endpoint.hostname or "")) and "." not in bucket
    if settings.path_style is not None:
        virtual = not settings.path_style
    return S3FileSystem(
        endpoint_override=endpoint.netloc,
        scheme=endpoint.scheme,
        region=s3.meta.region_name,
        force_virtual_addressing=virtual,
        **_credentials(settings),
    )


def _credentials(settings: S3Settings) -> dict[str, str | None]:
    found = boto3.Session(profile_name=settings.profile).get_credentials()
    if found is None or found.method in _SHARED_SOURCES:
        return {}
    frozen = found.get_frozen_credentials()
    return {
        "access_key": frozen.access_key,
        "secret_key": frozen.secret_key,
        "session_token": frozen.token,
    }


@contextmanager
def _explained(operation: str, uri: str) -> Iterator[None]:
    """Turn what boto3 raises into our errors: the place, the reason, what to do."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        if code in _ABSENT:
            raise NotFound(f"cannot {operation} {uri}: there is no such object") from None
        if code == "NoSuchBucket":
            raise NotFound(
                f"cannot {operation} {uri}: there is no such bucket; make it, or correct the name"
            ) from None
        message = error.response.get("Error", {}).get("Message", "")
        raise _failure(operation, uri, f"{code} ({message})") from error
    except ParamValidationError:
        raise UsageError(f"cannot {operation} {uri}: that is no valid bucket and key") from None
    except BotoCoreError as error:
        raise _failure(operation, uri, str(error)) from error


def _failure(operation: str, uri: str, reason: str) -> StorageError:
    if reason.split(" ", maxsplit=1)[0] in _DENIED:
        advice = f"check the credentials, and that they allow {_PERMISSION[operation]} there"
    else:
        advice = "check the endpoint, the network and the credentials, then try again"
    return StorageError(f"cannot {operation} {uri}: {reason}; {advice}")
