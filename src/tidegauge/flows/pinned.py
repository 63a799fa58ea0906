"""The pinned baseline: what windows are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.documents import calibration as calibration_document
from tidegauge.documents import constraints as constraints_document
from tidegauge.documents import pin
from tidegauge.documents import statistics as statistics_document
from tidegauge.documents.text import dump, load
from tidegauge.errors import UsageError
from tidegauge.model.statistics import InferredType, Kind
from tidegauge.monitors.data_quality import CALIBRATION, CONSTRAINTS, PROFILE, STATISTICS
from tidegauge.profile.table import from_parquet
from tidegauge.storage import NotFound, Storage, join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.model.statistics import FeatureStatistics, Statistics
    from tidegauge.rules.alarms.calibration import Calibration
    from tidegauge.rules.constraints import Constraints
    from tidegauge.sinks.layout import Layout, MonitorType

_ID_DIGITS = 12
# A baseline that the service made knows no finer kinds than its own types.
_KIND_OF_TYPE = {
    InferredType.INTEGRAL: Kind.INTEGRAL,
    InferredType.FRACTIONAL: Kind.FRACTIONAL,
    InferredType.STRING: Kind.TEXT,
    InferredType.UNKNOWN: Kind.EMPTY,
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline as it is pinned: its id, what was seen, and what must hold."""

    id: str
    statistics: Statistics
    constraints: Constraints
    calibration: Calibration | None = None

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What the values of each feature are, so that batches are read as the baseline was."""
        return {feature.name: _kind(feature) for feature in self.statistics.features}


def baseline_id(documents: Mapping[str, bytes]) -> str:
    """The id comes from the content: the same data makes the same baseline, wherever it lies."""
    digest = sha256()
    for name in sorted(documents):
        digest.update(documents[name])
    return digest.hexdigest()[:_ID_DIGITS]


def pin_baseline(storage: Storage, layout: Layout, type_: MonitorType, baseline: str) -> None:
    """Make a baseline the one that windows of this type are compared with from now on."""
    pins = {**read_pins(storage, layout), type_.value: baseline}
    storage.write(layout.pin, dump(pin.encode(dict(sorted(pins.items())))))


def read_pins(storage: Storage, layout: Layout) -> dict[str, str]:
    """The ids of the pinned baselines by type; none where nothing is pinned."""
    try:
        return pin.decode(load(storage.read(layout.pin), layout.pin), layout.pin)
    except NotFound:
        return {}


def pinned_id(storage: Storage, layout: Layout, type_: MonitorType) -> str | None:
    """The id of the pinned baseline of this type; None: there is none.

    Raises:
        DocumentError: the document that pins it is not one of ours.
    """
    return read_pins(storage, layout).get(type_.value)


def pinned_folder(storage: Storage, layout: Layout, type_: MonitorType) -> tuple[str, str]:
    """The id and the folder of the pinned baseline of this type.

    Raises:
        UsageError: none is pinned.
    """
    id_ = pinned_id(storage, layout, type_)
    if id_ is None:
        raise UsageError(
            f"there is no baseline to compare with: {layout.pin} pins none of "
            f"{type_.value.replace('_', ' ')}; run `tidegauge baseline CONF` first"
        )
    return id_, layout.baseline(id_, type_)


def read_pinned(storage: Storage, layout: Layout, type_: MonitorType) -> Baseline:
    """The pinned baseline; constraints.json as it lies there, so that people's edits count.

    Raises:
        UsageError: no baseline is pinned, or one of its documents is missing or wrong.
    """
    try:
        pinned, folder = pinned_folder(storage, layout, type_)
        at = join(folder, CONSTRAINTS)
        constraints = constraints_document.decode(load(storage.read(at), at), at)
        statistics = _read_statistics(storage, folder)
        return Baseline(pinned, statistics, constraints, _read_calibration(storage, folder))
    except NotFound as error:
        raise UsageError(
            f"there is no baseline to compare with: {error}; run `tidegauge baseline CONF` first"
        ) from error


def _read_statistics(storage: Storage, folder: str) -> Statistics:
    """From the states where they are kept, else (a baseline made elsewhere) from the document."""
    profile, document = join(folder, PROFILE), join(folder, STATISTICS)
    try:
        return from_parquet(storage.read(profile), profile).statistics()
    except NotFound:
        return statistics_document.decode(load(storage.read(document), document), document)


def _read_calibration(storage: Storage, folder: str) -> Calibration | None:
    """None for a baseline that has none: made elsewhere, or by an earlier release."""
    uri = join(folder, CALIBRATION)
    try:
        return calibration_document.decode(load(storage.read(uri), uri), uri)
    except NotFound:
        return None


def _kind(feature: FeatureStatistics) -> Kind:
    return feature.detail.kind if feature.detail else _KIND_OF_TYPE[feature.inferred_type]
