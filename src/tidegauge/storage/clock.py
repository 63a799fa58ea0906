"""What time it is where the store is."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tidegauge.errors import StorageError
from tidegauge.storage.s3_client import client
from tidegauge.storage.uri import split_s3

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegauge.storage.contract import S3Settings


def s3_time(uri: str, settings: S3Settings) -> datetime:
    """The `Date` of an answer of the bucket's server, to the second; a refusal has one, too.

    Raises:
        StorageError: there is no answer, or it has no date.
    """
    bucket, _ = split_s3(uri)
    try:
        headers = client(settings).head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
    except BotoCoreError as error:
        raise StorageError(f"the server of {uri} does not answer: {error}") from error
    return time_of(headers, uri)


def time_of(headers: Mapping[str, str], uri: str) -> datetime:
    """The `Date` among an answer's headers.

    Raises:
        StorageError: there is none, or it is no date.
    """
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        raise StorageError(f"the server of {uri} does not say what time it is") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
