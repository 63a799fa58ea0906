"""Who is timed: one small interface for ourselves and for every peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[[], object]

CORES = 2  # what every contender may use: threads, processes, or Spark's local[2]
MASTER = f"local[{CORES}]"


class NotMeasured(Exception):
    """A contender cannot take part; the message says why. Nothing is ever estimated."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One who is timed. `prepare` gets ready, which is not timed, and returns what is timed.

    `packages` are what is measured, the contender's own first. One that is `slow` takes minutes: it
    warms up by itself in `prepare`, and is run once.
    """

    key: str
    name: str
    computes: str
    packages: tuple[str, ...]
    prepare: Callable[[Path], Run]
    slow: bool = False

    @property
    def ours(self) -> bool:
        return self.packages[0] == "tidegauge"

    def versions(self) -> dict[str, str]:
        """The installed version of each package.

        Raises:
            NotMeasured: one of them is not installed.
        """
        try:
            return {package: version(package) for package in self.packages}
        except PackageNotFoundError as error:
            raise NotMeasured(f"the package {error.name} is not installed") from error
