"""The import of a baseline: documents that were made elsewhere are pinned as they are."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents.quality import constraints as quality_constraints
from tidegauge.documents.quality import statistics as quality_statistics
from tidegauge.documents.quality.problems import is_of_metrics
from tidegauge.documents.run import Inputs, RunStatus
from tidegauge.documents.text import load
from tidegauge.errors import UsageError
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.flows.pinned import baseline_id, pin_baseline
from tidegauge.monitors.data_quality import CONSTRAINTS, STATISTICS
from tidegauge.rules.constraints import CategoricalMethod
from tidegauge.sinks.runs import commit
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.flows.job import Job
    from tidegauge.model.statistics import Statistics
    from tidegauge.rules.constraints import Constraints
    from tidegauge.sinks.layout import MonitorType

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A baseline as it was imported: its type, its id, its folder, and of how many rows it is."""

    type: MonitorType
    id: str
    folder: str
    rows: int


def adopt_baseline(job: Job, statistics: str, constraints: str) -> Adopted:
    """Put the two documents into the store byte for byte, and pin them as the baseline.

    The type of monitor is the one that the constraints are of.

    Raises:
        UsageError: the conf has sensitive columns, which its maker did not hash, or they are of
            another problem than the conf's `model_quality`.
        DocumentError: one of them is not what SageMaker or Tidegauge writes, in any version.
        NotFound: one of them is not there.
        StorageError: they cannot be read, or the store cannot be written.
    """
    if job.conf.features.sensitive:
        raise UsageError(
            "a baseline that was made elsewhere has the values of its columns in it: remove "
            "`features.sensitive`, or make one by `tidegauge baseline`"
        )
    documents = {
        name: storage_for(uri, job.conf.s3).read(uri)
        for name, uri in ((STATISTICS, statistics), (CONSTRAINTS, constraints))
    }
    seen = load(documents[STATISTICS], statistics)
    held = load(documents[CONSTRAINTS], constraints)
    if is_of_metrics(held):
        type_, counts = MODEL_QUALITY, _of_metrics(job, seen, held, statistics, constraints)
    else:
        type_, counts = DATA_QUALITY, _of_features(seen, held, statistics, constraints)
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, type_)
    inputs = Inputs(len(documents), sum(map(len, documents.values())), _digest(documents))
    record = job.record(
        RunStatus.COMPLETED, baseline=id_, counts=counts, inputs=inputs, type_=type_
    )
    commit(job.storage, folder, documents, record)
    pin_baseline(job.storage, job.layout, type_, id_)
    return Adopted(type_, id_, folder, counts["rows"])


def _of_features(
    seen: dict[str, Any], held: dict[str, Any], statistics: str, constraints: str
) -> dict[str, int]:
    """What run.json counts of a data-quality baseline, once it can be read."""
    known = statistics_document.decode(seen, statistics)
    for doubt in _doubts(known, constraints_document.decode(held, constraints)):
        log.warning("%s", doubt)
    return {"rows": known.item_count, "features": len(known.features)}


def _of_metrics(
    job: Job, seen: dict[str, Any], held: dict[str, Any], statistics: str, constraints: str
) -> dict[str, int]:
    """What run.json counts of a model-quality baseline, once it can be read."""
    known = quality_statistics.decode(seen, statistics)
    wanted = quality_constraints.decode(held, constraints).problem
    quality = job.conf.model_quality
    if quality is not None and not (known.problem is wanted is quality.problem):
        raise UsageError(
            f"the baseline is of the problem {wanted} ({constraints}) and {known.problem} "
            f"({statistics}), and the conf says {quality.problem}: correct `model_quality.problem`"
        )
    return {"rows": known.rows, "metrics": len(known.metrics)}


def _doubts(seen: Statistics, held: Constraints) -> Iterator[str]:
    """What of the baseline will not be compared, or not as its maker compared it."""
    known = {feature.name for feature in seen.features}
    if absent := [f.name for f in held.features if f.name not in known]:
        yield f"the statistics lack {_names(absent)}: their drift is not evaluated"
    if blunt := [f.name for f in seen.features if f.numeric and f.numeric.sketch is None]:
        yield f"the statistics have no sketch of {_names(blunt)}: their drift is not evaluated"
    methods = {
        held.config.categorical_drift_method,
        *(f.overrides.get("categorical_drift_method") for f in held.features),
    }
    if CategoricalMethod.CHI_SQUARED in methods:
        yield (
            "categorical_drift_method is ChiSquared, whose direction the service does not "
            "document: here a p-value below the threshold is drift"
        )


def _names(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def _digest(documents: dict[str, bytes]) -> str:
    digests = "".join(sha256(documents[name]).hexdigest() for name in sorted(documents))
    return sha256(digests.encode()).hexdigest()
