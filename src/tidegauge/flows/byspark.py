"""What Spark reads itself, as the flows ask for it: training data, and captures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegauge.profile.dataset import Profile
from tidegauge.sources.frames import captures_frame, training_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.flows.job import Job
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.frames import Frame
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.source import CaptureSource, TrainingSource

LookAt = Callable[[tuple[str, ...]], None]


def profile_training(
    job: Job, source: TrainingSource, inputs: Inputs, look_at: LookAt | None
) -> Profile:
    """The profile of the training data; `look_at` is told the columns before they are profiled.

    Raises:
        InputError: Spark cannot read the data, or knows no such table.
        EngineError: Spark failed.
    """

    def open_frame(session: Any) -> Frame:  # noqa: ANN401  (Spark's, which flows do not know)
        frame = training_frame(session, source, inputs, job.conf.s3)
        if look_at:
            look_at(frame.columns)
        return frame

    return job.engine.profile_frame(open_frame).get(("", ""), Profile())


def profile_captures(
    job: Job, source: CaptureSource, batches: Sequence[Batch]
) -> Mapping[tuple[str, str], Profile]:
    """The profiles of some batches by window key and variant, in one pass over the data.

    Raises:
        UsageError: the format has no time column.
        InputError: Spark cannot read the captures, or knows no such table or column.
        EngineError: Spark failed.
    """
    settings = job.conf.s3
    return job.engine.profile_frame(
        lambda session: captures_frame(session, source, batches, settings)
    )
