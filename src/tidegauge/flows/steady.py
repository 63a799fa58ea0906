"""Inputs that hold still: what changed while it was read was read as nobody knows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import StorageError
from tidegauge.sources.captures import batches
from tidegauge.sources.source import Format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.source import CaptureSource


class ChangedInputs(StorageError):
    """A file was written while it was read; the next run reads it again."""


def changed_captures(
    job: Job, source: CaptureSource, read: Sequence[Batch]
) -> Mapping[tuple[Window, str], str]:
    """Of the batches that were read, those of which a file is another by now, each with its URI.

    Files that have come since are for the next run, and those that have gone were read.
    """
    if source.format is Format.TABLE or not read:
        return {}
    listed = batches(source, {batch.window for batch in read}, job.conf.s3)
    now = {(batch.window, batch.variant): batch.inputs for batch in listed}
    found = {}
    for batch in read:
        key = (batch.window, batch.variant)
        if key in now and (uri := _changed(batch.inputs, now[key])):
            found[key] = uri
    return found


def _changed(before: Inputs, now: Inputs) -> str:
    known = {file.key: file for file in now.files}
    return next((f.uri for f in before.files if known.get(f.key, f) != f), "")


def refuse_changed(uri: str, what: str) -> None:
    """Raise ChangedInputs where there is such a file."""
    if uri:
        raise ChangedInputs(
            f"{what}: {uri} was written while it was read, so that nobody knows what was read; it "
            "is read again by the next run: start that when nothing writes there any more"
        )
