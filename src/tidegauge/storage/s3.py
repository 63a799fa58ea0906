"""Storage on S3, or on a server that speaks its protocol; the one module that needs boto3."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tidegauge.errors import StorageError, UsageError
from tidegauge.storage.advice import advice
from tidegauge.storage.contract import (
    FROM_ENVIRONMENT,
    Encryption,
    Entry,
    NoBucket,
    NotFound,
    S3Settings,
)
from tidegauge.storage.s3_client import client
from tidegauge.storage.uri import split_s3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_BULK = 1000  # keys that one DeleteObjects request may name
_ABSENT = {"NoSuchKey", "404", "NotFound"}
# A conditional put of which the condition does not hold, or that met another one.
_NOT_SO = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchKey"}
_PASSING = {"InternalError", "ServiceUnavailable", "SlowDown"}  # of a key, in an answer of 200
_NEEDED = {
    "read": "s3:GetObject and s3:ListBucket",
    "write": "s3:PutObject",
    "delete": "s3:DeleteObject",
    "list": "s3:ListBucket",
}
# The body comes after botocore has judged the answer, so that what breaks it is ours to try again.
_BROKEN_BODY = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
_LONGEST_WAIT_SECONDS = 8.0


class _Encryption(TypedDict, total=False):
    ServerSideEncryption: Literal["AES256", "aws:kms"]
    SSEKMSKeyId: str


@dataclass(frozen=True, slots=True)
class S3Storage:
    """Objects of S3 buckets; each write is one put, which S3 makes visible whole or not at all."""

    settings: S3Settings = FROM_ENVIRONMENT

    def read(self, uri: str) -> bytes:
        return self._get(uri)[0]

    def _get(self, uri: str) -> tuple[bytes, str]:
        with explained("read", uri):
            for attempt in range(1, self.settings.attempts):
                try:
                    return self._get_once(uri)
                except _BROKEN_BODY:
                    _wait(attempt)
            return self._get_once(uri)

    def _get_once(self, uri: str) -> tuple[bytes, str]:
        bucket, key = split_s3(uri)
        answer = client(self.settings).get_object(Bucket=bucket, Key=key)
        return answer["Body"].read(), answer["ETag"]

    def write(self, uri: str, data: bytes) -> None:
        bucket, key = split_s3(uri)
        with explained("write", uri):
            client(self.settings).put_object(
                Bucket=bucket, Key=key, Body=data, **_encryption(self.settings)
            )

    def create(self, uri: str, data: bytes) -> bool:
        # An answer that was lost looks like another's object: the content tells.
        return bool(put_if(self.settings, uri, data, IfNoneMatch="*")) or self.read(uri) == data

    def tagged(self, uri: str) -> tuple[bytes, str]:
        try:
            return self._get(uri)
        except NotFound:
            return b"", ""

    def replace(self, uri: str, data: bytes, tag: str) -> str:
        condition: Condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        replaced = put_if(self.settings, uri, data, **condition)
        if not replaced:
            there, its_tag = self.tagged(uri)
            return its_tag if there == data else ""  # as in `create`
        return replaced

    def delete(self, uris: Iterable[str]) -> None:
        for bucket, group in groupby(map(split_s3, uris), key=lambda location: location[0]):
            keys = (key for _, key in group)
            while bulk := list(islice(keys, _BULK)):
                self._delete(bucket, bulk)

    def _delete(self, bucket: str, keys: list[str], attempt: int = 1) -> None:
        with explained("delete", f"s3://{bucket}/{keys[0]}"):
            answer = client(self.settings).delete_objects(
                Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        errors = [e for e in answer.get("Errors", []) if e.get("Code") not in _ABSENT]
        if not errors:
            return
        if attempt < self.settings.attempts and {e.get("Code") for e in errors} <= _PASSING:
            _wait(attempt)
            self._delete(bucket, [error.get("Key", "") for error in errors], attempt + 1)
            return
        reason = f"{errors[0].get('Code')} ({errors[0].get('Message')})"
        raise _failure("delete", f"s3://{bucket}/{errors[0].get('Key')}", reason)

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
            with explained("read", uri):
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
        with explained("list", prefix_uri):
            pages = client(self.settings).get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter):
                yield page, prefix


class Condition(TypedDict, total=False):
    """On what a put depends: that there is no object, or that it has this tag."""

    IfNoneMatch: Literal["*"]
    IfMatch: str


def put_if(settings: S3Settings, uri: str, data: bytes, **condition: Unpack[Condition]) -> str:
    """Put the object if the condition holds, and return its tag; "": it does not.

    Raises:
        StorageError: the object cannot be written.
    """
    bucket, key = split_s3(uri)
    s3 = client(settings)
    with explained("write", uri):
        try:
            return s3.put_object(
                Bucket=bucket, Key=key, Body=data, **_encryption(settings), **condition
            )["ETag"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _NOT_SO:
                raise
            return ""


def _encryption(settings: S3Settings) -> _Encryption:
    match settings.encryption:
        case None:
            return {}
        case Encryption.SSE_S3:
            return {"ServerSideEncryption": "AES256"}
        case Encryption.SSE_KMS if settings.kms_key is None:
            return {"ServerSideEncryption": "aws:kms"}
        case Encryption.SSE_KMS:
            return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key}


def _wait(attempt: int) -> None:
    time.sleep(min(0.1 * 2**attempt, _LONGEST_WAIT_SECONDS))


@contextmanager
def explained(operation: str, uri: str) -> Iterator[None]:
    """Turn what boto3 raises into our errors: the place, the reason, what to do."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        if code in _ABSENT:
            raise NotFound(f"cannot {operation} {uri}: there is no such object") from None
        if code == "NoSuchBucket":
            raise NoBucket(
                f"cannot {operation} {uri}: there is no such bucket; make it, or correct the name"
            ) from None
        message = error.response.get("Error", {}).get("Message", "")
        raise _failure(operation, uri, f"{code} ({message})") from error
    except ParamValidationError:
        raise UsageError(f"cannot {operation} {uri}: that is no valid bucket and key") from None
    except BotoCoreError as error:
        raise _failure(operation, uri, str(error)) from error


def _failure(operation: str, uri: str, reason: str) -> StorageError:
    return StorageError(f"cannot {operation} {uri}: {reason}; {advice(reason, _NEEDED[operation])}")
