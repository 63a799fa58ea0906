"""What runs are made of: the captures of the units of their windows, listed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.errors import InputError
from tidegauge.flows.hours import captured_hours
from tidegauge.flows.job import DATA_QUALITY
from tidegauge.flows.scripts import capture_script
from tidegauge.flows.sensitive import hashing_of
from tidegauge.flows.units import units_of
from tidegauge.sinks.layout import RunKey
from tidegauge.sources.captures import Batch, batches
from tidegauge.sources.framehours import table_batches
from tidegauge.sources.listing import Inputs
from tidegauge.sources.source import DEFAULT_LAYOUT, MANIFEST_LAYOUT, CaptureSource, Format
from tidegauge.storage import join

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tidegauge.config.schema import Captures
    from tidegauge.flows.job import Job
    from tidegauge.model.window import Window
    from tidegauge.sinks.layout import Layout, MonitorType

ALL_VARIANTS = "_all"


def source_of(job: Job, captures: Captures, type_: MonitorType) -> CaptureSource:
    """The captures as the conf names them; each monitor says which columns it reads, and as what.

    Raises:
        UsageError: a script, or the key of sensitive columns, cannot be used.
    """
    return CaptureSource(
        captures.uri,
        Format(captures.format),
        rejected=join(
            job.layout.root, "rejected", f"type={type_}", "variant={variant}", "window={window}"
        ),
        layout=captures.layout or (MANIFEST_LAYOUT if captures.manifests else DEFAULT_LAYOUT),
        time=captures.time,
        read=captures.read,
        header=captures.header,
        outputs=captures.outputs,
        preprocess=capture_script(job.conf),
        manifests=captures.manifests,
        inference_id=captures.inference_id,
        sensitive=hashing_of(job.conf),
        numbers=job.conf.numbers,
    )


@dataclass(frozen=True, slots=True)
class Due:
    """One run to be made, of which units it is merged; `over_all` is the run over all variants.

    `runs` is how many the window has, the one over all variants among them.
    """

    key: RunKey
    units: tuple[Batch, ...]
    runs: int = 1

    @property
    def over_all(self) -> bool:
        return self.key.variant == ALL_VARIANTS

    @property
    def inputs(self) -> Inputs:
        """The files of all units; by a time column units share their files."""
        return Inputs.of({file.key: file for u in self.units for file in u.inputs.files}.values())

    def rejected(self, layout: Layout) -> str:
        """The folder below which the records lie that could not be read: each under its unit."""
        folders = [layout.rejected(RunKey(DATA_QUALITY, u.variant, u.window)) for u in self.units]
        return folders[0] if len(folders) == 1 else join(layout.root, "rejected")


@dataclass(frozen=True, slots=True)
class Captured:
    """The captures of the units of some windows, listed once."""

    profile: str | None
    batches: Mapping[tuple[Window, str], Batch]

    @classmethod
    def of(cls, job: Job, source: CaptureSource, windows: Sequence[Window]) -> Captured:
        profile = job.conf.profile
        units = {unit for window in windows for unit in units_of(window, profile)}
        found = captured_batches(job, source, units)
        refuse_reserved((batch.variant for batch in found), source)
        return cls(profile, {(batch.window, batch.variant): batch for batch in found})

    def variants(self, window: Window) -> list[str]:
        """The variants that have captures in the window, in order."""
        units = set(units_of(window, self.profile))
        return sorted({variant for unit, variant in self.batches if unit in units})

    def due(self, window: Window, variant: str) -> Due:
        key = RunKey(DATA_QUALITY, variant, window)
        return Due(key, self._units(window, variant), self._runs(window))

    def over_all(self, window: Window, variants: Sequence[str]) -> Due:
        units = (unit for variant in variants for unit in self._units(window, variant))
        key = RunKey(DATA_QUALITY, ALL_VARIANTS, window)
        return Due(key, tuple(units), self._runs(window))

    def _runs(self, window: Window) -> int:
        """Whichever of them this call makes: what a test may spend does not depend on it."""
        variants = len(self.variants(window))
        return variants + 1 if variants > 1 else 1

    def _units(self, window: Window, variant: str) -> tuple[Batch, ...]:
        """The window's units that have captures; there is nothing to merge of the others."""
        found = (self.batches.get((unit, variant)) for unit in units_of(window, self.profile))
        return tuple(batch for batch in found if batch is not None)


def refuse_reserved(variants: Iterable[str], source: CaptureSource) -> None:
    """Raise InputError where a variant has the name of the run over all variants."""
    if ALL_VARIANTS in variants:
        raise InputError(
            f"the captures at {source.uri} have a variant named {ALL_VARIANTS!r}, which is what "
            "the run over all variants is called; give its folder another name, or move it away"
        )


def captured_batches(
    job: Job, source: CaptureSource, units: Collection[Window]
) -> tuple[Batch, ...]:
    """The units that have captures, of all variants, each with its files."""
    if not (source.format is Format.TABLE and source.time and units):
        return batches(source, units, job.conf.s3)
    return table_batches(source, units, captured_hours(job, source, source.time, tuple(units)))
