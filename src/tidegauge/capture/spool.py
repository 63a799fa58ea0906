"""The queue between the threads that serve requests and the one that writes, bounded in bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Event, RLock, Thread
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegauge.capture.record import Record


@dataclass(frozen=True, slots=True)
class Flush:
    """A mark in the queue: what stands before it is to be written now; `last` ends the thread."""

    last: bool = False
    done: Event = field(default_factory=Event)


class Spool:
    """The queue of one process, and the account of the memory behind it.

    The memory of a record is held from `put` until its file is written or given up. Once the thread
    runs, the lock is never held for longer than an addition; it is re-entrant, because a signal
    handler may record, too.
    """

    def __init__(self, max_memory_bytes: int, work: Callable[[Spool], None]) -> None:
        self.dropped = 0
        self.reason = ""  # why the last record was dropped
        self.deadline = float("inf")  # on the monotonic clock: when to try no longer
        self._max_memory_bytes = max_memory_bytes
        self._held_bytes = 0
        self._work = work
        self._queue: deque[Record | Flush] = deque()
        self._lock = RLock()
        self._wake = Event()
        self._thread: Thread | None = None
        self._awaited = 0  # flushes that wait for an answer
        self._closed = self._finished = False

    # What the server's threads call.

    def put(self, record: Record) -> None:
        """Queue the record, or drop and count it; the first one starts the thread."""
        size = record.size_bytes
        with self._lock:
            if self._closed:
                self.drop(1, "the writer is closed")
            elif self._held_bytes + size > self._max_memory_bytes:
                self.drop(1, f"{self._max_memory_bytes:,} bytes of memory are full")
            else:
                if self._thread is None:
                    self._thread = self._start()
                self._held_bytes += size
                self._queue.append(record)

    def flush(self, timeout_seconds: float) -> bool:
        """Whether all that was queued so far is written, or dropped, within the time."""
        return self._mark(Flush(), timeout_seconds)

    def close(self, timeout_seconds: float) -> bool:
        """As `flush`; from now on nothing is taken, and after that time nothing is tried again."""
        with self._lock:
            self._closed = True
            self.deadline = min(self.deadline, monotonic() + timeout_seconds)
        return self._mark(Flush(last=True), timeout_seconds)

    def drop(self, records: int, reason: str) -> None:
        """Count records that will not be written."""
        with self._lock:
            self.dropped += records
            self.reason = reason

    # What the writing thread calls.

    def take(self) -> Record | Flush | None:
        """The next in the queue; None if there is nothing."""
        return self._queue.popleft() if self._queue else None

    def wait(self, seconds: float) -> bool:
        """Sleep; whether a flush ended the sleep."""
        woken = self._wake.wait(seconds)
        self._wake.clear()
        return woken

    def release(self, size_bytes: int) -> None:
        """Less memory is held than before; more, where the number is negative."""
        with self._lock:
            self._held_bytes -= size_bytes

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for a flush, or for the end."""
        return self._awaited > 0

    def answer(self, flush: Flush) -> None:
        """All that stood before the mark is written, or dropped."""
        with self._lock:
            self._awaited -= 1
            flush.done.set()

    def finish(self) -> None:
        """The thread ends: nobody need wait for it any more."""
        with self._lock:
            self._finished = True
            while isinstance(mark := self.take(), Flush):
                self.answer(mark)

    def _start(self) -> Thread:
        thread = Thread(target=self._work, args=(self,), name="tidegauge-capture", daemon=True)
        thread.start()
        return thread

    def _mark(self, mark: Flush, timeout_seconds: float) -> bool:
        with self._lock:
            if self._thread is None or self._finished:
                return True
            self._awaited += 1
            self._queue.append(mark)
        self._wake.set()
        return mark.done.wait(timeout_seconds)
