"""The thread that turns queued records into files, and gets out of the requests' way."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic, perf_counter, sleep
from typing import TYPE_CHECKING

from tidegauge.capture.line import Encodings, pieces
from tidegauge.capture.record import Record
from tidegauge.capture.spool import Flush
from tidegauge.storage import Storage, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from tidegauge.capture.files import OpenFile, OpenFiles
    from tidegauge.capture.spool import Spool

log = logging.getLogger(__name__)

# To look at the queue now and then is cheaper for a request than to wake a thread.
_LOOK_SECONDS = 0.05
# A request that wants to go on waits for as long as this thread holds Python's global lock:
# so it works for one stretch, and then sleeps just long enough for the other to get the lock.
_STRETCH_SECONDS = 30e-6
_NAP_SECONDS = 10e-6
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.2, 10.0
_WARNINGS_APART_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where files go, and for how long a write that fails is tried again."""

    folder: str
    storage: Storage
    retry_seconds: float


class Scribe:
    """Empties one process's spool, in a thread of its own, until the last flush."""

    def __init__(
        self,
        spool: Spool,
        files: OpenFiles,
        encodings: Encodings,
        target: Target,
        new_id: Callable[[], UUID],
        clock: Callable[[], float],
    ) -> None:
        self._spool = spool
        self._files = files
        self._encodings = encodings
        self._target = target
        self._new_id = new_id
        self._clock = clock
        self._resumed = perf_counter()
        self._warned_at = float("-inf")
        self._warned_of = 0

    def run(self) -> None:
        """Write until a flush says that it is the last one."""
        going = True
        while going:
            match self._spool.take():
                case Record() as record:
                    self._keep(record)
                    if self._has_worked_long():
                        self._look_around()
                        self._nap()
                case Flush() as flush:
                    self._write(self._files.take_all())
                    self._spool.answer(flush)
                    going = not flush.last
                case None:
                    self._look_around()
                    self._spool.wait(_LOOK_SECONDS)
                    self._resumed = perf_counter()
        self._warn(final=True)
        self._spool.finish()

    def _keep(self, record: Record) -> None:
        """Append the record's line to the file of its hour."""
        size = record.size_bytes
        try:
            line = list(self._line(record))
            self._files.add(record.utc, line, self._clock())
        except Exception as error:  # noqa: BLE001 - one odd record must not end the thread
            self._spool.drop(1, f"it cannot be written as JSON: {error}")
            self._spool.release(size)
        else:
            self._spool.release(size - sum(map(len, line)))

    def _line(self, record: Record) -> Iterator[bytes]:
        event_id = str(record.event_id or self._new_id())
        for piece in pieces(record, event_id, self._encodings):
            yield piece.encode("ascii")
            if self._has_worked_long():
                self._nap()

    def _look_around(self) -> None:
        """Do what is due."""
        self._write(self._files.take_due(self._clock()))
        self._warn()

    def _write(self, files: tuple[OpenFile, ...]) -> None:
        """Put each file, whole; the records of one that cannot be put for too long are dropped."""
        for file in files:
            size = file.size_bytes
            if error := self._try(file):
                self._spool.drop(file.records, str(error))
            self._spool.release(size)

    def _try(self, file: OpenFile) -> Exception | None:
        """Put the file, again while there is time for it; the last error, if all was in vain."""
        uri = join(self._target.folder, file.key(str(self._new_id())))
        content = file.buffer.getvalue()
        give_up = monotonic() + self._target.retry_seconds
        delay = _FIRST_DELAY_SECONDS
        while True:
            try:
                self._target.storage.write(uri, content)
            except Exception as error:  # noqa: BLE001 - whatever it is, the server must go on
                if monotonic() + delay > min(give_up, self._spool.deadline):
                    return error
            else:
                return None
            # Who flushes wants an answer: try at once, and begin again with short delays.
            woken = self._spool.wait(delay)
            delay = _FIRST_DELAY_SECONDS if woken else min(2 * delay, _LONGEST_DELAY_SECONDS)

    def _warn(self, *, final: bool = False) -> None:
        """Tell of dropped records: here, since a log handler may block; once a minute at most."""
        dropped = self._spool.dropped - self._warned_of
        now = monotonic()
        if dropped and (final or now - self._warned_at >= _WARNINGS_APART_SECONDS):
            self._warned_at = now
            self._warned_of += dropped
            log.warning(
                "records for %s that were not captured: %d; the last one because %s",
                self._target.folder,
                dropped,
                self._spool.reason,
            )

    def _has_worked_long(self) -> bool:
        return perf_counter() - self._resumed > _STRETCH_SECONDS

    def _nap(self) -> None:
        """Let requests run, unless somebody waits for the files."""
        if not self._spool.awaited:
            sleep(_NAP_SECONDS)
        self._resumed = perf_counter()
