"""Marks: windows that people know to be bad, so that they never calibrate anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.documents import marks as marks_document
from tidegauge.documents.text import dump, load
from tidegauge.errors import UsageError
from tidegauge.storage import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window


def bad_windows(job: Job) -> Mapping[Window, str]:
    """The windows that are marked as bad, each with the reason; none where nothing is marked.

    Raises:
        DocumentError: marks.json does not have its shape.
        StorageError: the store could not be read.
    """
    uri = job.layout.marks
    try:
        return marks_document.decode(load(job.storage.read(uri), uri), uri)
    except NotFound:
        return {}


def mark_bad(job: Job, window: Window, reason: str) -> None:
    """Mark a window as bad, or give another reason; the next baseline leaves its blocks out."""
    _write(job, {**bad_windows(job), window: reason})


def mark_good(job: Job, window: Window) -> None:
    """Take a mark back.

    Raises:
        UsageError: the window is not marked.
    """
    marks = dict(bad_windows(job))
    if marks.pop(window, None) is None:
        known = ", ".join(map(str, sorted(marks))) or "none is"
        raise UsageError(f"the window {window} is not marked as bad: marked are {known}")
    _write(job, marks)


def _write(job: Job, marks: Mapping[Window, str]) -> None:
    job.storage.write(job.layout.marks, dump(marks_document.encode(marks)))
