"""Metrics that CloudWatch did not take: they wait in the store until it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.model.window import Window
from tidegauge.storage import join
from tidegauge.storage.partition_names import escape_partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.sinks.layout import Layout, MonitorType, RunKey
    from tidegauge.storage import Storage


def keep_unsent(storage: Storage, layout: Layout, key: RunKey, document: bytes) -> None:
    """Put the metrics of a run aside, in place of those that an earlier run of it left."""
    name = f"{key.window.key}_{escape_partition(key.variant)}.jsonl"
    storage.write(join(layout.unsent(key.type), name), document)


def unsent(storage: Storage, layout: Layout, type_: MonitorType) -> Iterator[tuple[str, Window]]:
    """Where metrics wait, and of which window they are, oldest first."""
    folder = layout.unsent(type_)
    for entry in storage.files(folder):
        start, duration, *_ = entry.key.split("_", 2)
        yield join(folder, entry.key), Window.parse(f"{start}_{duration}")
