"""Units of merged rows: predictions are read once, and labels are joined with them as they come.

A unit is the piece of time that windows are merged from. Its predictions are taken from the
captures when it is complete, and kept as merged rows, whose label is null as long as there is none.
Labels that were not read yet are read, they alone, and joined with the kept rows of the units that
still take some: what is new is folded, and merged with the unit's states. Only where a label
corrects another one is its bucket folded anew, from the kept rows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.config.quality import MergedForm
from tidegauge.engines.joins import Joining
from tidegauge.errors import InputError
from tidegauge.flows.grouping import for_units, of_any, read_groups, taking
from tidegauge.flows.job import MODEL_QUALITY
from tidegauge.flows.merging import Merging, truth_of
from tidegauge.flows.sides import captured_side, kept_parts, kept_side, labels_side
from tidegauge.model.batch import Tally
from tidegauge.model.window import EPOCH, parse_duration
from tidegauge.sinks.layout import RunKey
from tidegauge.sinks.merged import (
    RowsKeeper,
    begin_unit,
    read_labels_read,
    read_unit,
    remove_unit,
)
from tidegauge.sinks.merged_lines import remove_lines
from tidegauge.sources.groundtruth import label_groups

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from tidegauge.documents.joined import JoinedUnit, ReadGroup
    from tidegauge.engines.joins import Joined
    from tidegauge.flows.answers import Reading
    from tidegauge.flows.claiming import Claimed
    from tidegauge.flows.job import Job
    from tidegauge.model.batch import Part
    from tidegauge.sources.captures import Batch
    from tidegauge.sources.groundtruth import LabelGroup

log = logging.getLogger(__name__)

_BUCKET_BYTES = 64 << 20  # of captures, or of merged rows
_MOST_BUCKETS = 1 << 12
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a pass over new labels has made: the units that took part, and the groups that it read.

    `failed` says of units why their captures could not be used. `read` is to be written down once
    all that follows from the units is.
    """

    units: Mapping[RunKey, JoinedUnit]
    failed: Mapping[RunKey, str]
    read: Mapping[str, ReadGroup]


def settle(
    claimed: Claimed,
    reading: Reading,
    fresh: Sequence[Batch],
    known: frozenset[RunKey],
    now: datetime,
) -> Settled:
    """Merge the rows of new units, and the labels that came for known ones since they were merged.

    Raises:
        InputError: there is no ground truth, or too much of it cannot be read.
        StorageError: the store, the captures or the labels could not be reached.
        EngineError: the engine failed.
    """
    job = claimed.job
    groups = label_groups(reading.truth, job.conf.s3)
    closes = parse_duration(truth_of(job).closes)
    new = {RunKey(MODEL_QUALITY, batch.variant, batch.window): batch for batch in fresh}
    some = of_any(groups, (*known, *new), closes)
    # Groups that no unit takes labels of any more, or that are not there any more, are forgotten.
    listed = read_labels_read(job.storage, job.layout)
    read = {group.name: listed[group.name] for group in some if group.name in listed}
    unread = [g for g in some if g.name not in read or read[g.name].digest != g.digest]
    if groups:
        keys = taking(known, unread, closes)
    else:  # a table, of which nobody knows what is new
        keys = [key for key in known if key.window.end + closes > now]
    again = dict(_known_units(job, reading, keys))
    if not (new or again):
        return Settled({}, {}, {})
    wanted = {g.name for g in unread} | {g.name for g in for_units(groups, new, closes)}
    chosen = [group for group in groups if group.name in wanted]
    settled = _Pass(claimed, reading, new, again).joined_with(chosen, closes)
    complete = max(key.window.end for key in (*known, *new))
    mine = {g.name for g in unread if g.time is None or g.time < complete}
    return replace(settled, read={**read, **{k: v for k, v in settled.read.items() if k in mine}})


def settle_anew(claimed: Claimed, reading: Reading, batches: Sequence[Batch]) -> Settled:
    """Merge the rows of these units from their captures, whatever was merged of them before.

    Raises:
        InputError, StorageError, EngineError: as `settle`.
    """
    job = claimed.job
    groups = label_groups(reading.truth, job.conf.s3)
    closes = parse_duration(truth_of(job).closes)
    new = {RunKey(MODEL_QUALITY, batch.variant, batch.window): batch for batch in batches}
    settled = _Pass(claimed, reading, new, {}).joined_with(for_units(groups, new, closes), closes)
    return replace(settled, read={})


