"""The baseline of model quality: how good the answers are on rows the model had not learnt from."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.documents.run import RunStatus
from tidegauge.engines.joins import Side
from tidegauge.errors import InputError, UsageError
from tidegauge.flows.answers import answer_columns, plan_of, wanted_columns
from tidegauge.flows.job import MODEL_QUALITY, summed_up
from tidegauge.flows.marks import bad_windows
from tidegauge.flows.pinned import baseline_id, pin_baseline
from tidegauge.flows.planning import level_of, spacing_of
from tidegauge.flows.quality_doubts import doubts_of_baseline, doubts_of_time
from tidegauge.flows.sensitive import hashing_of
from tidegauge.model.quality import Problem
from tidegauge.model.statistics import Kind
from tidegauge.model.window import Window
from tidegauge.monitors import model_quality
from tidegauge.quality.profile import QualityProfile
from tidegauge.sinks.runs import commit
from tidegauge.sources.answers import kinds_of
from tidegauge.sources.blocks import Blocks
from tidegauge.sources.frames import Frame, training_frame
from tidegauge.sources.listing import Inputs, list_files
from tidegauge.sources.parts import cut
from tidegauge.sources.predictions import Canonical
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import column_names, reader
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tidegauge.config.quality import ModelQuality
    from tidegauge.config.quality import QualityBaseline as Section
    from tidegauge.flows.job import Job, OpenFrame
    from tidegauge.monitors.data_quality import Result

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QualityMade:
    """A baseline as it was made: its id, its folder, and what is in it."""

    id: str
    folder: str
    profile: QualityProfile
    result: Result


def make_quality_baseline(job: Job) -> QualityMade:
    """Fold the rows with answers and labels, put the documents, and pin the new baseline.

    Raises:
        UsageError: the conf names no such rows.
        InputError: they are missing, without labels or unreadable.
        StorageError: the store could not be written.
        EngineError: the engine failed.
    """
    quality, section = _sections(job)
    canonical = Canonical(
        answer_columns(quality),
        quality.problem is Problem.REGRESSION,
        time=section.time,
        label=quality.label,
    )
    source = TrainingSource(
        section.uri,
        Format(section.format),
        rejected=join(job.layout.root, "rejected", "baseline_predictions"),
        header=section.header,
        sensitive=hashing_of(job.conf),
        whole_rows=True,
        kinds={**kinds_of(canonical.answers), quality.label: Kind.TEXT},
    )
    inputs = _listed(job, source)
    _warn_of_training_rows(job, inputs)
    source = _checked(job, source, inputs, canonical)
    profiles, tally = job.engine.fold_answers(
        _side(job, source, inputs, Blocks(canonical, spacing_of(job.conf))), plan_of(quality)
    )
    job.refuse_too_many_rejected(tally, "the model-quality baseline", source.rejected)
    profile = QualityProfile.merge_all(profiles.values())
    _refuse_without_labels(section, quality, profile)
    blocks = _whole_blocks(profiles, bad_windows(job))
    result = model_quality.make_baseline(
        profile, blocks, alpha=level_of(job.conf, quality), min_effect=quality.min_effect
    )
    notes = (
        *doubts_of_baseline(profile),
        *doubts_of_time(section.time, len(blocks)),
        *result.notes,
    )
    for note in notes:
        log.warning("%s", note)
    id_ = baseline_id(result.documents)
    folder = job.layout.baseline(id_, MODEL_QUALITY)
    record = job.record(
        RunStatus.COMPLETED,
        baseline=id_,
        counts={**result.counts, "records": tally.records, "rejected": tally.rejected},
        inputs=summed_up(inputs),
        type_=MODEL_QUALITY,
        notes=notes,
    )
    commit(job.storage, folder, result.documents, record)
    pin_baseline(job.storage, job.layout, MODEL_QUALITY, id_)
    return QualityMade(id_, folder, profile, result)


def _whole_blocks(
    profiles: Mapping[tuple[str, str], QualityProfile], bad: Collection[Window]
) -> list[QualityProfile]:
    """The blocks of the baseline's time, but for those that overlap a bad window.

    The first and the last are cut off by the data's own ends.
    """
    blocks = [(Window.parse(key), block) for (key, _), block in sorted(profiles.items()) if key]
    return [
        block
        for window, block in blocks[1:-1]
        if not any(window.start < one.end and one.start < window.end for one in bad)
    ]


def _sections(job: Job) -> tuple[ModelQuality, Section]:
    quality = job.conf.model_quality
    if quality is None or quality.baseline is None:
        raise UsageError(
            "the conf has no `model_quality.baseline`: expected `uri` and `format` of rows with "
            "label and answer that the model has not learnt from"
        )
    return quality, quality.baseline


def _listed(job: Job, source: TrainingSource) -> Inputs:
    if source.format is Format.TABLE:
        return Inputs(())
    inputs = list_files(source.uri, job.conf.s3)
    if not inputs.files:
        raise InputError(
            f"there are no rows for the model-quality baseline at {source.uri}: expected a file, a "
            "folder with files, or a glob that matches some; correct `model_quality.baseline.uri`"
        )
    return inputs


def _warn_of_training_rows(job: Job, inputs: Inputs) -> None:
    """A model answers well what it has learnt from: such a baseline is too good to be met."""
    training = job.conf.training
    if training is None or training.format == "table":
        return
    learnt = {file.uri for file in list_files(training.uri, job.conf.s3).files}
    if same := [file.uri for file in inputs.files if file.uri in learnt]:
        log.warning(
            "model_quality.baseline reads %s, which the model was trained on: its answers are "
            "better there than on new rows, and windows will look worse than they are; give rows "
            "that it has not learnt from",
            same[0],
        )


def _checked(
    job: Job, source: TrainingSource, inputs: Inputs, canonical: Canonical
) -> TrainingSource:
    """The source without the columns that are not needed.

    Raises:
        InputError: a column that is needed is not there.
    """
    if source.format is Format.TABLE:
        return source
    columns = column_names(source, inputs, job.conf.s3)
    wanted = wanted_columns(canonical)
    if missing := sorted(wanted - set(columns)):
        raise InputError(
            f"the rows at {source.uri} have no column {missing[0]!r}: there are "
            f"{', '.join(columns)}; correct `model_quality`"
        )
    return replace(source, skip=frozenset(columns) - wanted)


def _side(job: Job, source: TrainingSource, inputs: Inputs, blocks: Blocks) -> Side | OpenFrame:
    settings = job.conf.s3
    if source.by_spark:

        def open_frame(session: Any) -> Frame:  # noqa: ANN401  (Spark's, which flows do not know)
            frame = training_frame(session, source, inputs, settings)
            return Frame(frame.data, blocks.of_frame(frame.read), frame.settings)

        return open_frame
    return Side(cut(inputs, source.format, settings), blocks.of(reader(source, settings)))


def _refuse_without_labels(
    section: Section, quality: ModelQuality, profile: QualityProfile
) -> None:
    if profile.rows:
        return
    rows = profile.unlabelled + profile.unanswered
    raise InputError(
        f"none of the {rows:,} rows at {section.uri} has both a label and an answer: "
        f"{profile.unlabelled:,} have no label in {quality.label!r}, and {profile.unanswered:,} of "
        "the others no answer that can be read; expected rows that the model was tried on; "
        "correct `model_quality`"
    )
