"""One process's way to S3: endpoint, credentials, time-outs and retries, for boto3 and pyarrow."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tidegauge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client
    from pyarrow.fs import S3FileSystem

    from tidegauge.storage.contract import S3Settings

_ADDRESSING: Mapping[bool | None, Literal["auto", "path", "virtual"]] = {
    None: "auto",
    True: "path",
    False: "virtual",
}
_NAMING = ("endpoint", "region", "profile")  # what of the settings may be wrong in itself
_CONNECT_SECONDS = 10.0
_CONNECTIONS = 16  # as many threads write, read or list at once
_AWS_HOST = re.compile(r"^s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$")
# Where pyarrow finds, and renews, the same credentials as boto3 by itself.
_SHARED_SOURCES = {"env", "iam-role", "container-role", "assume-role-with-web-identity"}


def client(settings: S3Settings) -> S3Client:
    """This process's client for these settings; safe to share between threads, not with a fork.

    Raises:
        UsageError: the endpoint is no URL, or the profile is not in the AWS configuration.
    """
    told = frozenset(item for item in os.environ.items() if item[0].startswith("AWS_"))
    return _client(settings, (os.getpid(), told))


@cache
def _client(settings: S3Settings, _: tuple[int, frozenset[tuple[str, str]]]) -> S3Client:
    """A client, made once a process and for what the environment says of AWS.

    Raises:
        UsageError: the endpoint is no URL, or the profile is not in the AWS configuration.
    """
    # "standard" waits longer before each attempt, by chance, and stops when all requests fail.
    config = Config(
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=min(_CONNECT_SECONDS, settings.timeout),
        read_timeout=settings.timeout,
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": _ADDRESSING[settings.path_style]},
    )
    with _checked(settings):
        session = boto3.Session(profile_name=settings.profile, region_name=settings.region)
        return session.client("s3", endpoint_url=settings.endpoint, config=config)


@contextmanager
def _checked(settings: S3Settings) -> Iterator[None]:
    """Tell of settings that boto3 cannot do anything with."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        given = (f"{key}: {value}" for key in _NAMING if (value := getattr(settings, key)))
        told = ", ".join(given) or "the environment's"
        raise UsageError(
            f"the S3 settings do not work: {error}; correct `s3` in the conf ({told}), or the AWS "
            "configuration"
        ) from error


def identity(settings: S3Settings) -> str:
    """Where the credentials come from, and whose key they are; never the secret.

    Raises:
        UsageError: there are none, or no such profile.
    """
    with _checked(settings):
        found = boto3.Session(profile_name=settings.profile).get_credentials()
    if found is None:
        raise UsageError(
            "there are no AWS credentials: expected the environment's, a profile's (`s3.profile`) "
            "or a role's"
        )
    return f"{found.method}, access key {found.get_frozen_credentials().access_key}"


def filesystem(settings: S3Settings, bucket: str) -> S3FileSystem:
    """pyarrow's view of the bucket's server, as boto3 resolves endpoint, region and credentials."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

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
        connect_timeout=min(_CONNECT_SECONDS, settings.timeout),
        request_timeout=settings.timeout,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=settings.attempts),
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
