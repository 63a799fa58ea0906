"""The keys of the store: pure functions from names and windows to locations, and back.

The layout is a contract: dashboards, Athena tables and people's scripts rely on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tidegauge.errors import UsageError
from tidegauge.model.window import Window
from tidegauge.storage.partition_names import (
    escape_partition,
    escape_segment,
    unescape_partition,
)
from tidegauge.storage.uri import join


class MonitorType(StrEnum):
    """What a monitor looks at; SageMaker's `MonitoringType`."""

    DATA_QUALITY = "data_quality"
    MODEL_QUALITY = "model_quality"
    MODEL_BIAS = "model_bias"
    MODEL_EXPLAINABILITY = "model_explainability"


_WINDOW = r"(?P<window>\d{4}-\d\d-\d\dT\d{4}Z_P[0-9A-Z]+)"
_RUN_PATH = re.compile(
    rf"type=(?P<type>{'|'.join(MonitorType)})/variant=(?P<variant>[^/]+)/window={_WINDOW}(?:/[^/]+)?"
)
_VIOLATIONS_PATH = re.compile(rf"feature=[^/]+/date=[0-9-]+/{_WINDOW}_[^/]+\.json")


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """What makes a run this run: one window of one variant, looked at in one way.

    `variant` is `_all` for the run over all variants.
    """

    type: MonitorType
    variant: str
    window: Window


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of one monitor lies in a store."""

    store: str
    monitor: str

    @property
    def root(self) -> str:
        return join(self.store, escape_segment(self.monitor))

    @property
    def pin(self) -> str:
        """The document that says which baseline is pinned."""
        return join(self.root, "baseline", "current.json")

    @property
    def marks(self) -> str:
        """The document that says which windows people have marked as bad."""
        return join(self.root, "marks.json")

    @property
    def claims(self) -> str:
        """The folder of what runs have claimed, as long as they work at it."""
        return join(self.root, "claims")

    @property
    def reporting(self) -> str:
        """What a report claims, since there is one ledger and one summary."""
        return join(self.claims, "report")

    def baseline(self, baseline_id: str, monitor_type: MonitorType) -> str:
        """The folder of a baseline's documents."""
        return join(self.root, "baseline", escape_segment(baseline_id), monitor_type)

    @property
    def runs(self) -> str:
        """The folder below which all run folders lie."""
        return join(self.root, "runs")

    def variants(self, monitor_type: MonitorType) -> str:
        """The folder whose sub-folders are the variants that have runs of this type."""
        return join(self.runs, f"type={monitor_type}")

    def windows(self, monitor_type: MonitorType, variant: str) -> str:
        """The folder whose sub-folders are the windows that have runs of this variant."""
        return join(self.variants(monitor_type), f"variant={escape_partition(variant)}")

    def run(self, key: RunKey) -> str:
        """The folder of one run's documents."""
        return join(self.runs, run_path(key))

    @property
    def profiles(self) -> str:
        """The folder below which the kept profiles of units lie, by `run_path`."""
        return join(self.root, "profiles")

    @property
    def merged_rows(self) -> str:
        """The folder below which predictions merged with their labels lie, by `run_path`."""
        return join(self.root, "merged")

    @property
    def merged_lines(self) -> str:
        """The folder of merged records in the service's form, by variant and hour."""
        return join(self.root, "merged_records")

    def merged(self, key: RunKey) -> str:
        """The folder of the merged rows of one unit."""
        return join(self.merged_rows, run_path(key))

    def rejected(self, key: RunKey) -> str:
        """The folder of the records of one run that could not be read."""
        return join(self.root, "rejected", run_path(key))

    @property
    def rejected_training(self) -> str:
        """The folder of the training records that could not be read."""
        return join(self.root, "rejected", "training")

    @property
    def rejected_labels(self) -> str:
        """The folder of the ground-truth records that could not be read."""
        return join(self.root, "rejected", "ground_truth")

    def violations(self, monitor_type: MonitorType) -> str:
        """The folder of one type's violations, partitioned below by `feature=<f>/date=<day>`."""
        return join(self.root, "violations", f"type={monitor_type}")

    def violations_file(self, key: RunKey, feature: str) -> str:
        """The file of one run's violations of one feature, under the day the window starts on."""
        return join(self.violations(key.type), violations_path(key, feature))

    def report(self, monitor_type: MonitorType) -> str:
        """The folder of what people look at."""
        return join(self.root, "report", monitor_type)

    def unsent(self, monitor_type: MonitorType) -> str:
        """The folder of the metrics that wait to be sent."""
        return join(self.root, "alerts", monitor_type, "unsent")

    def ledger(self, monitor_type: MonitorType) -> str:
        """The document that says who was told what of this type's incidents."""
        return join(self.root, "alerts", monitor_type, "delivered.json")


def run_path(key: RunKey) -> str:
    """The run's folder below `Layout.runs`."""
    return f"type={key.type}/variant={escape_partition(key.variant)}/window={key.window.key}"


def parse_run_path(path: str) -> RunKey | None:
    """The run that a folder below `Layout.runs`, or a document in it, belongs to; None: no run's.

    The variant is the name itself, unless it was too long and cut: run.json knows it then.
    """
    match = _RUN_PATH.fullmatch(path)
    window = match and _window(match["window"])
    if match is None or window is None:
        return None
    return RunKey(MonitorType(match["type"]), unescape_partition(match["variant"]), window)


def violations_path(key: RunKey, feature: str) -> str:
    """The file of one run's violations of one feature, below `Layout.violations`.

    The window comes first in the name, since Spark ignores files that begin with `_`, as `_all`.
    """
    name = f"{key.window.key}_{escape_partition(key.variant)}.json"
    return f"feature={escape_partition(feature)}/date={key.window.start:%Y-%m-%d}/{name}"


def violations_window(path: str) -> Window | None:
    """The window of a file below `Layout.violations`; None: it is not one of ours."""
    match = _VIOLATIONS_PATH.fullmatch(path)
    return match and _window(match["window"])


def _window(key: str) -> Window | None:
    try:
        return Window.parse(key)
    except UsageError:
        return None
