"""The baseline job: the training data is profiled once, and what should hold is suggested."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidegauge.config.schema import TrainingFormat
from tidegauge.documents.run import Inputs as RunInputs
from tidegauge.documents.run import RunStatus
from tidegauge.errors import InputError, did_you_mean
from tidegauge.flows.job import DATA_QUALITY, summed_up
from tidegauge.flows.pinned import baseline_id, pin_baseline
from tidegauge.model.statistics import Kind
from tidegauge.monitors import data_quality
from tidegauge.profile.dataset import Profile
from tidegauge.profile.feature import disputed
from tidegauge.sinks.runs import commit
from tidegauge.sources.listing import list_training
from tidegauge.sources.parts import cut
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import column_names, reader
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegauge.flows.job import Job
    from tidegauge.model.batch import Part
    from tidegauge.monitors.data_quality import Result

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A baseline as it was made: its id, its folder, and what is in it."""

    id: str
    folder: str
    profile: Profile
    result: Result


def make_baseline(job: Job) -> Made:
    """Profile the training data, put the documents, and pin the new baseline.

    Raises:
        InputError: the training data is missing, empty or unreadable.
        StorageError: the store could not be written.
        EngineError: the engine failed.
    """
    training = job.conf.training
    skip = frozenset(job.conf.features.exclude) | ({training.time} if training.time else set())
    if training.format is TrainingFormat.TABLE:
        profile = job.engine.profile_table(training.uri, skip)
        inputs = RunInputs(0, 0, hashlib.sha256(training.uri.encode()).hexdigest())
    else:
        profile, inputs = _profile_files(job, skip)
    if not profile.rows:
        raise InputError(
            f"the training data at {training.uri} has no rows: expected the data that the model "
            "was trained on; correct `training.uri`"
        )
    result = data_quality.make_baseline(profile, sketch=job.sketch)
    id_ = baseline_id(result.documents)
    folder = job.layout.baseline(id_, DATA_QUALITY)
    record = job.record(RunStatus.COMPLETED, baseline=id_, counts=result.counts, inputs=inputs)
    commit(job.storage, folder, result.documents, record)
    pin_baseline(job.storage, job.layout, id_)
    return Made(id_, folder, profile, result)


def _profile_files(job: Job, skip: frozenset[str]) -> tuple[Profile, RunInputs]:
    conf = job.conf
    source = TrainingSource(
        conf.training.uri,
        Format(conf.training.format),
        rejected=job.layout.rejected_training,
        header=conf.training.header,
        skip=skip,
    )
    inputs = list_training(source.uri, conf.s3)
    _warn_of_unknown(skip, column_names(source, inputs, conf.s3))
    storage = job.storage
    storage.delete(join(source.rejected, entry.key) for entry in storage.files(source.rejected))
    parts = cut(inputs, source.format, conf.s3)
    profile = _profile(job, source, parts)
    texts = [feature.name for feature in profile.features if disputed(feature)]
    if texts and source.format is not Format.PARQUET:
        # A text format has no types: where the parts disagree, the column is text in all of them.
        kinds = dict.fromkeys(texts, Kind.TEXT)
        profile = _profile(job, replace(source, kinds=kinds), parts)
    job.refuse_too_many_rejected(profile.tally, "the training data", source.rejected)
    return profile, summed_up(inputs)


def _profile(job: Job, source: TrainingSource, parts: tuple[Part, ...]) -> Profile:
    found = job.engine.profile_parts(parts, reader(source, job.conf.s3))
    return found.get(("", ""), Profile())


def _warn_of_unknown(skip: Collection[str], columns: Collection[str]) -> None:
    for name in sorted(set(skip) - set(columns)):
        log.warning(
            "the conf names the column %r, which the training data does not have%s",
            name,
            did_you_mean(name, columns),
        )
