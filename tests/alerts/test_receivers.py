"""Every receiver is a server that speaks the real protocol, and gets what it expects."""

from __future__ import annotations

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidegauge.errors import StorageError, UsageError
from tidegauge.model.outcome import Severity
from tidegauge.sinks.alerts.changes import Change, Kind
from tidegauge.sinks.alerts.mail import Mail, Tls
from tidegauge.sinks.alerts.secrets import Sealed, from_environment, from_secrets_manager
from tidegauge.sinks.alerts.topics import EventBridge, Sns
from tidegauge.sinks.alerts.webhook import Shape, Webhook
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    import boto3
    from tests.alerts.conftest import Receiver

SETTINGS = S3Settings(region="us-east-1")
PASSWORD = "p4ss w0rd"


def change(kind: Kind = Kind.OPENED, feature: str = "miles", **fields: Any) -> Change:  # noqa: ANN401
    """A change of an incident of four days."""
    values = {
        "incident": f"id-{feature}", "variant": "green", "check": "baseline_drift_check",
        "severity": Severity.CRITICAL, "since": "2024-03-01T0000Z_P1D",
        "last": "2024-03-04T0000Z_P1D", "closed": "", "windows": 4, "description": "It drifted.",
    } | fields  # fmt: skip
    return Change(kind=kind, monitor="churn", type="data_quality", feature=feature, **values)


CHANGES = (change(), change(Kind.CLOSED, "<!channel> & *seats*", closed="2024-03-06T0000Z_P1D"))


def test_slack_gets_blocks_without_its_control_characters(receiver: Receiver) -> None:
    """A headline for the notification, then one section a change."""
    Webhook(Shape.SLACK, Sealed(receiver.url)).tell(CHANGES)

    (message,) = receiver.got
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert "churn: incidents: 1 opened, 1 closed (critical)" == message["text"]
    assert (
        "*opened: miles, baseline_drift_check (variant green, critical)*\nsince 2024-03-01T00:00Z"
        "/P1D, 4 windows, the last of them 2024-03-04T00:00Z/P1D. It drifted."
    ) == texts[1]
    assert "<!channel>" not in json.dumps(message)
    assert "&lt;!channel&gt; &amp;" in texts[2]


def test_teams_gets_an_adaptive_card(receiver: Receiver) -> None:
    """As its workflows want it, and below the size that they take."""
    long = tuple(change(feature=f"f{i}", description="x" * 5000) for i in range(20))
    Webhook(Shape.TEAMS, Sealed(receiver.url)).tell(long)

    (message,) = receiver.got
    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert ("message", "application/vnd.microsoft.card.adaptive", "AdaptiveCard") == (
        message["type"], attachment["contentType"], card["type"],
    )  # fmt: skip
    assert 1 + 2 * 20 == len(card["body"])
    assert len(json.dumps(message)) < 28_000


