"""The engines as the flows see them; Spark's session starts with the first call that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.engines import local
from tidegauge.errors import UsageError
from tidegauge.model.batch import Chunk
from tidegauge.profile.dataset import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from tidegauge.model.batch import Part, Reader


class LocalEngine:
    """The kernels in this process and a few beside it; needs no Java."""

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        return local.profile_parts(parts, read)

    def profile_table(self, name: str, skip: frozenset[str]) -> Profile:  # noqa: ARG002
        raise UsageError(
            f"the table {name!r} can only be read by Spark: set engine: spark in the conf"
        )


class SparkEngine:
    """The kernels in Spark's Python workers."""

    def __init__(self, master: str | None) -> None:
        self._master = master

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark
        from tidegauge.session import start

        return spark.profile_parts(start(self._master), parts, read)

    def profile_table(self, name: str, skip: frozenset[str]) -> Profile:
        from tidegauge.engines import spark
        from tidegauge.session import start
        from tidegauge.sources.table import read_table

        session = start(self._master)
        frame = read_table(session, name, skip)
        return spark.profile_frame(session, frame, _one_chunk).get(("", ""), Profile())


class AutoEngine(SparkEngine):
    """Local processes for what fits a laptop, Spark for what does not, or what only it can read."""

    LOCAL_BYTES = 256 << 20

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        if sum(part.size_bytes for part in parts) < self.LOCAL_BYTES:
            return local.profile_parts(parts, read)
        return super().profile_parts(parts, read)


def _one_chunk(table: pa.Table) -> Iterator[Chunk]:
    yield Chunk(table)
