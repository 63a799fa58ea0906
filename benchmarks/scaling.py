"""How our times grow: with events, with days to be merged, with features to be compared.

(With columns and with rows they grow in `ours.py`'s own runs, on other tables.)
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from contender import Contender, Run
from datasets import payload_columns
from ours import profile_locally, program, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegauge.profile.dataset import Profile
    from tidegauge.rules.alarms.calibration import Calibration

_PACKAGES = ("tidegauge", "pyarrow", "numpy")
_BLOCKS = 20
_TRAINING_ROWS = 100_000


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


def _window(data: Path) -> Run:
    """The command on one hour's captures, held against rows of the same kind."""
    folder = data.parent / f"{data.name}-window"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pq.write_table(pa.table(dict(payload_columns(_TRAINING_ROWS, 0))), folder / "training.parquet")
    conf = folder / "window.yaml"
    conf.write_text(
        f"version: 1\nmonitor: window\nstore: {folder / 'store'}\nengine: local\nwindow: 1h\n"
        f"training: {{uri: {folder / 'training.parquet'}, format: parquet}}\n"
        f"captures: {{uri: {data}, format: sagemaker, outputs: [score]}}\n",
        encoding="utf-8",
    )
    tell([str(program()), "baseline", str(conf)])

    def run() -> None:
        shutil.rmtree(folder / "store/window/runs", ignore_errors=True)
        tell([str(program()), "monitor", str(conf), "--window", "2025-11-01T12:00Z/PT1H"])

    return run


def _month(data: Path) -> Run:
    """Kept profiles, one a file of the data, to the statistics of all of them."""
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.table import from_parquet

    days = _kept(data)
    return lambda: Profile.merge_all(from_parquet(day, "a day") for day in days).statistics()


def _drift(data: Path, *, calibrated: bool) -> Run:
    """Two kept profiles, one a file of the data, to the outcome of every check by the budget."""
    from tidegauge.profile.table import from_parquet
    from tidegauge.rules.alarms import design_effect, shares
    from tidegauge.rules.alarms.plan import Plan
    from tidegauge.rules.alarms.policy import Policy
    from tidegauge.rules.evaluate import evaluate
    from tidegauge.rules.suggest import suggest

    before, after = _kept(data)
    profile = from_parquet(before, "the baseline")
    constraints = suggest(profile.statistics())
    modules = (vars(design_effect), vars(shares))
    remembered = [f for names in modules for f in names.values() if hasattr(f, "cache_clear")]
    learnt = _calibration(min(data.glob("*.parquet")), profile) if calibrated else None

    def run() -> object:
        # A window has a process of its own: what an earlier one has worked out is not there.
        for function in remembered:
            function.cache_clear()
        baseline = from_parquet(before, "the baseline").statistics()
        plan = Plan(Policy(), timedelta(days=1), calibration=learnt)
        found = from_parquet(after, "the window").statistics()
        return evaluate(found, constraints, baseline, plan=plan)

    return run


def _calibration(file: Path, profile: Profile) -> Calibration:
    """What blocks of the baseline's rows, one after another, say of its swings."""
    from tidegauge.engines import local
    from tidegauge.model.batch import Chunk, Part
    from tidegauge.model.statistics import Statistics
    from tidegauge.profile.grid import grids
    from tidegauge.rules.alarms.calibration import Block, calibrate
    from tidegauge.sources.coarse import CoarseReader

    known, table = grids(profile.features), pq.read_table(file)
    rows = table.num_rows // _BLOCKS

    def read(_: Part) -> Iterator[Chunk]:
        for i in range(_BLOCKS):
            yield Chunk(table.slice(i * rows, rows), f"{i:02}")

    found = local.profile_parts([Part("blocks", ())], CoarseReader(read, known), 1)
    blocks = [
        Block(
            key,
            None,
            Statistics(block.rows, tuple(known[f.name].statistics(f) for f in block.features)),
        )
        for (key, _), block in found.items()
    ]
    return calibrate(blocks, profile.statistics(), "P1D", ())


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
        "window",
        "the command `tidegauge monitor` on one hour, `engine: local`",
        "from the start of the program to the last document",
        _PACKAGES,
        _window,
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
        "every check of every feature by the budget, drift included",
        _PACKAGES,
        partial(_drift, calibrated=False),
    ),
    Contender(
        "drift-calibrated",
        "the same, calibrated on blocks of the baseline",
        "the same",
        _PACKAGES,
        partial(_drift, calibrated=True),
    ),
)
