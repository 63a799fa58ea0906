"""The profile of one feature: a product of states, and so itself a state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.model.statistics import Kind
from tidegauge.states.codec import pack, unpack
from tidegauge.states.counts import Counts
from tidegauge.states.distinct import Distinct
from tidegauge.states.extremes import Extremes
from tidegauge.states.frequencies import Frequencies
from tidegauge.states.lengths import Lengths
from tidegauge.states.moments import Moments
from tidegauge.states.quantiles import Quantiles
from tidegauge.states.sums import Sum
from tidegauge.states.types import Types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATES: Mapping[str, Any] = {
    "counts": Counts,
    "types": Types,
    "extremes": Extremes,
    "moments": Moments,
    "quantiles": Quantiles,
    "distinct": Distinct,
    "frequencies": Frequencies,
    "lengths": Lengths,
    "strays": Frequencies,
    "sum": Sum,
}

_DISPUTED = "some parts hold"
_NUMBERS = (Kind.INTEGRAL, Kind.FRACTIONAL, Kind.DECIMAL)


@dataclass(frozen=True, slots=True, eq=False)
class FeatureProfile:
    """All that is kept of one feature; numbers, dates and times share the same states.

    Timestamps are microseconds and dates days since the Unix epoch. `strays` are the texts in a
    column that is read as another kind. `failure` is why the column has no statistics. Where the
    values are `elements` of lists, its rows are these and not the dataset's.
    """

    name: str
    position: int = 0
    kind: Kind = Kind.EMPTY
    failure: str = ""
    elements: bool = False
    counts: Counts = field(default_factory=Counts)
    types: Types = field(default_factory=Types)
    extremes: Extremes = field(default_factory=Extremes)
    moments: Moments = field(default_factory=Moments)
    quantiles: Quantiles = field(default_factory=Quantiles)
    distinct: Distinct = field(default_factory=Distinct.empty)
    frequencies: Frequencies = field(default_factory=Frequencies)
    lengths: Lengths = field(default_factory=Lengths)
    strays: Frequencies = field(default_factory=Frequencies)
    sum: Sum = field(default_factory=Sum)

    @classmethod
    def merge_all(cls, profiles: Iterable[Self]) -> Self:
        """The profile of all the rows together; at least one profile, all of the same feature."""
        listed = list(profiles)
        if len(listed) == 1:
            return listed[0]
        kind, conflict = join_kinds(profile.kind for profile in listed)
        if conflict:  # a column without values has no say: its type is what its writer guessed
            kind, conflict = join_kinds(p.kind for p in listed if p.counts.present)
        failure = next((p.failure for p in listed if p.failure), conflict)
        first = listed[0]
        position = min(profile.position for profile in listed)
        elements = first.elements
        if failure:
            counts = Counts.merge_all(profile.counts for profile in listed)
            return cls(first.name, position, Kind.EMPTY, failure, elements, counts)
        states = {
            name: state.merge_all(getattr(profile, name) for profile in listed)
            for name, state in STATES.items()
        }
        return cls(first.name, position, kind, elements=elements, **states)

    def to_bytes(self) -> bytes:
        scalars = {
            "name": self.name,
            "position": self.position,
            "kind": self.kind.value,
            "failure": self.failure,
            "elements": self.elements,
        }
        arrays = {name: np.frombuffer(blob, np.uint8) for name, blob in self.blobs().items()}
        return pack("feature", 1, scalars, arrays)

    def blobs(self) -> dict[str, bytes]:
        """The bytes of each state that is not blank, by the state's name."""
        states = ((name, getattr(self, name)) for name in STATES)
        return {name: state.to_bytes() for name, state in states if not state.blank}

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "feature", 1)
        states = {
            name: state.from_bytes(arrays[name].tobytes())
            for name, state in STATES.items()
            if name in arrays
        }
        return cls(
            header["name"],
            header["position"],
            Kind(header["kind"]),
            header["failure"],
            header.get("elements", False),
            **states,
        )


def disputed(profile: FeatureProfile) -> bool:
    """Whether the column failed because its parts are of kinds that share no states."""
    return profile.failure.startswith(_DISPUTED)


def join_kinds(kinds: Iterable[Kind]) -> tuple[Kind, str]:
    """The kind of a column whose parts are of these kinds, or the reason why there is none.

    The join is a lattice's, so the answer does not depend on the order of the parts.
    """
    joined = Kind.EMPTY
    for kind in kinds:
        if joined is Kind.EMPTY or kind is joined:
            joined = kind
        elif joined in _NUMBERS and kind in _NUMBERS:
            joined = Kind.FRACTIONAL
        elif kind is not Kind.EMPTY:
            one, other = sorted((joined.value, kind.value))
            return Kind.EMPTY, f"some parts hold {one} values and others {other} values"
    return joined, ""
