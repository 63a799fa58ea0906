"""How our times grow: with events, with days to be merged, with features to be compared.

(With columns and with rows they grow in `ours.py`'s own runs, on other tables.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from contender import Contender, Run
from datasets import payload_columns
from ours import profile_locally

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGES = ("tidegauge", "pyarrow", "numpy")


def _events(data: Path) -> Run:
    """Captured requests from JSON Lines to states, in this process alone."""
    from tidegauge.engines import local
    from tidegauge.model.statistics import Kind
    from tidegauge.sources.captures import reader
    from tidegauge.sources.listing import list_training
    from tidegauge.sources.parts import cut
    from tidegauge.sources.source import CaptureSource, Format
    from tidegauge.storage import S3Settings

    inputs, settings = payload_columns(1, 0), S3Settings()
    kinds = {
        name: Kind.INTEGRAL if pa.types.is_integer(column.type) else Kind.FRACTIONAL
        for name, column in inputs
    }
    source = CaptureSource(
        str(data), Format.SAGEMAKER, str(data / "_rejected"),
        inputs=tuple(kinds), outputs=("score",), kinds=kinds | {"score": Kind.FRACTIONAL},
    )  # fmt: skip

    def run() -> object:
        files = list_training(source.uri, settings)
        parts = cut(files, source.format, settings, "2025-11-01T0000Z_P1D", "AllTraffic")
        return local.profile_parts(parts, reader(source, settings), processes=1)

    return run


def _month(data: Path) -> Run:
    """Kept profiles, one a file of the data, to the statistics of all of them."""
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.table import from_parquet

    days = _kept(data)
    return lambda: Profile.merge_all(from_parquet(day, "a day") for day in days).statistics()


def _drift(data: Path) -> Run:
    """Two kept profiles, one a file of the data, to the outcome of every check."""
    from tidegauge.profile.table import from_parquet
    from tidegauge.rules.evaluate import evaluate
    from tidegauge.rules.suggest import suggest

    before, after = _kept(data)
    constraints = suggest(from_parquet(before, "the baseline").statistics())

    def run() -> object:
        baseline = from_parquet(before, "the baseline").statistics()
        return evaluate(from_parquet(after, "the window").statistics(), constraints, baseline)

    return run


def _kept(data: Path) -> list[bytes]:
    from tidegauge.profile.table import to_parquet

    return [to_parquet(profile_locally(file)) for file in sorted(data.glob("*.parquet"))]


SCALING = (
    Contender(
        "events",
        "captured events, one process",
        "JSON Lines with payloads of 22 columns (CSV, unless another is named) to states",
        _PACKAGES,
        _events,
    ),
    Contender(
        "month",
        "30 daily profiles merged to a month, 100 features",
        "statistics from kept profiles; reads no data",
        _PACKAGES,
        _month,
    ),
    Contender(
        "drift",
        "1,000 features of two kept profiles compared",
        "every check of every feature, drift included",
        _PACKAGES,
        _drift,
    ),
)
