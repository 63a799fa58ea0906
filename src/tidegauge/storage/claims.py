"""Claims: who works at a place in the store, so that nobody else does at the same time.

A claim dies with its process: locally it is a lock of the operating system; on S3 it is an object
that names its holder, who puts a second object, the beat, again and again as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from tidegauge.storage.local import CLAIM_ENDING, explained, make_folder
from tidegauge.storage.uri import local_path, scheme

if TYPE_CHECKING:
    from tidegauge.storage.contract import S3Settings

_NAME_BYTES = 400


class Claims(Protocol):
    """What one process has claimed; every operation raises `StorageError` as a storage does."""

    def take(self, uri: str) -> str:
        """Claim a place: "" if it is this process's now, else who holds it."""
        ...

    def holds(self, uri: str) -> bool:
        """Whether it is still this process's: one that paused too long may have lost it."""
        ...

    def release(self) -> None:
        """Give back all that was claimed."""
        ...


def claims_in(folder: str, owner: str, settings: S3Settings) -> Claims:
    """The claims of a process, called `owner` as no other is, on places in one folder."""
    if scheme(folder) == "file":
        return LocalClaims(owner)
    from tidegauge.storage.s3_claims import S3Claims

    return S3Claims(folder, owner, settings)


class LocalClaims:
    """Locks of the operating system; it releases them when the process ends, however it does.

    They are of the process, not of the open file: a child that outlives it does not keep them.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._held: dict[str, int] = {}

    def take(self, uri: str) -> str:
        path = _claim_path(uri)
        with explained("claim", uri):
            while path not in self._held:
                make_folder(os.path.dirname(path) or ".")
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
                try:
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except (BlockingIOError, PermissionError):
                    holder = os.read(descriptor, _NAME_BYTES).decode(errors="replace")
                    os.close(descriptor)
                    return holder or "another process"
                if _is_at(path, descriptor):
                    self._held[path] = descriptor
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, self._owner.encode()[:_NAME_BYTES])
                else:  # the former holder has removed it since it was opened
                    os.close(descriptor)
        return ""

    def holds(self, uri: str) -> bool:
        path = _claim_path(uri)
        return path in self._held and _is_at(path, self._held[path])

    def release(self) -> None:
        for path, descriptor in self._held.items():
            with suppress(OSError):
                os.unlink(path)
            os.close(descriptor)
        self._held.clear()


def _claim_path(uri: str) -> str:
    folder, name = os.path.split(local_path(uri))
    return os.path.join(folder, f".{name}{CLAIM_ENDING}")


def _is_at(path: str, descriptor: int) -> bool:
    """Whether the open file is the one of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
