"""Claims on S3: an object a place, put where there is none, and the holder's beat.

A holder is taken for dead when its beat is older than the lease, by the server's clock alone: an
answer tells both when the beat was put and what time it is there. Then the claim is taken over,
on the condition that it is still the dead holder's.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import StorageError
from tidegauge.storage.clock import time_of
from tidegauge.storage.contract import NotFound
from tidegauge.storage.s3 import S3Storage, explained, put_if
from tidegauge.storage.s3_client import client
from tidegauge.storage.uri import join, split_s3

if TYPE_CHECKING:
    from tidegauge.storage.contract import S3Settings

log = logging.getLogger(__name__)

_BEATS_A_LEASE = 4
_TRIES = 5  # of a place that others take and give back at the same time


@dataclass(frozen=True, slots=True)
class _Found:
    owner: str
    tag: str


class S3Claims:
    """The claims of this process; a thread beats from the first one on."""

    def __init__(self, folder: str, owner: str, settings: S3Settings) -> None:
        self._folder = folder
        self._owner = owner
        self._settings = settings
        self._storage = S3Storage(settings)
        self._held: list[str] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, uri: str) -> str:
        if self._thread is None:
            self._beat()
            self._thread = threading.Thread(target=self._keep_beating, daemon=True)
            self._thread.start()
        for _ in range(_TRIES):
            if put_if(self._settings, uri, self._owner.encode(), IfNoneMatch="*"):
                self._held.append(uri)
                return ""
            found = self._read(uri)
            if found is None:
                continue
            if found.owner != self._owner:  # else it is ours, and the answer to the put was lost
                if self._lives(found.owner):
                    return found.owner
                if not put_if(self._settings, uri, self._owner.encode(), IfMatch=found.tag):
                    continue
                self._storage.delete([self._beat_of(found.owner)])
                log.warning("%s: took over from %s, which has ended", uri, found.owner)
            self._held.append(uri)
            return ""
        return "processes that were faster"

    def holds(self, uri: str) -> bool:
        found = self._read(uri)
        return found is not None and found.owner == self._owner

    def release(self) -> None:
        self._ended.set()
        if self._thread is None:
            return
        self._thread.join()
        try:
            self._storage.delete([uri for uri in self._held if self.holds(uri)])
            self._storage.delete([self._beat_of(self._owner)])
        except StorageError as error:
            log.warning("the claims of this run are not given back, and lapse: %s", error)
        self._held.clear()

    def _beat_of(self, owner: str) -> str:
        return join(self._folder, "holders", owner)

    def _beat(self) -> None:
        self._storage.write(self._beat_of(self._owner), b"alive")

    def _keep_beating(self) -> None:
        while not self._ended.wait(self._settings.lease / _BEATS_A_LEASE):
            try:
                self._beat()
            except StorageError as error:  # the next beat may come through
                log.warning("the claims of this run could not be renewed: %s", error)

    def _lives(self, owner: str) -> bool:
        """Whether the owner has beaten within the lease, by the server's clock."""
        uri = self._beat_of(owner)
        bucket, key = split_s3(uri)
        try:
            with explained("read", uri):
                answer = client(self._settings).head_object(Bucket=bucket, Key=key)
        except NotFound:
            return False
        now = time_of(answer["ResponseMetadata"]["HTTPHeaders"], uri)
        return (now - answer["LastModified"]).total_seconds() <= self._settings.lease

    def _read(self, uri: str) -> _Found | None:
        bucket, key = split_s3(uri)
        try:
            with explained("read", uri):
                answer = client(self._settings).get_object(Bucket=bucket, Key=key)
                return _Found(answer["Body"].read().decode(errors="replace"), answer["ETag"])
        except NotFound:
            return None
