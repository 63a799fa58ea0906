"""The engines as the flows see them; Spark's session starts with the first call that needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.engines import local, local_joins
from tidegauge.engines.joins import Side
from tidegauge.errors import UsageError
from tidegauge.rules.packs.rows import FromRows, Questions, RowRules, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegauge.engines.joins import Joined, Joining
    from tidegauge.engines.spark_joins import FrameSide
    from tidegauge.flows.job import OpenFrame
    from tidegauge.model.batch import Part, Reader, Tally
    from tidegauge.model.quality import QualityPlan
    from tidegauge.profile.dataset import Profile
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.sources.frames import Frame


_ONLY_SPARK = (
    "tables, and what the conf says `read: spark` of, are read by Spark: set engine: spark in the "
    "conf"
)


class LocalEngine:
    """The kernels in this process and a few beside it; needs no Java."""

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        return local.profile_parts(parts, read)

    def profile_frame(self, _: Callable[[Any], Frame]) -> Mapping[tuple[str, str], Profile]:
        raise UsageError(_ONLY_SPARK)

    def join_labels(
        self, predictions: Sequence[Side | OpenFrame], labels: Side | OpenFrame, joining: Joining
    ) -> Joined:
        return local_joins.join_labels([_side(s) for s in predictions], _side(labels), joining)

    def fold_answers(
        self, side: Side | OpenFrame, plan: QualityPlan
    ) -> tuple[Mapping[tuple[str, str], QualityProfile], Tally]:
        return local_joins.fold_answers(_side(side), plan)

    def ask_parts(self, _: Sequence[Part], __: Reader, asked: Questions) -> Mapping[int, FromRows]:
        return _unasked(asked)

    def ask_frame(self, _: Callable[[Any], Frame], asked: Questions) -> Mapping[int, FromRows]:
        return _unasked(asked)


def _side(side: Side | OpenFrame) -> Side:
    """What is read without Spark."""
    if not isinstance(side, Side):
        raise UsageError(_ONLY_SPARK)
    return side


def _unasked(asked: Questions) -> dict[int, FromRows]:
    reason = Unanswered("it needs the rows, and these need Spark: set engine: spark in the conf")
    runs = {run for runs in asked.runs.values() for run in runs}
    return {run: FromRows(dict.fromkeys(asked.measures, reason)) for run in runs}


class SparkEngine:
    """The kernels in Spark's Python workers; `lean` ones forgo pandas."""

    def __init__(
        self, master: str | None, row_rules: RowRules = RowRules.AUTO, *, lean: bool = False
    ) -> None:
        self._master = master
        self._row_rules = row_rules
        self._lean = lean

    def _session(self, *, jvm_reads: bool = False) -> Any:  # noqa: ANN401  (Spark's)
        from tidegauge.session import start

        deequ = self._row_rules is RowRules.DEEQU
        return start(self._master, jvm_reads=jvm_reads, deequ=deequ)

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark

        return spark.profile_parts(self._session(), parts, read, lean=self._lean)

    def profile_frame(
        self, open_frame: Callable[[Any], Frame]
    ) -> Mapping[tuple[str, str], Profile]:
        from tidegauge.engines import spark

        session = self._session(jvm_reads=True)
        frame = _open(session, open_frame)
        return spark.profile_frame(session, frame.data, frame.read, frame.settings, lean=self._lean)

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
        opened = _open(session, open_frame)
        rows = frame.of_frame(opened.data, opened.read, asked)
        with spark.with_settings(session, opened.settings):
            return asking.ask(rows, asked, self._row_rules)

    def join_labels(
        self, predictions: Sequence[Side | OpenFrame], labels: Side | OpenFrame, joining: Joining
    ) -> Joined:
        from tidegauge.engines import spark_joins

        session = self._session(jvm_reads=_spark_reads([*predictions, labels]))
        sides = [_opened(session, side) for side in predictions]
        return spark_joins.join_labels(
            session, sides, _opened(session, labels), joining, lean=self._lean
        )

    def fold_answers(
        self, side: Side | OpenFrame, plan: QualityPlan
    ) -> tuple[Mapping[tuple[str, str], QualityProfile], Tally]:
        from tidegauge.engines import spark_joins

        session = self._session(jvm_reads=_spark_reads([side]))
        return spark_joins.fold_answers(session, _opened(session, side), plan, lean=self._lean)


def _spark_reads(sides: Sequence[Side | OpenFrame]) -> bool:
    return not all(isinstance(side, Side) for side in sides)


def _opened(session: Any, side: Side | OpenFrame) -> Side | FrameSide:  # noqa: ANN401
    """What Spark reads itself, opened."""
    if isinstance(side, Side):
        return side
    from tidegauge.engines.spark_joins import FrameSide

    frame = _open(session, side)
    return FrameSide(frame.data, frame.read, frame.settings)


def _open(session: Any, open_frame: OpenFrame) -> Frame:  # noqa: ANN401
    """What Spark reads itself, looked at beforehand as it will be read."""
    from tidegauge.engines import spark
    from tidegauge.sources.frames import FIXED_BYTES

    with spark.failures_told(), spark.with_settings(session, FIXED_BYTES):
        return open_frame(session)


class AutoEngine(SparkEngine):
    """Local processes for what fits a laptop, Spark for what does not, or what only it can read."""

    LOCAL_BYTES = 256 << 20

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        if sum(part.size_bytes for part in parts) < self.LOCAL_BYTES:
            return local.profile_parts(parts, read)
        return super().profile_parts(parts, read)

    def join_labels(
        self, predictions: Sequence[Side | OpenFrame], labels: Side | OpenFrame, joining: Joining
    ) -> Joined:
        if self._fits([*predictions, labels]):
            return LocalEngine().join_labels(predictions, labels, joining)
        return super().join_labels(predictions, labels, joining)

    def fold_answers(
        self, side: Side | OpenFrame, plan: QualityPlan
    ) -> tuple[Mapping[tuple[str, str], QualityProfile], Tally]:
        if self._fits([side]):
            return LocalEngine().fold_answers(side, plan)
        return super().fold_answers(side, plan)

    def _fits(self, sides: Sequence[Side | OpenFrame]) -> bool:
        files = [side for side in sides if isinstance(side, Side)]
        size = sum(part.size_bytes for side in files for part in side.parts)
        return len(files) == len(sides) and size < self.LOCAL_BYTES
