"""Which hours have captures, by the names of their folders."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tidegauge.sources.layout import Layout, place_of
from tidegauge.sources.source import DEFAULT_VARIANT
from tidegauge.storage import join, storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tidegauge.sources.source import CaptureSource
    from tidegauge.storage import S3Settings

LISTINGS_AT_ONCE = 16


def discover(source: CaptureSource, settings: S3Settings) -> Mapping[str, tuple[datetime, ...]]:
    """By variant, the starts of the UTC hours that have captures, in order.

    Folders are listed level by level, never their files.

    Raises:
        UsageError: the layout is not one.
        StorageError: the captures cannot be listed.
    """
    hours: dict[str, set[datetime]] = defaultdict(set)
    for found in walk(source.uri, Layout.parse(source.layout), settings):
        if place := place_of(found):
            hours[place.variant or DEFAULT_VARIANT].add(place.hour)
    return {variant: tuple(sorted(hours[variant])) for variant in sorted(hours)}


def walk(
    root: str, layout: Layout, settings: S3Settings, levels: int | None = None
) -> Iterator[Mapping[str, str]]:
    """The values of the placeholders in every folder that the layout's first levels describe.

    Raises:
        StorageError: a folder cannot be listed.
    """
    storage = storage_for(root, settings)
    known: list[tuple[str, ...]] = [()]
    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as threads:
        for _ in layout.segments[:levels]:
            listed = threads.map(lambda path: storage.folders(join(root, *path)), known)
            below = [
                (*path, name) for path, names in zip(known, listed, strict=True) for name in names
            ]
            known = [path for path in below if layout.matches(path) is not None]
    return filter(None, map(layout.matches, known))
