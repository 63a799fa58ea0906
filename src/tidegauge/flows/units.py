"""Units: the pieces of time that are profiled once, and of which every window is a merge.

Without `profile` in the conf a window is its own unit. With it, each unit's profile is kept under
the digest of its inputs and of how they are read, so that a window reads no data that an earlier
one has read, and captures that come late make just their own unit anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from tidegauge.flows.byspark import profile_captures
from tidegauge.flows.job import DATA_QUALITY, Job
from tidegauge.flows.steady import changed_captures
from tidegauge.model.batch import Tally
from tidegauge.model.window import EPOCH, Window, parse_duration
from tidegauge.monitors.data_quality import PROFILE
from tidegauge.profile.dataset import Profile
from tidegauge.profile.table import from_parquet, to_parquet
from tidegauge.sinks.layout import RunKey, run_path
from tidegauge.sources.captures import Batch, parts, reader
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegauge.sources.source import CaptureSource

UnitKey = tuple[Window, str]


def units_of(window: Window, profile: str | None) -> tuple[Window, ...]:
    """The units that make up a window; the window itself where units do not fit it."""
    if profile is None:
        return (window,)
    unit = parse_duration(profile)
    none = timedelta(0)
    if (window.start - EPOCH) % unit != none or window.duration % unit != none:
        return (window,)
    return tuple(Window(window.start + i * unit, unit) for i in range(window.duration // unit))


@dataclass(frozen=True, slots=True)
class Units:
    """The profiles of units: of this pass, or kept from an earlier one."""

    job: Job
    source: CaptureSource
    fresh: Mapping[UnitKey, Profile]
    changed: Mapping[UnitKey, str] = field(default_factory=dict)

    @classmethod
    def profiled(
        cls, job: Job, source: CaptureSource, due: Iterable[Batch], other: Iterable[Batch]
    ) -> Units:
        """Profile what is due in one pass over the data, and keep what later windows will need.

        `other` are units that are needed as well and were profiled by an earlier run of their own.
        """
        kept = _kept(job)
        wanted = {(batch.window, batch.variant): batch for batch in due}
        for batch in other:
            if job.conf.profile is not None:
                wanted.setdefault((batch.window, batch.variant), batch)
        waiting = [b for b in wanted.values() if _path(b, source) not in kept]
        if job.conf.profile is not None:
            _take_back_rejected(job, waiting)
        fresh = _read(job, source, waiting)
        filled = [batch for batch in waiting if batch.inputs.files]
        units = cls(job, source, fresh, changed_captures(job, source, filled))
        if job.conf.profile is not None:
            for batch in waiting:
                units._keep(batch, kept)
        return units

    def merged(self, batches: Iterable[Batch]) -> Profile:
        """The profile of some units together; no data is read."""
        return Profile.merge_all(self._profile(batch) for batch in batches)

    def changed_in(self, batches: Iterable[Batch]) -> str:
        """A file of these units that was written while it was read, if there is one."""
        return next(filter(None, (self.changed.get((b.window, b.variant)) for b in batches)), "")

    def _profile(self, batch: Batch) -> Profile:
        found = self.fresh.get((batch.window, batch.variant))
        if found is not None:
            return found
        layout = self.job.layout
        if self.job.conf.profile is not None:
            uri = join(layout.profiles, _path(batch, self.source))
        else:
            uri = join(layout.run(_key(batch)), PROFILE)
        return from_parquet(self.job.storage.read(uri), uri)

    def _keep(self, batch: Batch, kept: frozenset[str]) -> None:
        profile = self.fresh[batch.window, batch.variant]
        if profile.tally.fault or self.changed_in([batch]):  # to be read again once it is mended
            return
        root, folder = self.job.layout.profiles, f"{run_path(_key(batch))}/"
        path = _path(batch, self.source)
        # The old one first: killed in between, the next run finds none and reads the unit again.
        self.job.storage.delete(join(root, old) for old in kept if old.startswith(folder))
        self.job.storage.write(join(root, path), to_parquet(profile))


def _kept(job: Job) -> frozenset[str]:
    if job.conf.profile is None:
        return frozenset()
    return frozenset(entry.key for entry in job.storage.files(job.layout.profiles))


def _take_back_rejected(job: Job, waiting: Iterable[Batch]) -> None:
    """Remove the records that an earlier reading of these units rejected."""
    root = join(job.layout.root, "rejected")
    folders = tuple(f"{run_path(_key(batch))}/" for batch in waiting)
    listed = job.storage.files(root)
    job.storage.delete(join(root, e.key) for e in listed if e.key.startswith(folders))


def _path(batch: Batch, source: CaptureSource) -> str:
    """Where a unit's profile is kept: under its window, named by what went into it.

    The same files make another profile where other columns are read, or columns as other kinds.
    """
    read_as = (
        source.format, source.layout, source.time, source.header, source.inputs, source.outputs,
        source.preprocess, source.custom_attributes, source.manifests, source.inference_id,
        sorted(source.skip), sorted(source.kinds.items()), source.numbers,
    )  # fmt: skip
    hashing = source.sensitive
    hashed_as = f" {sorted(hashing.columns)} {hashing.fingerprint}" if hashing else ""
    told = f"{batch.inputs.digest} {read_as}{hashed_as}"
    name = sha256(told.encode("utf-8", "backslashreplace"))
    return f"{run_path(_key(batch))}/{name.hexdigest()[:16]}.parquet"


def _key(batch: Batch) -> RunKey:
    return RunKey(DATA_QUALITY, batch.variant, batch.window)


def _read(job: Job, source: CaptureSource, waiting: list[Batch]) -> dict[UnitKey, Profile]:
    """The profiles of all batches in one pass; one without files has nothing to be read."""
    filled = [batch for batch in waiting if batch.inputs.files and not batch.fault]
    profiles = _profiles(job, source, filled) if filled else {}
    return {
        (batch.window, batch.variant): profiles.get(
            (batch.window.key, batch.variant), Profile(tally=Tally(fault=batch.fault))
        )
        for batch in waiting
    }


def _profiles(
    job: Job, source: CaptureSource, filled: list[Batch]
) -> Mapping[tuple[str, str], Profile]:
    if source.by_spark:
        return profile_captures(job, source, filled)
    settings = job.conf.s3
    read = reader(source, settings, [batch.window for batch in filled])
    cut = parts(source, filled, settings, by_column=source.marks is None)
    return job.engine.profile_parts(cut, read)
