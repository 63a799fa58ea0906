"""`engine: deequ`: the statistics of the documents are those that Deequ states of the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.config.schema import EngineName
from tidegauge.flows.packs import visit
from tidegauge.rules.packs.evaluate import kinds_of
from tidegauge.rules.packs.from_profile import Batch
from tidegauge.rules.packs.rows import Questions
from tidegauge.sources.frames import training_frame
from tidegauge.sources.parts import cut
from tidegauge.sources.training import reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tidegauge.flows.captured import Due
    from tidegauge.flows.job import Job
    from tidegauge.flows.units import Units
    from tidegauge.model.statistics import Kind, Statistics
    from tidegauge.profile.dataset import Profile
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.listing import Inputs
    from tidegauge.sources.source import CaptureSource, TrainingSource


def stated_training(
    job: Job, source: TrainingSource, inputs: Inputs, profile: Profile
) -> Statistics | None:
    """What Deequ states of the training data; None where it is not asked.

    Raises:
        UsageError: Deequ cannot be used.
        EngineError: it failed.
    """
    if job.conf.engine is not EngineName.DEEQU:
        return None
    asked = Questions(_kinds(profile), {("", ""): (0,)}, {}, profile=True)
    settings, again = job.conf.s3, replace(source, rejected="")
    if source.by_spark:

        def open_frame(session: Any) -> Any:  # noqa: ANN401  (Spark's, which flows do not know)
            return training_frame(session, again, inputs, settings)

        found = job.engine.ask_frame(open_frame, asked)
    else:
        parts = cut(inputs, source.format, settings)
        found = job.engine.ask_parts(parts, reader(again, settings), asked)
    stated = found[0].statistics
    return None if stated is None else _with_failed(stated, profile)


def stated_runs(
    job: Job, source: CaptureSource, units: Units, due: Sequence[Due]
) -> Mapping[RunKey, Statistics]:
    """What Deequ states of each run that has rows; none where it is not asked.

    Raises:
        UsageError: Deequ cannot be used.
        EngineError: it failed.
    """
    if job.conf.engine is not EngineName.DEEQU:
        return {}
    stated: dict[RunKey, Statistics] = {}
    for one in due:  # each run has its own columns, and Deequ looks at each by itself anyway
        profile = units.merged(one.units)
        if not profile.rows or profile.tally.fault:
            continue
        runs = {(unit.window.key, unit.variant): (0,) for unit in one.units}
        asked = Questions(_kinds(profile), runs, {}, profile=True)
        found = visit(job, source, [one], asked, plain=False)[0].statistics
        if found is not None:
            found = _with_failed(found, profile)
            stated[one.key] = found
    return stated


def _with_failed(stated: Statistics, profile: Profile) -> Statistics:
    """What Deequ stated, with the columns that it was not asked of, lest they count as missing."""
    by_name = {feature.name: feature for feature in stated.features}
    own = profile.statistics().features
    return replace(stated, features=tuple(by_name.get(f.name, f) for f in own))


def _kinds(profile: Profile) -> dict[str, Kind]:
    """The columns that rows have; elements of lists are none, and keep our own statistics."""
    elements = {feature.name for feature in profile.features if feature.elements}
    kinds = kinds_of(Batch.of(profile.statistics(), None))
    return {name: kind for name, kind in kinds.items() if name not in elements}
