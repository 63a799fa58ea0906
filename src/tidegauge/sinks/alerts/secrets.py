"""Secrets: where they come from, and how they stay out of logs, messages and documents."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.sinks.aws import aws_client, explained

if TYPE_CHECKING:
    from tidegauge.storage import S3Settings


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret's value, which neither `repr` nor `str` show."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        return "***"

    def kept_from(self, text: str) -> str:
        """The text without the secret in it, for messages of others."""
        return text.replace(self.value, "***") if self.value else text


def from_environment(name: str) -> Sealed:
    """The secret in an environment variable.

    Raises:
        UsageError: it is not set.
    """
    value = os.environ.get(name)
    if not value:
        raise UsageError(f"the environment variable {name} is not set: it holds a secret")
    return Sealed(value)


def from_secrets_manager(name: str, key: str | None, settings: S3Settings) -> Sealed:
    """A secret of AWS Secrets Manager; of a JSON object the value under `key`.

    Raises:
        UsageError: it is no text, or has no such key.
        StorageError: Secrets Manager cannot be reached, or refuses.
    """
    client = aws_client("secretsmanager", settings.profile, settings.region)
    with explained(f"the secret {name!r}", "secretsmanager:GetSecretValue"):
        text = client.get_secret_value(SecretId=name).get("SecretString")
    if not isinstance(text, str):
        raise UsageError(f"the secret {name!r} is no text: expected a SecretString")
    if key is None:
        return Sealed(text)
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"the secret {name!r} is no JSON object with the key {key!r}") from None
    return Sealed(str(value))