@dataclass(frozen=True, slots=True)
class _Pass:
    """One join: the predictions of new units from captures, those of others from kept rows."""

    claimed: Claimed
    reading: Reading
    new: Mapping[RunKey, Batch]
    again: Mapping[RunKey, JoinedUnit]

    @property
    def job(self) -> Job:
        return self.claimed.job

    def joined_with(self, groups: Sequence[LabelGroup], closes: timedelta) -> Settled:
        storage, layout = self.job.storage, self.job.layout
        for key in self.new:
            begin_unit(storage, layout, key)
            if truth_of(self.job).merged is MergedForm.SAGEMAKER:
                remove_lines(storage, layout, key)
        kept_rows = kept_parts(self.job, self.again)
        captured = sum(batch.inputs.size_bytes for batch in self.new.values())
        buckets = _buckets(captured + sum(part.size_bytes for part in kept_rows))
        joined = self._joined(groups, closes, buckets, kept_rows)
        merging = Merging(self.claimed, self.reading, buckets)
        kept = layout.rejected_labels
        self.job.refuse_too_many_rejected(joined.labels, "the ground truth", kept)
        units: dict[RunKey, JoinedUnit] = {}
        failed: dict[RunKey, str] = {}
        for key, batch in self.new.items():
            found = joined.tallies.get(_place(key), Tally()).merge(Tally(fault=batch.fault))
            try:
                rejected = layout.rejected(key)
                self.job.refuse_too_many_rejected(found, f"{key.variant} {key.window}", rejected)
            except InputError as error:
                failed[key] = str(error)
                self.claimed.must_hold(key)
                remove_unit(storage, layout, key)
            else:
                units[key] = merging.new(key, batch, found, joined.states.get(_place(key), ()))
        for key, unit in self.again.items():
            units[key] = merging.revised(key, unit, joined.states.get(_place(key), ()))
        orphans = sum(joined.orphans.values())
        if orphans and units and not any(unit.counts.labelled for unit in units.values()):
            log.warning(
                "none of the %d labels that were read is of a prediction of %s to %s: compare the "
                "ids of both, and `captures.id` with `ground_truth.id` where the conf has them",
                orphans, min(key.window for key in units), max(key.window for key in units),
            )  # fmt: skip
        return Settled(units, failed, dict(read_groups(groups, joined)))

    def _joined(
        self,
        groups: Sequence[LabelGroup],
        closes: timedelta,
        buckets: int,
        kept_rows: Sequence[Part],
    ) -> Joined:
        job, reading = self.job, self.reading
        revisions = {_place(key): 0 for key in self.new}
        revisions |= {_place(key): unit.revision + 1 for key, unit in self.again.items()}
        windows = {key.window for key in (*self.new, *self.again)}
        joining = Joining(
            reading.plan,
            buckets,
            RowsKeeper(job.layout, job.conf.s3, revisions),
            until={w.key: (w.end + closes - EPOCH) // _MICROSECOND for w in windows},
            again={
                _place(key): unit.buckets == buckets and unit.plan == reading.folded_as
                for key, unit in self.again.items()
            },
        )
        filled = [b for b in self.new.values() if b.inputs.files and not b.fault]
        if reading.source.format == "table":
            filled = [b for b in self.new.values() if not b.fault]
        predictions = [captured_side(job, reading, filled)] if filled else []
        labels = labels_side(job, reading, groups)
        return job.engine.join_labels([*predictions, kept_side(job, kept_rows)], labels, joining)


def _known_units(
    job: Job, reading: Reading, keys: Collection[RunKey]
) -> Iterator[tuple[RunKey, JoinedUnit]]:
    """Units that were merged before, but for those of columns that the conf does not name now."""
    others = 0
    for key in sorted(keys):
        unit = read_unit(job.storage, job.layout, key)
        if unit is not None and unit.read_as == reading.read_as:
            yield key, unit
        others += unit is not None and unit.read_as != reading.read_as
    if others:
        log.warning(
            "%d units were merged from other columns of the captures than the conf names now: they "
            "take no more labels; to merge them anew, run their windows with --window",
            others,
        )


def _buckets(size: int) -> int:
    """A power of two, so that a bucket has about as many bytes, whatever the number of cores."""
    return min(_MOST_BUCKETS, 1 << (size // _BUCKET_BYTES).bit_length())


def _place(key: RunKey) -> tuple[str, str]:
    return key.window.key, key.variant
