"""What files there are: listed once by the driver, named by a digest in the run's record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.errors import InputError, StorageError
from tidegauge.storage import filesystem, join, storage_for
from tidegauge.storage.advice import told_by_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tidegauge.storage import Entry, S3Settings

_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a source: `key` is relative to the source's URI, `tag` changes with the content.

    `modified` is when it was last written, by the clock of who keeps it; None: that is not known.
    """

    key: str
    uri: str
    size_bytes: int
    tag: str
    modified: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that a run reads, by key."""

    files: tuple[File, ...]

    @classmethod
    def of(cls, files: Iterable[File]) -> Inputs:
        return cls(tuple(sorted(files, key=lambda file: file.key)))

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def digest(self) -> str:
        """SHA-256 over one line a file, `<key> TAB <size> TAB <tag>`, in the order of the keys."""
        lines = sorted(f"{file.key}\t{file.size_bytes}\t{file.tag}\n" for file in self.files)
        return sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def list_training(uri: str, settings: S3Settings) -> Inputs:
    """The files of a training set, as `list_files` finds them.

    Raises:
        InputError: there is none.
        StorageError: the storage cannot be listed.
    """
    inputs = list_files(uri, settings)
    if not inputs.files:
        raise InputError(
            f"there is no training data at {uri}: expected a file, a folder with files, or a glob "
            "that matches some (names that begin with '.' or '_' do not count); correct "
            "`training.uri`, or put the data there"
        )
    return inputs


def list_files(uri: str, settings: S3Settings) -> Inputs:
    """The files at a URI: a file, a folder with all below it, or a glob; none if nothing is there.

    In a glob `*` and `?` stay within a folder and `**` does not. Names that begin with `.` or `_`
    are not data, as for Spark (`_SUCCESS`, `_temporary/`).

    Raises:
        StorageError: the storage cannot be listed.
    """
    if file := _single(uri, settings):
        return Inputs((file,))
    storage = storage_for(uri, settings)
    inputs = Inputs.of(_files(uri, storage.files(uri)))
    if inputs.files or not _WILDCARD.search(uri):
        return inputs
    folder = root_of(uri)
    pattern = _glob(uri.removeprefix(folder).lstrip("/"))
    entries = (entry for entry in storage.files(folder) if pattern.fullmatch(entry.key))
    return Inputs.of(_files(folder, entries))


def list_folder(root: str, folder: str, settings: S3Settings) -> tuple[File, ...]:
    """The files below a folder of a source, their keys relative to the source's root."""
    uri = join(root, folder) if folder else root
    files = _files(uri, storage_for(uri, settings).files(uri))
    prefix = f"{folder}/" if folder else ""
    return tuple(replace(file, key=prefix + file.key) for file in files)


def root_of(uri: str) -> str:
    """The folder that the keys of a source's files are relative to."""
    wildcard = _WILDCARD.search(uri)
    if wildcard is None:
        return uri
    folder = uri[: wildcard.start()].rpartition("/")[0]
    return folder or ("/" if uri.startswith("/") else ".")


def relative(uri: str, root: str) -> str:
    """A file's name for people: its key below the root, or its last segment."""
    folder = f"{join(root).rstrip('/')}/"
    return uri.removeprefix(folder) if uri.startswith(folder) else uri.rpartition("/")[2]


def _single(uri: str, settings: S3Settings) -> File | None:
    """The one file that the URI names, None if it names a folder or nothing."""
    files, path = filesystem(uri, settings)
    try:
        info = files.get_file_info(path)
    except OSError as error:
        told = told_by_arrow(error, "s3:GetObject and s3:ListBucket")
        raise StorageError(f"cannot look for {uri}: {told}") from error
    if not info.is_file:
        return None
    return File(info.base_name, join(uri), info.size, str(info.mtime_ns), info.mtime)


def _files(folder: str, entries: Iterable[Entry]) -> tuple[File, ...]:
    root = join(folder).rstrip("/")
    return tuple(
        File(entry.key, f"{root}/{entry.key}", entry.size, entry.tag, entry.modified)
        for entry in entries
        if _is_data(entry.key)
    )


def _is_data(key: str) -> bool:
    hidden = any(name.startswith((".", "_")) for name in key.split("/"))
    return not hidden and not key.endswith("_$folder$")  # a marker that EMR's S3 writers leave


def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression over keys."""
    tokens = re.split(r"(\*\*/?|\*|\?|\[!?[^]]+\])", pattern)
    return re.compile("".join(map(_token, tokens)))


def _token(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if token.startswith("[") and token.endswith("]"):
            return token.replace("[!", "[^", 1)
        case _:
            return re.escape(token)
