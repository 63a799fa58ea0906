"""Windows that this run alone works at: claimed before their data is read, given back at the end.

What protects a window is the claim; that documents are only ever put where there is none, and that
the commit is looked at again, protects it even from a run that slept and lost its claim meanwhile.
A report is claimed as a whole: who waits for another one then sees what that one has told.
"""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from socket import gethostname
from typing import TYPE_CHECKING

from tidegauge.documents.run import RunStatus
from tidegauge.errors import StorageError
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY, summed_up
from tidegauge.sinks.runs import commit_once, read_run, take_back, verify
from tidegauge.storage import claims_in, join
from tidegauge.storage.partition_names import escape_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegauge.documents.run import RunRecord
    from tidegauge.flows.captured import Due
    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import Claims

log = logging.getLogger(__name__)

_READERS = 8
_UNTIL_IT_HAS_ENDED = (
    "wait until that run has ended (what one that has died holds on S3 lapses after `s3.lease`), "
    "then try again"
)
_PATIENCE_SECONDS = 600.0
_PAUSE_SECONDS = 0.5


@contextmanager
def claiming(job: Job, now: datetime) -> Iterator[Claimed]:
    """What this run has claimed, as long as the block lasts."""
    with _claims(job, now) as claims:
        yield Claimed(job, claims)


@contextmanager
def reporting(job: Job, now: datetime) -> Iterator[Callable[[], bool]]:
    """Be alone in reporting on the monitor; yields who asks whether that is still so.

    Another report is waited for, ten minutes, and as long as a dead one's claim takes to lapse.

    Raises:
        StorageError: it takes longer, or the store cannot be reached.
    """
    place, patience = job.layout.reporting, _PATIENCE_SECONDS + job.conf.s3.lease
    with _claims(job, now) as claims:
        for waited in range(int(patience / _PAUSE_SECONDS) + 1):
            holder = claims.take(place)
            if not holder:
                break
            if not waited:
                log.info("waiting for the report that is made by %s", holder)
            time.sleep(_PAUSE_SECONDS)
        else:
            raise StorageError(
                f"another report of this monitor is being made by {holder}, for longer than "
                f"{patience:.0f} s; look what keeps it, then try again"
            )
        yield lambda: claims.holds(place)


@contextmanager
def _claims(job: Job, now: datetime) -> Iterator[Claims]:
    owner = escape_segment(f"{gethostname()}-{os.getpid()}-{now:%Y%m%dT%H%M%S.%f}")
    claims = claims_in(job.layout.claims, owner, job.conf.s3)
    try:
        yield claims
    finally:
        claims.release()


@dataclass(frozen=True, slots=True)
class Claimed:
    """The windows that this run works at, and the way to commit them."""

    job: Job
    claims: Claims

    def take(self, due: Sequence[Due], source: CaptureSource) -> tuple[Due, ...]:
        """Claim the windows of these runs; those that others hold, or have done by now, go."""
        windows = dict.fromkeys(one.key.window for one in due)
        mine = {window for window in windows if self._take(window)}
        kept = [one for one in due if one.key.window in mine]
        with ThreadPoolExecutor(_READERS) as readers:
            done = readers.map(lambda one: self._is_done(one, source), kept)
            open_ = {one.key.window for one, is_done in zip(kept, done, strict=True) if not is_done}
        return tuple(one for one in kept if one.key.window in open_)

    def take_given(self, due: Sequence[Due]) -> tuple[Due, ...]:
        """Claim the window that was asked for, whether it was done or not.

        Raises:
            StorageError: another run holds it.
        """
        for window in dict.fromkeys(one.key.window for one in due):
            if holder := self.claims.take(self._place(window)):
                raise StorageError(f"{window} is being run by {holder}; {_UNTIL_IT_HAS_ENDED}")
        return tuple(due)

    def take_labels(self, *, asked: bool) -> bool:
        """Claim the monitor's labels, which all its windows share; False: another run holds them.

        Raises:
            StorageError: it does, and a window was asked for.
        """
        holder = self.claims.take(self._labels)
        if holder and asked:
            raise StorageError(
                f"the labels of {self.job.conf.monitor} are being joined by {holder}; "
                f"{_UNTIL_IT_HAS_ENDED}"
            )
        if holder:
            log.warning(
                "the labels of %s are being joined by %s, and what is due is left to that run",
                self.job.conf.monitor, holder, extra={"holder": holder},
            )  # fmt: skip
        return not holder

    def commit(self, key: RunKey, documents: Mapping[str, bytes], record: RunRecord) -> None:
        """Put the documents and run.json, unless another run has taken the window over.

        Raises:
            StorageError: it has, or the store could not be written.
        """
        storage, folder = self.job.storage, self.job.layout.run(key)
        self.must_hold(key)
        written = commit_once(storage, folder, documents, record)
        if self.holds(key):
            return
        # It was lost while the documents were put: what another run began to replace is no run.
        try:
            verify(storage, folder, written)
        except StorageError:
            take_back(storage, folder, written)
        self.must_hold(key)

    def holds(self, key: RunKey) -> bool:
        """Whether what this run of a window claimed is still its own."""
        is_of_labels = key.type is MODEL_QUALITY
        return self.claims.holds(self._labels if is_of_labels else self._place(key.window))

    def must_hold(self, key: RunKey) -> None:
        """Raise StorageError where another run has taken over."""
        if not self.holds(key):
            raise StorageError(
                f"another run has taken over {key.variant} {key.window}, since this one gave no "
                "sign of life for longer than `s3.lease`; the window is left to it"
            )

    def _take(self, window: Window) -> bool:
        holder = self.claims.take(self._place(window))
        if holder:
            log.warning(
                "%s is being run by %s, and is left to that run",
                window, holder, extra={"window": str(window), "holder": holder},
            )  # fmt: skip
        return not holder

    def _is_done(self, due: Due, source: CaptureSource) -> bool:
        """Whether a run of the same inputs was committed since the list of what is due was made."""
        record = read_run(self.job.storage, self.job.layout.run(due.key))
        if record is None or record.status is RunStatus.FAILED:
            return False
        return record.inputs == summed_up(source.read_with(due.inputs))

    @property
    def _labels(self) -> str:
        return join(self.job.layout.claims, f"type={MODEL_QUALITY}", "labels")

    def _place(self, window: Window) -> str:
        return join(self.job.layout.claims, f"type={DATA_QUALITY}", f"window={window.key}")
