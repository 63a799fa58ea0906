"""The clients of AWS's services that sinks talk to, beside S3's own."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from tidegauge.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def aws_client(service: str, profile: str | None, region: str | None) -> Any:  # noqa: ANN401  (boto3 makes it)
    """This process's client of a service; its endpoint is `AWS_ENDPOINT_URL_<SERVICE>`, or AWS's.

    Raises:
        UsageError: there is no boto3, no region, or no such profile.
    """
    try:
        import boto3
    except ImportError as error:
        raise UsageError(
            f"the conf asks for {service}, which needs boto3: pip install 'tidegauge[aws]'"
        ) from error
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    try:
        # Typed by the names of all services, which this one is not known to be.
        session: Any = boto3.Session(profile_name=profile, region_name=region)
        return session.client(service, config=Config(retries={"mode": "standard"}))
    except BotoCoreError as error:
        raise UsageError(
            f"{service} cannot be asked: {error}; correct `s3.region` and `s3.profile`"
        ) from error


@contextmanager
def explained(what: str, permission: str) -> Iterator[None]:
    """Turn what boto3 raises into a StorageError that names the thing and the permission."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StorageError(
            f"{what} cannot be reached: {error}; check the network, and that the credentials allow "
            f"{permission}, then try again"
        ) from error