def test_a_plain_webhook_gets_the_changes_as_they_are(receiver: Receiver) -> None:
    """With the header that is a secret."""
    Webhook(Shape.JSON, Sealed(receiver.url), Sealed("Bearer t0ken")).tell(CHANGES)

    assert [{"version": 1, "changes": [c.to_json() for c in CHANGES]}] == receiver.got
    assert "Bearer t0ken" == receiver.headers[0]["Authorization"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_is_told_without_the_url(receiver: Receiver, status: int) -> None:
    """The URL of a webhook is a secret; a redirection could carry it elsewhere."""
    receiver.status = status
    with pytest.raises(StorageError, match=f"it answered {status}") as told:
        Webhook(Shape.SLACK, Sealed(receiver.url)).tell(CHANGES)

    assert "s3cr3t" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("http://127.0.0.1:9/s3cr3t", "cannot be reached"), ("s3cr3t", "expected a URL"),
     ("http://exa mple/s3cr3t", "cannot be reached"), ("http://[s3cr3t", "cannot be reached")],
)  # fmt: skip
def test_no_error_shows_the_url(url: str, sentence: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises((StorageError, UsageError), match=sentence) as told:
        Webhook(Shape.JSON, Sealed(url)).tell(CHANGES)

    assert "s3cr3t" not in f"{told.value!r} {told.value.__cause__!r}"


class Box(Message):
    """Keeps the messages that the server took."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[EmailMessage] = []

    def handle_message(self, message: Any) -> None:  # noqa: ANN401
        self.got.append(message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate of 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return str(pem), str(private)


def free_port() -> int:
    """The controller wants to know it beforehand."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def smtp(certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    """A server that wants STARTTLS and the password, whose certificate this machine trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])

    def check(_server: object, _session: object, _envelope: object, _how: str, data: Any) -> Any:  # noqa: ANN401
        right = (data.login, data.password) == (b"gauge", PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    controller = Controller(
        Box(), hostname="localhost", port=free_port(), tls_context=context, require_starttls=True,
        auth_required=True, authenticator=check,
    )  # fmt: skip
    controller.start()
    yield controller
    controller.stop()


def mail(smtp: Controller, password: str = PASSWORD) -> Mail:
    """Between the gauge and two people."""
    people = ("a@example.com", "b@example.com")
    return Mail(
        "localhost", smtp.port, Tls.STARTTLS, "gauge@example.com", people, "gauge", Sealed(password)
    )


def test_a_mail_is_one_message_about_all_changes(smtp: Controller) -> None:
    """By STARTTLS and with a login; subject and text are for people."""
    mail(smtp).tell([*CHANGES, change(feature="größe\ud800\nBcc: x")])

    (message,) = smtp.handler.got
    assert "churn: incidents: 2 opened, 1 closed (critical)" == message["Subject"]
    assert "a@example.com, b@example.com" == message["To"]
    assert None is message["Bcc"]
    text = message.get_content()
    assert "opened: miles, baseline_drift_check (variant green, critical)\nsince 2024" in text
    assert "ended with 2024-03-06T00:00Z/P1D" in text
    assert "größe?" in text


def test_a_wrong_password_is_told_and_not_shown(smtp: Controller) -> None:
    """The message can be tried again."""
    with pytest.raises(StorageError, match=r"localhost:\d+ did not take the message") as told:
        mail(smtp, "wr0ng").tell(CHANGES)

    assert "wr0ng" not in str(told.value)
    assert [] == smtp.handler.got


def test_sns_carries_text_for_people_and_json_for_queues(aws: boto3.Session) -> None:
    """One message a change, with attributes that subscriptions can filter by."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="drift")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    Sns(topic, SETTINGS).tell([change(), change(Kind.CLOSED, "größe\n" * 50)])

    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    bodies = [json.loads(message["Body"]) for message in got]
    assert [change().to_json()["id"]] == [
        json.loads(body["Message"])["id"] for body in bodies if "miles" in body["Subject"]
    ]
    assert {"opened", "closed"} == {b["MessageAttributes"]["change"]["Value"] for b in bodies}
    assert all(len(body["Subject"]) <= 100 and "\n" not in body["Subject"] for body in bodies)


def test_a_topic_that_is_not_there_is_told(aws: boto3.Session) -> None:  # noqa: ARG001
    """With the permission that may be missing."""
    with pytest.raises(StorageError, match="sns:Publish"):
        Sns("arn:aws:sns:us-east-1:123456789012:nobody", SETTINGS).tell(CHANGES)


def test_eventbridge_events_reach_what_a_rule_names(aws: boto3.Session) -> None:
    """So that a retraining may start by itself: here a queue stands for the pipeline."""
    events, sqs = aws.client("events"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="retrain")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {
        "source": ["tidegauge"],
        "detail-type": ["Tidegauge Incident Opened"],
        "detail": {"severity": ["critical"]},
    }
    events.put_rule(Name="retrain", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="retrain", Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])
    EventBridge("default", SETTINGS).tell(CHANGES)

    (got,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert change().to_json() == json.loads(got["Body"])["detail"]


def test_secrets_come_from_the_environment_or_secrets_manager(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole or by a key of JSON; what is missing is named, what is there is never shown."""
    client = aws.client("secretsmanager")
    client.create_secret(Name="slack", SecretString="https://hooks/s3cr3t")
    client.create_secret(Name="both", SecretString='{"smtp": "s3cr3t"}')
    monkeypatch.setenv("HOOK", "s3cr3t")

    found = (
        from_environment("HOOK"), from_secrets_manager("slack", None, SETTINGS),
        from_secrets_manager("both", "smtp", SETTINGS),
    )  # fmt: skip
    assert ["s3cr3t", "https://hooks/s3cr3t", "s3cr3t"] == [sealed.value for sealed in found]
    assert "s3cr3t" not in f"{found!r} {found[0]}"
    for ask, sentence in (
        (lambda: from_environment("NOBODY"), "variable NOBODY is not set"),
        (lambda: from_secrets_manager("nobody", None, SETTINGS), "secret 'nobody'"),
        (lambda: from_secrets_manager("both", "imap", SETTINGS), "key 'imap'"),
        (lambda: from_secrets_manager("slack", "smtp", SETTINGS), "no JSON object"),
    ):
        with pytest.raises((UsageError, StorageError), match=sentence) as told:
            ask()
        assert "s3cr3t" not in str(told.value)
