"""From the conf to what model quality reads: the answers, where their labels are, and the plan."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.config.quality import Deviation, MergedForm
from tidegauge.config.schema import CaptureFormat
from tidegauge.errors import InputError, UsageError
from tidegauge.flows.captured import source_of
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.flows.pinned import read_pinned, read_pins
from tidegauge.model.quality import Problem, QualityPlan
from tidegauge.model.statistics import Kind
from tidegauge.sources.answers import AnswerColumn, Form, kinds_of
from tidegauge.sources.groundtruth import LABEL_LAYOUT, GroundTruthSource
from tidegauge.sources.predictions import Canonical
from tidegauge.sources.source import (
    CaptureSource,
    Format,
    Marks,
    TrainingSource,
)
from tidegauge.sources.training import column_names
from tidegauge.sources.transform import INFERENCE_ID

if TYPE_CHECKING:
    from tidegauge.config.quality import GroundTruth, ModelQuality
    from tidegauge.config.schema import Captures
    from tidegauge.flows.job import Job
    from tidegauge.sources.listing import Inputs


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of captures and labels, and what is to be known of them."""

    plan: QualityPlan
    source: CaptureSource
    canonical: Canonical
    truth: GroundTruthSource

    @property
    def read_as(self) -> str:
        """The digest of how captures are read: other columns make other rows of the same files."""
        source = self.source
        said = (
            source.format, source.layout, source.time, source.header, source.inputs,
            source.outputs, source.preprocess, source.manifests, source.inference_id,
            source.marks, self.canonical,
        )  # fmt: skip
        return sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()[:16]

    @property
    def folded_as(self) -> str:
        """The digest of the plan: another threshold folds the same rows to other states."""
        return plan_digest(self.plan)

    def of_files(self, inputs: Inputs, job: Job) -> Reading:
        """The same, once there are files: columns that are not needed are not read.

        Raises:
            InputError: the first file cannot be read, or has not all columns that are needed.
        """
        source = self.source
        plain = source.format in (Format.PARQUET, Format.CSV, Format.JSONL)
        if not plain or source.by_spark or source.manifests or not inputs.files:
            return self
        like = TrainingSource(source.uri, source.format, source.rejected, header=source.header)
        columns, wanted = column_names(like, inputs, job.conf.s3), wanted_columns(self.canonical)
        missing = sorted(wanted - set(columns))
        has_schema = source.format is not Format.JSONL and source.preprocess is None
        if missing and columns and has_schema:
            raise InputError(
                f"the captures at {source.uri} have no column {missing[0]!r}: there are "
                f"{', '.join(columns)}; correct `captures` or `model_quality`"
            )
        skip = frozenset(columns) - wanted
        return replace(self, source=replace(source, skip=skip))


def reading_of(job: Job) -> Reading:
    """What the conf says of the answers and their labels.

    Raises:
        UsageError: the conf has no captures, no ground truth or no model quality, or a script that
            cannot be used.
    """
    conf = job.conf
    for name in ("captures", "ground_truth", "model_quality"):
        if getattr(conf, name) is None:
            raise UsageError(
                f"the conf has no `{name}`, so there are no answers to be held against the truth: "
                "add the section"
            )
    captures, truth, quality = conf.captures, conf.ground_truth, conf.model_quality
    assert captures is not None and truth is not None and quality is not None  # noqa: PT018, S101
    canonical = _canonical(captures, quality)
    return Reading(
        plan_of(quality),
        _source(job, captures, canonical, Marks(truth.merged is MergedForm.SAGEMAKER)),
        canonical,
        _truth(job, truth, quality),
    )


def plan_of(quality: ModelQuality) -> QualityPlan:
    """What is to be known of the model's answers."""
    return QualityPlan(
        quality.problem,
        quality.threshold,
        quality.positive,
        quality.negative,
        quality.classes,
        quality.costs,
        subsamples=quality.standard_deviation is Deviation.SAGEMAKER,
    )


