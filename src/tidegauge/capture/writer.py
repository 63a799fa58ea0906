"""The one class that a server needs: it records requests and answers, and is never in the way."""

from __future__ import annotations

import atexit
import logging
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from os import getpid
from time import time as wall_clock
from typing import TYPE_CHECKING, Self

from tidegauge.capture.files import OpenFiles
from tidegauge.capture.ids import RandomIds
from tidegauge.capture.line import Encodings
from tidegauge.capture.record import Record, owned, texts
from tidegauge.capture.scribe import Scribe, Target
from tidegauge.capture.spool import Spool
from tidegauge.errors import UsageError
from tidegauge.storage import S3Settings, join, storage_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType
    from uuid import UUID

    from tidegauge.capture.record import Payload

log = logging.getLogger(__name__)

_MIB = 2**20
_HASHES = 2**64
_HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class _Process:
    """What each process has of its own."""

    spool: Spool
    new_id: Callable[[], UUID]


class CaptureWriter:
    """Writes capture files as SageMaker's data capture of a real-time endpoint does.

    Files appear whole, in the UTC hour of their records' inference time, as
    `<uri>/<endpoint>/<variant>/<yyyy>/<mm>/<dd>/<hh>/<MM>-<SS>-<mmm>-<id>.jsonl`.
    A file is written when it has `rotate_bytes`, after `rotate_seconds`, and when its hour is over;
    until then its records are in memory.

    Make one for an endpoint and share it between threads. It may be made before the server forks:
    each process has its own queue, its own thread (started by its first record) and its own count.

    Args:
        uri: a folder, or `s3://bucket/prefix`.
        endpoint: the endpoint's name, the first folder.
        variant: the model's variant, the second folder.
        sampling_percentage: how many of 100 records are kept. Which ones depends on the event id
            alone: those where the first 8 bytes of its SHA-256, as a number, are below that share.
        max_memory_bytes: what records may take until they are written; a record that finds no
            room is dropped and counted.
        rotate_bytes: the size from which on a file is written.
        rotate_seconds: the age from which on a file is written; an hour at most.
        retry_seconds: for how long a write that fails is tried again, before its records are
            dropped and counted.
        csv_content_types: content types whose payloads are written as CSV text.
        json_content_types: content types whose payloads are written as JSON text; payloads of all
            other types, or that are not UTF-8, are written as BASE64.
        settings: where S3 is, and who asks.
        clock: gives the time, in seconds since the epoch.
        new_id: gives event and file ids; random ones without it.

    Raises:
        UsageError: an argument is out of its range, or boto3 is needed and missing.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults, by name
        self,
        uri: str,
        *,
        endpoint: str,
        variant: str = "AllTraffic",
        sampling_percentage: float = 100.0,
        max_memory_bytes: int = 64 * _MIB,
        rotate_bytes: int = 4 * _MIB,
        rotate_seconds: float = 60.0,
        retry_seconds: float = 60.0,
        csv_content_types: Iterable[str] = ("text/csv",),
        json_content_types: Iterable[str] = ("application/json", "application/jsonlines"),
        settings: S3Settings | None = None,
        clock: Callable[[], float] = wall_clock,
        new_id: Callable[[], UUID] | None = None,
    ) -> None:
        _check_names(endpoint=endpoint, variant=variant)
        _check_percentage(sampling_percentage)
        _check_positive(
            max_memory_bytes=max_memory_bytes,
            rotate_bytes=rotate_bytes,
            rotate_seconds=rotate_seconds,
        )
        self._kept_hashes = sampling_percentage / 100 * _HASHES
        self._max_memory_bytes = max_memory_bytes
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = min(rotate_seconds, _HOUR_SECONDS)
        self._encodings = Encodings(frozenset(csv_content_types), frozenset(json_content_types))
        storage = storage_for(uri, settings or S3Settings())
        self._target = Target(join(uri, endpoint, variant), storage, retry_seconds)
        self._clock = clock
        self._new_id = new_id
        self._processes: dict[int, _Process] = {}

    def record(  # noqa: PLR0913 - the parts of a record, by name
        self,
        input: Payload,  # noqa: A002 - SageMaker's words
        output: Payload,
        *,
        content_type: str | None = "text/csv",
        output_content_type: str | None = None,
        inference_id: str | None = None,
        event_id: str | None = None,
        time: datetime | None = None,
        custom_attributes: str | Iterable[str] = (),
    ) -> None:
        """Queue one request and its answer; returns at once, and never raises.

        Args:
            input: the request's body as it came.
            output: the answer's body as it went.
            content_type: the type of the request, and of the answer where that has none of its own.
            output_content_type: the type of the answer.
            inference_id: the caller's id, which ground truth is joined by.
            event_id: the record's own id; a random UUID if there is none.
            time: when the inference was made (UTC unless it has a zone); now if there is none.
            custom_attributes: a text, or several, to keep with the record.
        """
        own = self._own()
        try:
            if self._kept_hashes < _HASHES:
                event_id = str(event_id or own.new_id())
                if not self._keeps(event_id):
                    return
            own.spool.put(
                Record(
                    owned(input),
                    owned(output),
                    content_type,
                    output_content_type or content_type,
                    event_id,
                    inference_id,
                    texts(custom_attributes),
                    time or self._clock(),
                )
            )
        except Exception as error:  # noqa: BLE001 - a request must not fail for its record
            own.spool.drop(1, str(error))

    @property
    def dropped(self) -> int:
        """How many of this process's records will never be in a file, be it for which reason."""
        return self._own().spool.dropped

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Write what was recorded so far; False if the time was too short for it."""
        return self._own().spool.flush(timeout_seconds)

    def close(self, timeout_seconds: float = 10.0) -> bool:
        """As `flush`, and end this process's thread; what is recorded later is dropped.

        Python calls it when the process ends, but not if a signal ends it, nor in a process that
        `multiprocessing` forked.
        """
        atexit.unregister(self.close)
        closed = self._own().spool.close(timeout_seconds)
        if not closed:
            log.warning(
                "not all records for %s were written within %g seconds: the last ones may be lost",
                self._target.folder,
                timeout_seconds,
            )
        return closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _own(self) -> _Process:
        """What this process has: a fork takes over neither its parent's thread nor its records."""
        found = self._processes.get(getpid())
        if found is not None:
            return found
        new_id = self._new_id or RandomIds()
        spool = Spool(self._max_memory_bytes, partial(self._work, new_id))
        # No lock here: a fork could inherit it locked. Two threads get what one of them made.
        own = self._processes.setdefault(getpid(), _Process(spool, new_id))
        for pid in tuple(self._processes):
            if pid != getpid():
                self._processes.pop(pid, None)
        atexit.register(self.close)
        return own

    def _work(self, new_id: Callable[[], UUID], spool: Spool) -> None:
        files = OpenFiles(self._rotate_bytes, self._rotate_seconds, self._max_memory_bytes // 2)
        Scribe(spool, files, self._encodings, self._target, new_id, self._clock).run()

    def _keeps(self, event_id: str) -> bool:
        digest = sha256(event_id.encode()).digest()
        return int.from_bytes(digest[:8], "big") < self._kept_hashes


def _check_names(**names: str) -> None:
    for what, name in names.items():
        if not name or "/" in name:
            raise UsageError(f"{what} is {name!r}: expected a name without slashes")


def _check_percentage(sampling_percentage: float) -> None:
    if not 0 <= sampling_percentage <= 100:
        raise UsageError(
            f"sampling_percentage is {sampling_percentage}: expected a number from 0 to 100"
        )


def _check_positive(**numbers: float) -> None:
    for what, number in numbers.items():
        if not number > 0:
            raise UsageError(f"{what} is {number}: expected a number above 0")
