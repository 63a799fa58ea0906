"""The engines as the flows see them; Spark's session starts with the first call that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.engines import local
from tidegauge.errors import UsageError
from tidegauge.rules.packs.rows import FromRows, Questions, RowRules, Unanswered

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

    def ask_parts(self, _: Sequence[Part], __: Reader, asked: Questions) -> Mapping[int, FromRows]:
        return _unasked(asked)

    def ask_frame(self, _: Callable[[Any], Frame], asked: Questions) -> Mapping[int, FromRows]:
        return _unasked(asked)


def _unasked(asked: Questions) -> dict[int, FromRows]:
    reason = Unanswered("it needs the rows, and these need Spark: set engine: spark in the conf")
    runs = {run for runs in asked.runs.values() for run in runs}
    return {run: FromRows(dict.fromkeys(asked.measures, reason)) for run in runs}


class SparkEngine:
    """The kernels in Spark's Python workers."""

    def __init__(self, master: str | None, row_rules: RowRules = RowRules.AUTO) -> None:
        self._master = master
        self._row_rules = row_rules

    def _session(self, *, jvm_reads: bool = False) -> Any:  # noqa: ANN401  (Spark's)
        from tidegauge.session import start

        deequ = self._row_rules is RowRules.DEEQU
        return start(self._master, jvm_reads=jvm_reads, deequ=deequ)

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark

        return spark.profile_parts(self._session(), parts, read)

    def profile_frame(
        self, open_frame: Callable[[Any], Frame]
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark

        session = self._session(jvm_reads=True)
        with spark.failures_told():
            frame = open_frame(session)
        return spark.profile_frame(session, frame.data, frame.read, frame.settings)

    def ask_parts(
        self, parts: Sequence[Part], read: Reader, asked: Questions
    ) -> Mapping[int, FromRows]:
        from tidegauge.engines import asking
        from tidegauge.engines.rows import frame

        session = self._session(jvm_reads=True)
        return asking.ask(frame.of_parts(session, parts, read, asked), asked, self._row_rules)

    def ask_frame(
        self, open_frame: Callable[[Any], Frame], asked: Questions
    ) -> Mapping[int, FromRows]:
        from tidegauge.engines import asking, spark
        from tidegauge.engines.rows import frame

        session = self._session(jvm_reads=True)
        with spark.failures_told():
            opened = open_frame(session)
        rows = frame.of_frame(opened.data, opened.read, asked)
        with spark.with_settings(session, opened.settings):
            return asking.ask(rows, asked, self._row_rules)


class AutoEngine(SparkEngine):
    """Local processes for what fits a laptop, Spark for what does not, or what only it can read."""

    LOCAL_BYTES = 256 << 20

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        if sum(part.size_bytes for part in parts) < self.LOCAL_BYTES:
            return local.profile_parts(parts, read)
        return super().profile_parts(parts, read)
