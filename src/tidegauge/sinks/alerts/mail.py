"""E-mail by SMTP: one message about all changes."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import TYPE_CHECKING

from tidegauge.errors import StorageError
from tidegauge.sinks.alerts.wording import headline, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.sinks.alerts.changes import Change
    from tidegauge.sinks.alerts.secrets import Sealed

_PATIENCE_SECONDS = 20.0


class Tls(StrEnum):
    """How the connection is kept secret: from the start, by STARTTLS, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mail:
    """A server, and between whom it carries; `user` and `password` where it asks for them."""

    host: str
    port: int
    tls: Tls
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: Sealed | None = None
    at_once: int = 1000

    def tell(self, changes: Sequence[Change]) -> None:
        """Send one message.

        Raises:
            StorageError: the server cannot be reached, or refuses.
        """
        message = EmailMessage()
        message["Subject"] = " ".join(headline(changes).split())
        message["From"], message["To"] = self.sender, ", ".join(self.to)
        message["Message-ID"] = f"<{changes[0].id}.{len(changes)}@tidegauge>"
        message.set_content(plain(changes).encode("utf-8", "replace").decode())
        try:
            self._send(message)
        except (OSError, smtplib.SMTPException) as error:
            told = f"{type(error).__name__}: {error}"
            if self.password:
                told = self.password.kept_from(told)
            raise StorageError(
                f"the mail server {self.host}:{self.port} did not take the message: {told}; check "
                "`alerts.email`, then try again"
            ) from None

    def _send(self, message: EmailMessage) -> None:
        context = ssl.create_default_context()
        whole = self.tls is Tls.TLS
        server = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=_PATIENCE_SECONDS, context=context)
            if whole
            else smtplib.SMTP(self.host, self.port, timeout=_PATIENCE_SECONDS)
        )
        with server:
            if self.tls is Tls.STARTTLS:
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password.value)
            server.send_message(message)
