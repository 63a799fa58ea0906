"""Ourselves: the whole profile from listing the files to the statistics, by each road.

Every run lists and cuts the files, folds and merges the states, and reads the statistics out.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from contender import CORES, MASTER, Contender, NotMeasured, Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.model.batch import Part, Reader
    from tidegauge.model.statistics import Statistics
    from tidegauge.profile.dataset import Profile
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.source import TrainingSource
    from tidegauge.storage import S3Settings

_COMPUTES = "counts, moments, KLL, distinct sketch, frequent values, types, lengths, histogram"


def parts_of(data: Path) -> tuple[Sequence[Part], Reader]:
    """What an engine is given for a folder of Parquet files."""
    from tidegauge.sources.training import parts, reader

    source, inputs, settings = _listed(data)
    return parts(source, inputs, settings), reader(source, settings)


def profile_locally(data: Path, processes: int = CORES) -> Profile:
    """The profile of a folder of Parquet files, made without Spark."""
    from tidegauge.engines import local

    return _only(local.profile_parts(*parts_of(data), processes))


def _local(data: Path) -> Run:
    return lambda: profile_locally(data).statistics()


def _spark(data: Path) -> Run:
    from tidegauge.engines import spark
    from tidegauge.session import start

    session = start(MASTER)

    def run() -> Statistics:
        return _only(spark.profile_parts(session, *parts_of(data), lean=True)).statistics()

    return run


def _frame(data: Path) -> Run:
    from tidegauge.engines import spark
    from tidegauge.session import start
    from tidegauge.sources.frames import training_frame

    session = start(MASTER)

    def run() -> Statistics:
        frame = training_frame(session, *_listed(data))
        found = spark.profile_frame(session, frame.data, frame.read, frame.settings, lean=True)
        return _only(found).statistics()

    return run


def _command(data: Path, *, engine: str, options: Sequence[str]) -> Run:
    conf = data.parent / f"{data.name}-{engine}.yaml"
    conf.write_text(
        f"version: 1\nmonitor: benchmark\nstore: {data.parent / 'store'}\nengine: {engine}\n"
        f"training:\n  uri: {data}\n  format: parquet\n",
        encoding="utf-8",
    )
    return partial(tell, [str(program()), "baseline", str(conf), *options])


def program() -> Path:
    """The console script of this environment."""
    found = Path(sys.executable).with_name("tidegauge")
    if not found.exists():
        raise NotMeasured(f"there is no program {found.name} beside {sys.executable}: make env")
    return found


def tell(command: Sequence[str]) -> None:
    """Run a command to its end."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured(f"{command[1]}: {done.stderr.strip().splitlines()[-1]}")


def _listed(data: Path) -> tuple[TrainingSource, Inputs, S3Settings]:
    from tidegauge.sources.listing import list_training
    from tidegauge.sources.source import Format, TrainingSource
    from tidegauge.storage import S3Settings

    source = TrainingSource(str(data), Format.PARQUET, rejected=str(data / "_rejected"))
    settings = S3Settings()
    return source, list_training(source.uri, settings), settings


def _only(profiles: Mapping[Key, Profile]) -> Profile:
    (profile,) = profiles.values()
    return profile


OURS = (
    Contender(
        "spark",
        f"Tidegauge on Spark {MASTER}: workers read the files",
        _COMPUTES,
        ("tidegauge", "pyspark", "pyarrow", "numpy"),
        _spark,
    ),
    Contender(
        "local",
        f"Tidegauge without Spark, {CORES} processes",
        "the same",
        ("tidegauge", "pyarrow", "numpy"),
        _local,
    ),
    Contender(
        "frame",
        "Tidegauge by `DataFrame.mapInArrow`: Spark reads",
        "the same",
        ("tidegauge", "pyspark", "pyarrow", "numpy"),
        _frame,
    ),
    Contender(
        "command",
        "the command `tidegauge baseline`, session start, suggestions and documents included",
        "the same, and constraints",
        ("tidegauge", "pyspark", "pyarrow", "numpy"),
        partial(_command, engine="spark", options=("--master", MASTER)),
    ),
    Contender(
        "command-local",
        "the same command, `--engine local`",
        "the same, and constraints",
        ("tidegauge", "pyarrow", "numpy"),
        partial(_command, engine="local", options=()),
    ),
)
