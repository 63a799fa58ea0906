"""From what a join has found to a unit of merged rows: its first revision, or its next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.config.quality import MergedForm
from tidegauge.documents.joined import COUNTED, JoinedUnit
from tidegauge.errors import UsageError
from tidegauge.flows.job import summed_up
from tidegauge.model.merged import MergeCounts
from tidegauge.quality.profile import QualityProfile
from tidegauge.quality.table import to_parquet
from tidegauge.sinks.merged import (
    commit_unit,
    profile_name,
    read_profile,
    remove_replaced,
    rows_name,
)
from tidegauge.sinks.merged_lines import remove_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegauge.config.quality import GroundTruth
    from tidegauge.engines.joins import BucketState
    from tidegauge.flows.answers import Reading
    from tidegauge.flows.claiming import Claimed
    from tidegauge.flows.job import Job
    from tidegauge.model.batch import Tally
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.captures import Batch


@dataclass(frozen=True, slots=True)
class Merging:
    """Commits the units of one join, as long as this run has the labels to itself."""

    claimed: Claimed
    reading: Reading
    buckets: int

    @property
    def job(self) -> Job:
        return self.claimed.job

    def new(
        self, key: RunKey, batch: Batch, tally: Tally, states: Sequence[BucketState]
    ) -> JoinedUnit:
        """The first revision of a unit, whose captures were read for the first time, or again."""
        self.claimed.must_hold(key)
        kept = keeps_rows(self.job)
        unit = JoinedUnit(
            revision=0,
            buckets=self.buckets,
            files={state.bucket: rows_name(0, state.bucket) for state in states if kept},
            profiles={state.bucket: profile_name(0, state.bucket) for state in states},
            counts=_summed(states),
            counted={name: getattr(tally, name) for name in COUNTED},
            inputs=summed_up(self.reading.source.read_with(batch.inputs)),
            read_as=self.reading.read_as,
            plan=self.reading.folded_as,
            digest="",
        )
        profiles = {profile_name(0, s.bucket): to_parquet(s.profile) for s in states}
        return self._committed(key, None, unit, profiles)

    def revised(self, key: RunKey, unit: JoinedUnit, states: Sequence[BucketState]) -> JoinedUnit:
        """The unit with what came for it; as it is, if nothing did."""
        came = _summed(states)
        in_place = unit.buckets == self.buckets and unit.plan == self.reading.folded_as
        if in_place and not (came.labelled or came.corrected):
            return unit
        self.claimed.must_hold(key)
        if not in_place and truth_of(self.job).merged is MergedForm.SAGEMAKER:
            remove_lines(self.job.storage, self.job.layout, key, self.buckets)
        revision = unit.revision + 1
        kept = [state for state in states if state.changed]
        profiles = {
            profile_name(revision, state.bucket): to_parquet(self._profile(key, unit, state))
            for state in kept
        }
        files = {s.bucket: rows_name(revision, s.bucket) for s in kept}
        names = {s.bucket: profile_name(revision, s.bucket) for s in kept}
        revised = replace(
            unit,
            revision=revision,
            buckets=self.buckets,
            files={**unit.files, **files} if in_place else files,
            profiles={**unit.profiles, **names} if in_place else names,
            counts=unit.counts.merge(came),
            plan=self.reading.folded_as,
        )
        return self._committed(key, unit, revised, profiles)

    def _profile(self, key: RunKey, unit: JoinedUnit, state: BucketState) -> QualityProfile:
        if state.whole:
            return state.profile
        before = read_profile(self.job.storage, self.job.layout, key, unit, state.bucket)
        return QualityProfile.merge_all((before, state.profile))

    def _committed(
        self,
        key: RunKey,
        former: JoinedUnit | None,
        unit: JoinedUnit,
        profiles: Mapping[str, bytes],
    ) -> JoinedUnit:
        """Put the unit; what it replaces goes last."""
        storage, layout = self.job.storage, self.job.layout
        said = (unit.inputs.digest, unit.plan, unit.read_as, unit.counts.as_json(), unit.counted)
        committed = replace(unit, digest=sha256(repr(said).encode()).hexdigest()[:16])
        commit_unit(storage, layout, key, committed, profiles)
        if former is not None:
            remove_replaced(storage, layout, key, former, committed)
        return committed


def truth_of(job: Job) -> GroundTruth:
    """The conf's section.

    Raises:
        UsageError: there is none.
    """
    truth = job.conf.ground_truth
    if truth is None:
        raise UsageError("the conf has no `ground_truth`: add the section with `uri` and `format`")
    return truth


def keeps_rows(job: Job) -> bool:
    """Whether predictions are kept with their labels, so that later labels can revise a window."""
    return truth_of(job).merged is not MergedForm.NONE


def _summed(states: Sequence[BucketState]) -> MergeCounts:
    total = MergeCounts()
    for state in states:
        total = total.merge(state.counts)
    return total
