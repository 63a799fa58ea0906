"""What a storage can do: the few operations on bytes at URIs that the store is built from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from tidegauge.errors import ExitCode, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime


class NotFound(StorageError):
    """There is nothing at the location; trying again does not help."""

    exit_code = ExitCode.INPUT


class NoBucket(StorageError):
    """Not even the place for objects is there: a wrong name, and no empty store."""

    exit_code = ExitCode.INPUT


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a listing.

    `key` is relative to the listed prefix, `size` is in bytes; `tag` changes when the content does
    (S3: the ETag; local: the time of modification in nanoseconds) and means nothing else;
    `modified` is when it was last written, by the clock of who keeps it.
    """

    key: str
    size: int
    tag: str
    modified: datetime


class Encryption(StrEnum):
    """How S3 encrypts what is put: with a key of its own, or with one of KMS."""

    SSE_S3 = "sse-s3"
    SSE_KMS = "sse-kms"


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where S3 is and who asks; None leaves it to the environment and the AWS configuration.

    `path_style` puts the bucket into the path, not the host name; None does so for an endpoint
    other than AWS's own. `encryption` None is the bucket's default, `kms_key` None the account's
    key. A request is tried `attempts` times, and each waits `timeout` seconds for bytes.
    What a process has claimed is another's `lease` seconds after its last sign of life.
    """

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    path_style: bool | None = None
    encryption: Encryption | None = None
    kms_key: str | None = None
    attempts: int = 5
    timeout: float = 60.0
    lease: float = 120.0


FROM_ENVIRONMENT = S3Settings()


class Storage(Protocol):
    """Bytes at URIs. Values of it are cheap to make and survive the way to a worker process.

    Every operation raises `StorageError` with the location, the reason and what to do.
    """

    def read(self, uri: str) -> bytes:
        """The object's content; raises `NotFound` where there is none."""
        ...

    def write(self, uri: str, data: bytes) -> None:
        """Put the object, new or in place of the old: readers see either, never a part."""
        ...

    def create(self, uri: str, data: bytes) -> bool:
        """Put the object unless there is another; False: there is one, of other content."""
        ...

    def tagged(self, uri: str) -> tuple[bytes, str]:
        """The object's content, and a tag that no other content there will have.

        Where there is none: nothing, and the tag "".
        """
        ...

    def replace(self, uri: str, data: bytes, tag: str) -> str:
        """Put the object in place of the one with this tag; returns the new tag.

        "" is returned, and nothing put, where there is another object by now.
        """
        ...

    def delete(self, uris: Iterable[str]) -> None:
        """Remove the objects; one that is not there is fine."""
        ...

    def files(self, prefix_uri: str) -> Iterator[Entry]:
        """All objects below the folder, by key; nothing for a folder that is not there."""
        ...

    def folders(self, prefix_uri: str) -> tuple[str, ...]:
        """The names of the direct sub-folders that hold objects, sorted."""
        ...

    def exists(self, uri: str) -> bool:
        """Whether there is an object at the location (a folder is none)."""
        ...
