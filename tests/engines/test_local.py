"""The local engine beside the numbers: a process that dies."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tidegauge.engines import local
from tidegauge.errors import EngineError
from tidegauge.model.batch import Chunk, Part

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_and_die(_: Part) -> Iterator[Chunk]:
    """As the kernel ends a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def test_a_process_that_is_killed_is_an_engine_error() -> None:
    """It is safe to try again, so it must not look like a bug."""
    with pytest.raises(EngineError, match="fewer processes"):
        local.profile_parts([Part("a", ()), Part("b", ())], read_and_die, processes=2)
