"""An HTTP proxy in front of the S3 server that misbehaves as a test asks it to."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class How(Enum):
    """What becomes of a request."""

    FAIL = auto()  # 500, and the server never hears of it
    BUSY = auto()  # 503, likewise
    DENY = auto()  # 403, likewise
    SKEWED = auto()  # 403: the requester's clock is wrong
    DROP = auto()  # the connection closes before an answer
    DEAF = auto()  # the server does it, and its answer is lost
    CUT = auto()  # half of the answer's body, then the connection closes
    SLOW = auto()  # the answer comes, but late


_ERRORS = {
    How.FAIL: (500, "InternalError"),
    How.BUSY: (503, "SlowDown"),
    How.DENY: (403, "AccessDenied"),
    How.SKEWED: (403, "RequestTimeTooSkewed"),
}
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Fault:
    """So many of the requests whose method and path match are treated this way."""

    how: How
    request: str
    times: int = 1_000_000
    seconds: float = 0.0
    hits: int = 0


@dataclass(frozen=True)
class Sent:
    """A request as it came; `target` is the operation of AWS's JSON protocols, "" of others."""

    method: str
    path: str
    body: bytes
    target: str


@dataclass
class Proxy:
    """A server's address, and what is wrong with it."""

    endpoint: str
    faults: list[Fault] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, how: How, request: str, times: int = 1_000_000, seconds: float = 0.0) -> Fault:
        """Treat requests `METHOD /path?query` in which the pattern is found this way."""
        made = Fault(how, request, times, seconds)
        self.faults.append(made)
        return made

    def heal(self) -> None:
        """From now on everything works."""
        self.faults.clear()

    def due(self, sent: Sent) -> Fault | None:
        """The fault that this request meets, if any."""
        request = f"{sent.method} {sent.path}"
        with self.lock:
            self.sent.append(sent)
            for fault in self.faults:
                if fault.hits < fault.times and re.search(fault.request, request):
                    fault.hits += 1
                    return fault
        return None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(server).netloc
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, *_: object) -> None:
        """A client that has gone meanwhile is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        fault = self.server.proxy.due(Sent(self.command, self.path, body, target))
        how = fault.how if fault else None
        if how in _ERRORS:
            self._error(*_ERRORS[how])
            return
        if how is How.DROP:
            self.close_connection = True
            return
        if fault and how is How.SLOW:
            time.sleep(fault.seconds)
        self._forward(body, how)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one  # noqa: N815

    def _forward(self, body: bytes, how: How | None) -> None:
        connection = HTTPConnection(self.server.behind, timeout=30)
        # The host is signed: it goes on as the client has named it.
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"connection", "expect"}:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if how is How.DEAF:
            self.close_connection = True
            return
        self._answer(answer, data, cut=how is How.CUT)

    def _answer(self, answer: HTTPResponse, data: bytes, *, cut: bool) -> None:
        self.send_response_only(answer.status)  # the date is the server's
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut

    def _error(self, status: int, code: str) -> None:
        told = f"<Error><Code>{code}</Code><Message>as the test asked</Message></Error>"
        data = b"" if self.command == "HEAD" else told.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def proxy(server: str) -> Iterator[Proxy]:
    """Listen on loopback, in front of the server at this URL."""
    with _Listener(server) as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield listener.proxy
        finally:
            listener.shutdown()
            thread.join()