def plan_digest(plan: QualityPlan) -> str:
    """Tells plans apart whose states cannot be merged."""
    return sha256(json.dumps(plan.as_json(), sort_keys=True).encode()).hexdigest()[:16]


def answer_columns(quality: ModelQuality) -> tuple[AnswerColumn, ...]:
    """The columns of an answer by the names that the kernel knows, and the amounts of costs."""
    score = (quality.score,) if isinstance(quality.score, str) else quality.score or ()
    prediction = (quality.prediction,) if quality.prediction else ()
    found = {}
    match quality.problem:
        case Problem.REGRESSION:
            found["prediction"] = (prediction or score, Form.NUMBER)
        case Problem.MULTICLASS if not (quality.classes and score):
            found["prediction"] = (prediction or score, Form.TEXT)
        case _:
            by_list = "probabilities" if quality.classes else "score"
            found[by_list] = (score, Form.LIST if quality.classes else Form.NUMBER)
            found["prediction"] = (prediction, Form.TEXT)
    amounts = quality.costs.columns if quality.costs else ()
    return (
        *(AnswerColumn(name, of, form) for name, (of, form) in found.items() if of),
        *(AnswerColumn(name, (name,), Form.NUMBER) for name in amounts),
    )


def wanted_columns(canonical: Canonical) -> frozenset[str]:
    """The columns that are read: of answers and amounts, and those that say which row it is."""
    sources = {source for answer in canonical.answers for source in answer.sources}
    named = (canonical.id, canonical.time, canonical.label)
    return frozenset(sources | {name for name in named if name})


def _canonical(captures: Captures, quality: ModelQuality) -> Canonical:
    id_, time = captures.id, captures.time
    if captures.manifests:
        id_, time = id_ or INFERENCE_ID[0], INFERENCE_ID[1]
    return Canonical(
        answer_columns(quality), quality.problem is Problem.REGRESSION, id=id_, time=time
    )


def _source(job: Job, captures: Captures, canonical: Canonical, marks: Marks) -> CaptureSource:
    wanted = wanted_columns(canonical)
    inputs = _inputs(job, captures, wanted)
    named = {*inputs, *captures.outputs}
    kinds = dict(kinds_of(canonical.answers))
    if canonical.id:
        kinds[canonical.id] = Kind.TEXT
    return replace(
        source_of(job, captures, MODEL_QUALITY),
        inputs=inputs,
        skip=frozenset(named - wanted),
        kinds=kinds,
        marks=marks,
    )


def _inputs(job: Job, captures: Captures, wanted: frozenset[str]) -> tuple[str, ...]:
    """The columns of what was sent; the data-quality baseline's, where only it knows them.

    A script gives its rows the names itself.
    """
    if captures.preprocess:
        return ()
    if captures.inputs is not None:
        needed = captures.manifests or wanted & set(captures.inputs)
        return captures.inputs if needed else ()
    has_names = captures.format is not CaptureFormat.SAGEMAKER and not captures.manifests
    missing = sorted(wanted - {*captures.outputs, *INFERENCE_ID})
    if has_names or not missing:
        return ()
    if DATA_QUALITY.value not in read_pins(job.storage, job.layout):
        raise UsageError(
            f"{missing[0]!r} is wanted of the captures, whose payloads do not say what is where: "
            "name what is sent in `captures.inputs`, and what is answered in `captures.outputs`, "
            "in order"
        )
    known = read_pinned(job.storage, job.layout, DATA_QUALITY).statistics.features
    return tuple(f.name for f in known if f.name not in captures.outputs)


def _truth(job: Job, truth: GroundTruth, quality: ModelQuality) -> GroundTruthSource:
    return GroundTruthSource(
        truth.uri,
        Format(truth.format),
        rejected=job.layout.rejected_labels,
        label=truth.label or quality.label,
        numeric=quality.problem is Problem.REGRESSION,
        id=truth.id or "",
        time=truth.time,
        layout=truth.layout or LABEL_LAYOUT,
        header=truth.header,
    )
