"""The engines as the flows see them; Spark's session starts with the first call that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.engines import local
from tidegauge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegauge.model.batch import Part, Reader
    from tidegauge.profile.dataset import Profile
    from tidegauge.sources.frames import Frame


class LocalEngine:
    """The kernels in this process and a few beside it; needs no Java."""

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        return local.profile_parts(parts, read)

    def profile_frame(self, _: Callable[[Any], Frame]) -> Mapping[tuple[str, str], Profile]:
        raise UsageError(
            "tables, and what the conf says `read: spark` of, are read by Spark: set engine: spark "
            "in the conf"
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

    def profile_frame(
        self, open_frame: Callable[[Any], Frame]
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark
        from tidegauge.session import start

        session = start(self._master, jvm_reads=True)
        with spark.failures_told():
            frame = open_frame(session)
        return spark.profile_frame(session, frame.data, frame.read, frame.settings)


class AutoEngine(SparkEngine):
    """Local processes for what fits a laptop, Spark for what does not, or what only it can read."""

    LOCAL_BYTES = 256 << 20

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        if sum(part.size_bytes for part in parts) < self.LOCAL_BYTES:
            return local.profile_parts(parts, read)
        return super().profile_parts(parts, read)
