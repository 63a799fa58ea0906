"""The data that the tests share, and stores at different stages of the road."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.e2e.world import World, captures, put, training, world
from tests.s3_server import bucket, s3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import Travelled

__all__ = ["based", "bucket", "data", "fresh", "moved", "s3", "travelled"]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Training data and captures in a folder; nobody changes them."""
    return put(str(tmp_path_factory.mktemp("data")), training() | captures())


@pytest.fixture(scope="session")
def travelled(data: str, tmp_path_factory: pytest.TempPathFactory) -> Travelled:
    """A world whose three jobs have run, and what they told; nobody changes it."""
    made = world(tmp_path_factory.mktemp("travelled"), data)
    return made, {command: made.run(command) for command in ("baseline", "monitor", "report")}


@pytest.fixture
def moved(tmp_path: Path, travelled: Travelled) -> World:
    """A copy of the travelled world's store, with data that the test may change."""
    made = world(tmp_path)
    shutil.copytree(travelled[0].store, made.store)
    return made


@pytest.fixture
def fresh(tmp_path: Path, travelled: Travelled) -> World:
    """A world of the test's own, with data that it may change, and a baseline."""
    return _with_baseline(world(tmp_path), travelled[0])


@pytest.fixture
def based(tmp_path: Path, travelled: Travelled) -> World:
    """A world of the test's own, on the shared data, with a baseline and nothing else."""
    return _with_baseline(world(tmp_path, travelled[0].data), travelled[0])


def _with_baseline(made: World, other: World) -> World:
    shutil.copytree(f"{other.store}/flights/baseline", f"{made.store}/flights/baseline")
    return made
