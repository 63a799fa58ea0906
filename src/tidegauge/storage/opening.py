"""From a location to what reads and writes there; boto3 and pyarrow are loaded when needed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.storage.contract import FROM_ENVIRONMENT, S3Settings, Storage
from tidegauge.storage.local import LocalStorage
from tidegauge.storage.uri import local_path, scheme, split_s3

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


def storage_for(uri: str, settings: S3Settings = FROM_ENVIRONMENT) -> Storage:
    """The storage that holds the location; cheap, picklable, and opens no connection.

    Raises:
        UsageError: the location is of an unknown kind.
    """
    if scheme(uri) == "file":
        return LocalStorage()
    _need_boto3(uri)
    from tidegauge.storage.s3 import S3Storage

    return S3Storage(settings)


def filesystem(uri: str, settings: S3Settings = FROM_ENVIRONMENT) -> tuple[FileSystem, str]:
    """pyarrow's file system for the location, and the location's path in it.

    Raises:
        UsageError: the location is of an unknown kind, or the S3 settings do not work.
    """
    if scheme(uri) == "file":
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), os.path.abspath(local_path(uri))
    _need_boto3(uri)
    from tidegauge.storage import s3_client

    bucket, key = split_s3(uri)
    return s3_client.filesystem(settings, bucket), f"{bucket}/{key}".rstrip("/")


def _need_boto3(uri: str) -> None:
    if find_spec("boto3") is None:
        raise UsageError(f"{uri} needs the package boto3: pip install 'tidegauge[aws]'")
