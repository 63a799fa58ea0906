"""The baseline job: the training data is profiled once, and what should hold is suggested."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.documents.run import Inputs as RunInputs
from tidegauge.documents.run import RunStatus
from tidegauge.errors import InputError, UsageError, did_you_mean
from tidegauge.flows.byspark import profile_training
from tidegauge.flows.calibrating import calibrated
from tidegauge.flows.job import DATA_QUALITY, summed_up
from tidegauge.flows.marks import bad_windows
from tidegauge.flows.pinned import baseline_id, pin_baseline
from tidegauge.flows.planning import plan_of
from tidegauge.flows.scripts import training_script
from tidegauge.flows.sensitive import hashing_of, quoting_nothing, sensitive_document
from tidegauge.flows.stated import stated_training
from tidegauge.flows.steady import refuse_changed
from tidegauge.model.statistics import Kind
from tidegauge.monitors import data_quality
from tidegauge.profile.dataset import Profile
from tidegauge.profile.feature import disputed
from tidegauge.sinks.runs import commit
from tidegauge.sources.listing import Inputs, list_training
from tidegauge.sources.source import Format, TrainingSource
from tidegauge.sources.training import column_names, parts, reader
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegauge.flows.byspark import LookAt
    from tidegauge.flows.job import Job
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
        UsageError: the conf names no training data, or a script of them that cannot be used.
        InputError: the training data is missing, empty or unreadable.
        StorageError: the store could not be written, or the training data while it was read.
        EngineError: the engine failed.
    """
    with quoting_nothing(job.conf):
        return _make_baseline(job)


def _make_baseline(job: Job) -> Made:
    source = _training_of(job)
    storage = job.storage
    storage.delete(join(source.rejected, entry.key) for entry in storage.files(source.rejected))
    if source.format is Format.TABLE:
        listed = Inputs(())
        profile = _profile(job, source, listed, partial(_warn_of_unknown, source))
        inputs = RunInputs(0, 0, sha256(source.uri.encode()).hexdigest())
    else:
        listed = list_training(source.uri, job.conf.s3)
        profile = _profile_files(job, source, listed)
        if list_training(source.uri, job.conf.s3) != listed:
            refuse_changed(source.uri, "the training data")
        inputs = summed_up(source.read_with(listed))
    job.refuse_too_many_rejected(profile.tally, "the training data", source.rejected)
    if not profile.rows:
        raise InputError(
            f"the training data at {source.uri} has no rows: expected the data that the model "
            "was trained on; correct `training.uri`"
        )
    calibration, blocks = calibrated(job, source, profile, profile.statistics(), bad_windows(job))
    plan = plan_of(job.conf, calibration)
    stated = stated_training(job, source, listed, profile)
    result = data_quality.make_baseline(profile, plan, blocks, stated=stated, sketch=job.sketch)
    for note in result.notes:
        log.warning("%s", note)
    documents = {**result.documents, **sensitive_document(source.sensitive)}
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, DATA_QUALITY)
    record = job.record(
        RunStatus.COMPLETED,
        baseline=id_,
        counts=result.counts,
        inputs=inputs,
        notes=result.notes,
    )
    commit(job.storage, folder, documents, record)
    pin_baseline(job.storage, job.layout, DATA_QUALITY, id_)
    return Made(id_, folder, profile, result)


def _training_of(job: Job) -> TrainingSource:
    training = job.conf.training
    if training is None:
        raise UsageError(
            "the conf has no `training`, so there is no data to profile: add the section with "
            "`uri` and `format`"
        )
    return TrainingSource(
        training.uri,
        Format(training.format),
        rejected=job.layout.rejected_training,
        read=training.read,
        header=training.header,
        skip=frozenset(job.conf.features.exclude) | ({training.time} if training.time else set()),
        preprocess=training_script(job.conf),
        sensitive=hashing_of(job.conf),
        numbers=job.conf.numbers,
    )


def _profile_files(job: Job, source: TrainingSource, inputs: Inputs) -> Profile:
    profile = _profile(job, source, inputs, partial(_warn_of_unknown, source))
    texts = [feature.name for feature in profile.features if disputed(feature)]
    if not texts or source.format is Format.PARQUET:
        return profile
    # A text format has no types: where the parts disagree, the column is text in all of them.
    return _profile(job, replace(source, kinds=dict.fromkeys(texts, Kind.TEXT)), inputs)


def _profile(
    job: Job, source: TrainingSource, inputs: Inputs, look_at: LookAt | None = None
) -> Profile:
    settings = job.conf.s3
    if source.by_spark:
        return profile_training(job, source, inputs, look_at)
    if look_at and source.preprocess is None:  # which says only row by row what columns there are
        look_at(column_names(source, inputs, settings))
    cut = parts(source, inputs, settings)
    return job.engine.profile_parts(cut, reader(source, settings)).get(("", ""), Profile())


def _warn_of_unknown(source: TrainingSource, columns: Collection[str]) -> None:
    sensitive = source.sensitive.columns if source.sensitive else frozenset()
    for name in sorted((source.skip | sensitive) - set(columns)):
        log.warning(
            "the conf names the column %r, which the training data does not have%s",
            name,
            did_you_mean(name, columns),
        )
