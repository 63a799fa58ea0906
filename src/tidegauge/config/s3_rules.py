"""What the types of `s3` cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.storage import Encryption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.storage import S3Settings


def s3_problems(s3: S3Settings) -> Iterator[str]:
    """One sentence a fault, with the key."""
    if s3.kms_key is not None and s3.encryption is not Encryption.SSE_KMS:
        yield "s3.kms_key: a key is used by `encryption: sse-kms` alone: add it, or remove the key"
    if s3.attempts < 1:
        yield f"s3.attempts: expected 1 or more, found {s3.attempts}"
    for key, seconds in (("timeout", s3.timeout), ("lease", s3.lease)):
        if not seconds > 0:
            yield f"s3.{key}: expected seconds, more than 0, found {seconds}"
