"""What the visits of one entry come to: medians, extremes, and a line of the table."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from suites import Entry
    from visit import Visit

_MIB = 1 << 20
_HEAD = (
    "who",
    "version",
    "first run, s",
    "s: median [min .. max]",
    "against ours",
    "CPU s",
    "largest process, MiB",
    "what it computes",
)


@dataclass(frozen=True, slots=True)
class Result:
    """The visits of one entry. A visit's first run is told apart, unless it is the only one."""

    entry: Entry
    visits: tuple[Visit, ...]

    @property
    def not_measured(self) -> str:
        return next((visit.not_measured for visit in self.visits if visit.not_measured), "")

    @property
    def versions(self) -> Mapping[str, str]:
        return self.visits[0].versions

    @property
    def first(self) -> float | None:
        """The median of the first runs; None where nothing came after them."""
        cold = [visit.seconds[0] for visit in self.visits if len(visit.seconds) > 1]
        return median(cold) if cold else None

    @property
    def warm(self) -> tuple[float, ...]:
        return tuple(s for visit in self.visits for s in visit.seconds[1:] or visit.seconds)

    @property
    def seconds(self) -> float:
        return median(self.warm)

    @property
    def cpu_seconds(self) -> float:
        return median(s for v in self.visits for s in v.cpu_seconds[1:] or v.cpu_seconds)

    @property
    def peak_bytes(self) -> int:
        return max(visit.peak_bytes for visit in self.visits)


def table(results: Iterable[Result], reference: Result | None) -> str:
    """The results as a Markdown table, times against those of `reference`."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(result, reference) for result in results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def as_json(result: Result) -> Mapping[str, object]:
    """The raw numbers of one entry, run by run."""
    return {
        "entry": result.entry.key,
        "name": result.entry.contender.name,
        "data": result.entry.dataset.name,
        "versions": result.versions,
        "not_measured": result.not_measured,
        "seconds": [visit.seconds for visit in result.visits],
        "cpu_seconds": [visit.cpu_seconds for visit in result.visits],
        "peak_bytes": [visit.peak_bytes for visit in result.visits],
    }


def _row(result: Result, reference: Result | None) -> Sequence[str]:
    contender, label = result.entry.contender, result.entry.label
    name = f"{contender.name}, {label}" if label else contender.name
    if result.not_measured:
        return (name, "", "", f"not measured: {result.not_measured}", "", "", "", "")
    ratio = f"{result.seconds / reference.seconds:.2f}" if reference else ""
    return (
        name,
        result.versions[contender.packages[0]],
        "" if result.first is None else f"{result.first:.2f}",
        f"{result.seconds:.2f} [{min(result.warm):.2f} .. {max(result.warm):.2f}]",
        ratio,
        f"{result.cpu_seconds:.1f}",
        f"{result.peak_bytes / _MIB:,.0f}",
        contender.computes,
    )
