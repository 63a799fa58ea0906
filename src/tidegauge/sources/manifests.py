"""Capture manifests of batch transforms: which files they name.

Source: the developer guide's "Capture data from batch transform job". A manifest is a JSON list:
an object with `prefix`, then names that are appended to it; a single object has an empty name.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.sources.jsontext import parse
from tidegauge.sources.listing import list_files
from tidegauge.sources.rejected import BadRecord
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegauge.sources.listing import File
    from tidegauge.storage import S3Settings

_AT_ONCE = 16


class BadManifest(Exception):
    """Why a manifest's files cannot be read. It becomes the fault of its window."""


def files_named(manifests: Iterable[File], settings: S3Settings) -> tuple[File, ...]:
    """The files that the manifests name, each once; keys are `<manifest's key>/<file's key>`.

    Raises:
        BadManifest: one is no manifest, or names a file that is not there.
        StorageError: one cannot be fetched, or a file cannot be looked for.
    """
    owners = {uri: manifest for manifest in manifests for uri in _uris(manifest, settings)}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        listed = list(threads.map(lambda uri: list_files(uri, settings).files, owners))
    found: dict[str, File] = {}
    for (uri, manifest), files in zip(owners.items(), listed, strict=True):
        if not files:
            raise BadManifest(f"the manifest {manifest.uri} names {uri}, which is not there")
        for file in files:
            found[file.uri] = replace(file, key=f"{manifest.key}/{file.key}")
    return tuple(found.values())


def _uris(manifest: File, settings: S3Settings) -> list[str]:
    try:
        content = parse(storage_for(manifest.uri, settings).read(manifest.uri).decode())
    except (BadRecord, UnicodeDecodeError) as error:
        raise BadManifest(f"the manifest {manifest.uri} cannot be read: {error}") from None
    match content:
        case [{"prefix": str(prefix)}, *names] if all(isinstance(name, str) for name in names):
            return [f"{prefix}{name}" for name in names]
        case _:
            raise BadManifest(
                f'{manifest.uri} is no capture manifest: expected [{{"prefix": "..."}}, "name", '
                "...]"
            )
