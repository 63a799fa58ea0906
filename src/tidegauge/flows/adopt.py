"""The import of a baseline: documents that were made elsewhere are pinned as they are."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents.run import Inputs, RunStatus
from tidegauge.documents.text import load
from tidegauge.errors import UsageError
from tidegauge.flows.job import DATA_QUALITY
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

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A baseline as it was imported: its id, its folder, and what it says."""

    id: str
    folder: str
    statistics: Statistics
    constraints: Constraints


def adopt_baseline(job: Job, statistics: str, constraints: str) -> Adopted:
    """Put the two documents into the store byte for byte, and pin them as the baseline.

    Raises:
        UsageError: the conf has sensitive columns, which its maker did not hash.
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
    seen = statistics_document.decode(load(documents[STATISTICS], statistics), statistics)
    held = constraints_document.decode(load(documents[CONSTRAINTS], constraints), constraints)
    for doubt in _doubts(seen, held):
        log.warning("%s", doubt)
    id_ = baseline_id(documents)
    folder = job.layout.baseline(id_, DATA_QUALITY)
    counts = {"rows": seen.item_count, "features": len(seen.features)}
    inputs = Inputs(len(documents), sum(map(len, documents.values())), _digest(documents))
    record = job.record(RunStatus.COMPLETED, baseline=id_, counts=counts, inputs=inputs)
    commit(job.storage, folder, documents, record)
    pin_baseline(job.storage, job.layout, id_)
    return Adopted(id_, folder, seen, held)


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
