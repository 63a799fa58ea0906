"""Locations: a local path, a `file:` URI, or `s3://bucket/key`; joined without a way out."""

from __future__ import annotations

import re
from urllib.parse import unquote

from tidegauge.errors import UsageError

_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_FILE = re.compile(r"^file:(?=/)(?://([^/]*))?(.*)$", re.IGNORECASE)


def scheme(uri: str) -> str:
    """`s3`, or `file` for local paths and `file:` URIs.

    Raises:
        UsageError: the location is of another kind.
    """
    match = _SCHEME.match(uri)
    name = match[1].lower() if match else "file"
    if name in {"s3a", "s3n"}:
        raise UsageError(f"the location {uri!r} has the scheme {name}: write it as s3://")
    if name not in {"s3", "file"}:
        raise UsageError(
            f"the location {uri!r} has the scheme {name}: expected a local path or s3://bucket/key"
        )
    return name


def local_path(uri: str) -> str:
    """The path of a local location; a `file:` URI is percent-decoded, a path is taken as it is.

    Raises:
        UsageError: it is not local, or a `file:` URI of another host.
    """
    if scheme(uri) != "file":
        raise UsageError(f"the location {uri!r} is not a local path")
    parts = _FILE.match(uri)
    if parts is None:
        return uri
    if parts[1] not in {None, "", "localhost"}:
        raise UsageError(f"{uri!r} is a file of the host {parts[1]!r}: expected file:///path")
    return unquote(parts[2])


def split_s3(uri: str) -> tuple[str, str]:
    """The bucket and the key (empty for the whole bucket) of an S3 location.

    Raises:
        UsageError: it is not an S3 location, or names no bucket.
    """
    bucket, _, key = uri.partition("://")[2].partition("/")
    if scheme(uri) != "s3" or not bucket:
        raise UsageError(f"the location {uri!r} names no bucket: expected s3://bucket/key")
    return bucket, key


def join(base: str, *parts: str) -> str:
    """The location below `base` that the parts name; a part may hold several segments.

    A `file:` base gives a plain path, since keys are not percent-encoded.

    Raises:
        UsageError: a part is absolute, or has an empty segment, `.` or `..`: it could leave `base`.
    """
    root = base if scheme(base) == "s3" else local_path(base)
    for part in parts:
        for segment in part.split("/"):
            if segment in {"", ".", ".."} or "\0" in segment:
                raise UsageError(
                    f"the key {part!r} cannot be joined to {base!r}: expected segments that are "
                    "not empty, '.' or '..', separated by single slashes"
                )
    return "/".join((root.rstrip("/") if parts else root, *parts))
