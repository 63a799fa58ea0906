"""The two sides of a join, as an engine takes them: parts and a reader, or what Spark reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.engines.joins import Side
from tidegauge.model.batch import FileSlice, Part
from tidegauge.sinks.merged import left_over
from tidegauge.sources.captures import parts, reader
from tidegauge.sources.frames import Frame, captures_frame, labels_frame
from tidegauge.sources.groundtruth import label_parts, label_reader
from tidegauge.sources.parts import DEALT_BYTES
from tidegauge.sources.predictions import FramePredictions, KeptRows, Predictions
from tidegauge.sources.source import Format
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegauge.documents.joined import JoinedUnit
    from tidegauge.flows.answers import Reading
    from tidegauge.flows.job import Job, OpenFrame
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.groundtruth import LabelGroup


def captured_side(job: Job, reading: Reading, batches: Sequence[Batch]) -> Side | OpenFrame:
    """The predictions of some batches, from their captures."""
    settings, source, canonical = job.conf.s3, reading.source, reading.canonical
    if source.by_spark:

        def open_frame(session: Any) -> Frame:  # noqa: ANN401  (Spark's, which flows do not know)
            frame = captures_frame(session, source, batches, settings)
            return Frame(frame.data, FramePredictions(frame.read, canonical), frame.settings)

        return open_frame
    read = reader(source, settings, [batch.window for batch in batches])
    cut = parts(source, batches, settings, part_bytes=DEALT_BYTES)
    return Side(cut, Predictions(read, canonical))


def kept_parts(job: Job, units: Mapping[RunKey, JoinedUnit]) -> tuple[Part, ...]:
    """The files of the merged rows of some units; what a killed job left among them goes."""
    return tuple(_kept_parts(job, units))


def kept_side(job: Job, kept: Sequence[Part]) -> Side:
    """The merged rows of some units, as they were kept; a file is a part."""
    return Side(tuple(kept), KeptRows(job.conf.s3))


def labels_side(job: Job, reading: Reading, groups: Sequence[LabelGroup]) -> Side | OpenFrame:
    """The labels of some groups of files, or of a table."""
    settings, truth = job.conf.s3, reading.truth
    if truth.format is Format.TABLE:
        return lambda session: labels_frame(session, truth, settings)
    some = label_parts(truth, groups, settings)
    return Side(some, label_reader(truth, groups, settings))


def _kept_parts(job: Job, units: Mapping[RunKey, JoinedUnit]) -> Iterator[Part]:
    for key, unit in sorted(units.items()):
        folder = job.layout.merged(key)
        sizes = {entry.key: entry.size for entry in job.storage.files(folder)}
        job.storage.delete(join(folder, name) for name in sorted(left_over(unit, sizes)))
        for name in unit.files.values():
            file = FileSlice(join(folder, name), sizes.get(name, 0))
            yield Part(
                f"{key.window.key}-{key.variant}-{name}", (file,), key.window.key, key.variant
            )
