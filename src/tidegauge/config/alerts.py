"""`alerts:` who is told of incidents and windows, and where the secrets for that come from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.model.outcome import Severity
from tidegauge.model.window import parse_duration
from tidegauge.sinks.alerts.mail import Tls

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: an environment variable, or a secret of AWS Secrets Manager.

    With `key` the latter is a JSON object, and the secret what lies under that key.
    """

    env: str | None = None
    secret: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ChatAlerts:
    """`slack:` and `teams:` an incoming webhook; its URL is a secret."""

    url: Secret
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class WebhookAlerts:
    """`webhook:` a receiver of plain JSON; `authorization` is the header of that name."""

    url: Secret
    authorization: Secret | None = None
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class EmailAlerts:
    """`email:` an SMTP server, and between whom it carries."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    tls: Tls = Tls.STARTTLS
    user: str | None = None
    password: Secret | None = None
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class SnsAlerts:
    """`sns:` a topic, by its ARN."""

    topic: str
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class EventBridgeAlerts:
    """`eventbridge:` a bus, by its name or ARN."""

    bus: str = "default"
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class PrometheusAlerts:
    """`prometheus:` the text file that the node exporter's collector reads."""

    file: str


@dataclass(frozen=True, slots=True)
class OpenLineageAlerts:
    """`openlineage:` a receiver of run events by HTTP, or a folder for them."""

    uri: str
    namespace: str = "tidegauge"
    api_key: Secret | None = None


@dataclass(frozen=True, slots=True)
class MLflowAlerts:
    """`mlflow:` an experiment, of the tracking URI or of the environment's."""

    experiment: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Alerts:
    """`alerts:` every section that is there is told by each report."""

    remind: str = "7d"
    slack: ChatAlerts | None = None
    teams: ChatAlerts | None = None
    webhook: WebhookAlerts | None = None
    email: EmailAlerts | None = None
    sns: SnsAlerts | None = None
    eventbridge: EventBridgeAlerts | None = None
    prometheus: PrometheusAlerts | None = None
    openlineage: OpenLineageAlerts | None = None
    mlflow: MLflowAlerts | None = None


def alert_problems(alerts: Alerts) -> Iterator[str]:
    """What the types cannot say, a sentence each with the key."""
    try:
        parse_duration(alerts.remind)
    except UsageError as error:
        yield f"alerts.remind: {error}"
    for path, secret in secrets_of(alerts):
        if (secret.env is None) == (secret.secret is None):
            yield f"{path}: expected either `env`, a variable, or `secret`, one of Secrets Manager"
        elif secret.key is not None and secret.secret is None:
            yield f"{path}.key: an environment variable has no keys: expected `secret` with it"
    email = alerts.email
    if email is not None:
        if not email.to:
            yield "alerts.email.to: expected one address or more, found none"
        if (email.user is None) != (email.password is None):
            yield "alerts.email: expected `user` and `password` together, or neither"
        if email.password is not None and email.tls is Tls.NONE:
            yield "alerts.email.tls: a password is not sent in the open: expected starttls or tls"


def secrets_of(alerts: Alerts) -> Iterator[tuple[str, Secret]]:
    """Every secret that the section names, by its key."""
    for section in fields(alerts):
        told = getattr(alerts, section.name)
        for field in fields(told) if hasattr(told, "__dataclass_fields__") else ():
            value = getattr(told, field.name)
            if isinstance(value, Secret):
                yield f"alerts.{section.name}.{field.name}", value
