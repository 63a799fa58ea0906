"""Random ids, made without a call of the operating system."""

from __future__ import annotations

from random import Random
from uuid import UUID


class RandomIds:
    """Random UUIDs (version 4); an instance is for one process, and safe to share between threads.

    `uuid4` asks the operating system each time, and lets go of Python's global lock while it does:
    among busy threads a request then waits milliseconds to get it back.
    """

    def __init__(self) -> None:
        # Seeded by the operating system, whatever seed the server's own code sets.
        self._random = Random()  # noqa: S311 - an id is no secret

    def __call__(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)
