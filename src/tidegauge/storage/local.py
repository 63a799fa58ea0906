"""Storage in local folders: writes are atomic and durable, by a temporary name and a rename."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidegauge.errors import StorageError
from tidegauge.storage.contract import Entry, NotFound
from tidegauge.storage.uri import local_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLAIM_ENDING = ".claim"  # of the name of a lock, which is no object
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_ADVICE = {
    errno.EACCES: "give this user the permission, or choose another folder",
    errno.EPERM: "give this user the permission, or choose another folder",
    errno.EROFS: "choose a folder that can be written",
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some space in the quota",
    errno.ENOTDIR: "a file is where a folder must be: remove it, or choose another folder",
    errno.EISDIR: "a folder is where the file must be: remove it, or choose another folder",
}


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """Files on a local (or mounted) POSIX file system."""

    def read(self, uri: str) -> bytes:
        with explained("read", uri):
            try:
                with open(local_path(uri), "rb") as file:
                    return file.read()
            except _ABSENT:
                raise NotFound(f"cannot read {uri}: there is no such file") from None

    def write(self, uri: str, data: bytes) -> None:
        path = local_path(uri)
        folder = os.path.dirname(path) or "."
        with explained("write", uri):
            make_folder(folder)
            _replace(path, _temporary(path), data)
            _sync(folder)

    def create(self, uri: str, data: bytes) -> bool:
        path = local_path(uri)
        folder = os.path.dirname(path) or "."
        with explained("write", uri):
            make_folder(folder)
            if _replace(path, _temporary(path), data, tag=""):
                _sync(folder)
                return True
        return self.read(uri) == data

    def tagged(self, uri: str) -> tuple[bytes, str]:
        with explained("read", uri):
            try:
                with open(local_path(uri), "rb") as file:
                    return file.read(), _tag_of(os.fstat(file.fileno()))
            except FileNotFoundError:
                return b"", ""

    def replace(self, uri: str, data: bytes, tag: str) -> str:
        path = local_path(uri)
        folder = os.path.dirname(path) or "."
        with explained("write", uri):
            make_folder(folder)
            replaced = _replace(path, _temporary(path), data, tag=tag)
            _sync(folder)
        return replaced

    def delete(self, uris: Iterable[str]) -> None:
        folders = set()
        for uri in uris:
            path = local_path(uri)
            with explained("delete", uri):
                try:
                    os.unlink(path)
                except (FileNotFoundError, NotADirectoryError):
                    continue
            folders.add(os.path.dirname(path) or ".")
        for folder in folders:
            with explained("delete files of", folder):
                _sync(folder)

    def files(self, prefix_uri: str) -> Iterator[Entry]:
        return _walk(local_path(prefix_uri), "")

    def folders(self, prefix_uri: str) -> tuple[str, ...]:
        # A folder without files is none on S3, so it is none here.
        return tuple(
            item.name
            for item in sorted(_listed(local_path(prefix_uri)), key=lambda item: item.name)
            if item.is_dir() and next(_walk(item.path, ""), None)
        )

    def exists(self, uri: str) -> bool:
        with explained("read", uri):
            try:
                return stat.S_ISREG(os.stat(local_path(uri)).st_mode)
            except _ABSENT:
                return False


def _temporary(path: str) -> str:
    """The one name under which `path` is written: what a killed writer left, the next one takes."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.writing")


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith((".writing", CLAIM_ENDING))


def _replace(path: str, temporary: str, data: bytes, *, tag: str | None = None) -> str:
    """Write the temporary file to the disk, then give it its final name, if that may be.

    Who owns the temporary file is alone in giving the name: nobody can come between. Returns the
    new tag; "" where there is not the file of the tag that was given.
    """
    descriptor = _own(temporary)
    try:
        if tag is not None and tag != _tag(path):
            os.unlink(temporary)
            return ""
        with open(descriptor, "wb", closefd=False) as file:
            file.truncate()
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
        return _tag_of(os.fstat(descriptor))
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)


def _tag(path: str) -> str:
    try:
        return _tag_of(os.stat(path))
    except FileNotFoundError:
        return ""


def _tag_of(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_mtime_ns}"


def _own(temporary: str) -> int:
    """Open the temporary file for this writer alone; the lock dies with its process.

    A writer that waited may hold a file that has got its final name meanwhile: it starts anew.
    """
    while True:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(temporary)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def make_folder(folder: str) -> None:
    """Make the folder and its parents; each new name reaches the disk."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder) or "."
    make_folder(parent)
    try:
        os.mkdir(folder)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None
    _sync(parent)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: str, prefix: str) -> Iterator[Entry]:
    for item in _listed(folder):
        key = prefix + item.name
        if item.is_dir():
            yield from _walk(item.path, f"{key}/")
        elif item.is_file() and not _is_temporary(item.name):
            try:
                found = item.stat()
            except FileNotFoundError:
                continue  # deleted since it was listed
            modified = datetime.fromtimestamp(found.st_mtime, UTC)
            yield Entry(key, found.st_size, str(found.st_mtime_ns), modified)


def _listed(folder: str) -> list[os.DirEntry[str]]:
    """The folder's items in the order of the keys below them, as S3 lists: `a.x` before `a/x`."""
    with explained("list", folder):
        try:
            with os.scandir(folder) as items:
                return sorted(items, key=lambda i: f"{i.name}/" if i.is_dir() else i.name)
        except (FileNotFoundError, NotADirectoryError):
            return []


@contextmanager
def explained(operation: str, uri: str) -> Iterator[None]:
    """Turn what the operating system raises into our errors: place, reason, what to do."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "look at the disk, then try again")
        raise StorageError(f"cannot {operation} {uri}: {error.strerror}; {advice}") from error
