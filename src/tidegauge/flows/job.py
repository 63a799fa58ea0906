"""What every flow is given: the conf, its store, and an engine that may not be running yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tidegauge import __version__
from tidegauge.config.loading import digest
from tidegauge.config.schema import SketchForm
from tidegauge.documents.run import Inputs as RunInputs
from tidegauge.documents.run import RunRecord
from tidegauge.errors import InputError
from tidegauge.sinks.layout import Layout, MonitorType
from tidegauge.storage import storage_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegauge.config.schema import Conf
    from tidegauge.documents.run import RunStatus
    from tidegauge.engines.joins import Joined, Joining, Side
    from tidegauge.model.batch import Part, Reader, Tally
    from tidegauge.model.quality import QualityPlan
    from tidegauge.profile.dataset import Profile
    from tidegauge.quality.profile import QualityProfile
    from tidegauge.rules.packs.rows import FromRows, Questions
    from tidegauge.sources.frames import Frame
    from tidegauge.sources.listing import Inputs
    from tidegauge.storage import Storage

    OpenFrame = Callable[[Any], Frame]

DATA_QUALITY = MonitorType.DATA_QUALITY
MODEL_QUALITY = MonitorType.MODEL_QUALITY


class Engine(Protocol):
    """Parts in, profiles out; a session behind it starts with the first call, not before."""

    def profile_parts(
        self, parts: Sequence[Part], read: Reader
    ) -> Mapping[tuple[str, str], Profile]:
        """The profiles by window key and variant."""
        ...

    def profile_frame(
        self, open_frame: Callable[[Any], Frame]
    ) -> Mapping[tuple[str, str], Profile]:
        """The profiles of what Spark reads itself; it is opened with Spark's session."""
        ...

    def join_labels(
        self, predictions: Sequence[Side | OpenFrame], labels: Side | OpenFrame, joining: Joining
    ) -> Joined:
        """Predictions with their labels: merged rows are kept, and folded."""
        ...

    def fold_answers(
        self, side: Side | OpenFrame, plan: QualityPlan
    ) -> tuple[Mapping[tuple[str, str], QualityProfile], Tally]:
        """The profiles of rows that have their labels, by window key and variant."""
        ...

    def ask_parts(
        self, parts: Sequence[Part], read: Reader, asked: Questions
    ) -> Mapping[int, FromRows]:
        """What the rows of the parts answer, by run."""
        ...

    def ask_frame(
        self, open_frame: Callable[[Any], Frame], asked: Questions
    ) -> Mapping[int, FromRows]:
        """What the rows that Spark reads answer, by run."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One call of the program."""

    conf: Conf
    engine: Engine

    @property
    def layout(self) -> Layout:
        return Layout(self.conf.store, self.conf.monitor)

    @property
    def sketch(self) -> bool:
        """Whether statistics.json carries the sketches."""
        return self.conf.documents.sketch is SketchForm.KLL

    @property
    def storage(self) -> Storage:
        return storage_for(self.conf.store, self.conf.s3)

    def record(  # noqa: PLR0913  (run.json has that many things to say)
        self,
        status: RunStatus,
        *,
        baseline: str,
        counts: Mapping[str, int],
        inputs: RunInputs,
        type_: MonitorType = DATA_QUALITY,
        labels: Mapping[str, Any] | None = None,
        variant: str = "",
        window: str = "",
        reason: str = "",
        notes: tuple[str, ...] = (),
    ) -> RunRecord:
        """The run's record, but for the digests of the documents, which the commit adds."""
        return RunRecord(
            monitor=self.conf.monitor,
            type=type_.value,
            variant=variant,
            window=window,
            status=status,
            reason=reason,
            baseline=baseline,
            counts=counts,
            inputs=inputs,
            documents={},
            versions={"tidegauge": __version__},
            conf_digest=digest(self.conf),
            labels=labels or {},
            notes=notes,
        )

    def refuse_too_many_rejected(self, tally: Tally, what: str, kept: str) -> None:
        """Raise InputError where a part could not be read, or too many records were rejected."""
        if tally.fault:
            fault = tally.fault.rstrip(".")
            raise InputError(f"{what}: {fault}; replace the file, or remove it")
        if tally.rejected > self.conf.max_rejected * tally.records:
            reasons = "".join(f"\n  - {reason}" for reason in tally.reasons)
            raise InputError(
                f"{what}: {tally.rejected:,} of {tally.records:,} records could not be read, more "
                f"than max_rejected allows ({self.conf.max_rejected:.1%}); they are kept under "
                f"{kept}. The first reasons:{reasons}"
            )


def summed_up(inputs: Inputs) -> RunInputs:
    """What run.json says of the files that a run read."""
    return RunInputs(len(inputs.files), inputs.size_bytes, inputs.digest)
