"""The profile of a model's answers: a product of states, and so itself a state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tidegauge.errors import UsageError
from tidegauge.model.quality import QualityPlan
from tidegauge.states.amounts import Amounts
from tidegauge.states.codec import pack, unpack
from tidegauge.states.confusion import Confusion
from tidegauge.states.losses import Losses
from tidegauge.states.residuals import Residuals
from tidegauge.states.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATES: Mapping[str, Any] = {
    "confusion": Confusion,
    "scores": Scores,
    "losses": Losses,
    "amounts": Amounts,
    "residuals": Residuals,
}
COUNTS = ("rows", "unlabelled", "unanswered")


@dataclass(frozen=True, slots=True, eq=False)
class QualityProfile:
    """All that is kept of some rows of answers and labels. Identity: no plan, no rows.

    `rows` have both a label and an answer. `unlabelled` have no label; `unanswered` have one, but
    no answer that could be read; both are left out of every state. A state that the plan's problem
    does not need is its identity. `subsamples` are profiles of random parts of the same rows.
    """

    plan: QualityPlan | None = None
    rows: int = 0
    unlabelled: int = 0
    unanswered: int = 0
    confusion: Confusion = field(default_factory=Confusion)
    scores: Scores = field(default_factory=Scores)
    losses: Losses = field(default_factory=Losses)
    amounts: Amounts = field(default_factory=Amounts)
    residuals: Residuals = field(default_factory=Residuals)
    subsamples: tuple[QualityProfile, ...] = ()

    @classmethod
    def merge_all(cls, profiles: Iterable[Self]) -> Self:
        """The profile of all the rows together.

        Raises:
            UsageError: the profiles are of different plans.
            InputError: together they have too many classes.
        """
        listed = [profile for profile in profiles if profile.plan is not None]
        if len(listed) < 2:
            return listed[0] if listed else cls()
        if any(profile.plan != listed[0].plan for profile in listed):
            raise UsageError(
                "answers that were judged by different settings (problem, threshold, classes, "
                "costs) cannot be merged: run the older windows again with the settings of today"
            )
        counts = {name: sum(getattr(p, name) for p in listed) for name in COUNTS}
        states = {
            name: state.merge_all(getattr(profile, name) for profile in listed)
            for name, state in STATES.items()
        }
        sampled = [profile.subsamples for profile in listed if profile.subsamples]
        subsamples = tuple(cls.merge_all(parts) for parts in zip(*sampled, strict=True))
        return cls(listed[0].plan, **counts, **states, subsamples=subsamples)

    def to_bytes(self) -> bytes:
        blobs = {name: getattr(self, name).to_bytes() for name in STATES}
        blobs |= {f"subsample{i}": part.to_bytes() for i, part in enumerate(self.subsamples)}
        scalars = {
            "plan": None if self.plan is None else self.plan.as_json(),
            **{name: getattr(self, name) for name in COUNTS},
        }
        arrays = {name: np.frombuffer(blob, np.uint8) for name, blob in blobs.items()}
        return pack("quality", 1, scalars, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        header, arrays = unpack(data, "quality", 1)
        plan = None if header["plan"] is None else QualityPlan.from_json(header["plan"])
        profile = cls(
            plan,
            *(header[name] for name in COUNTS),
            **{name: state.from_bytes(arrays[name].tobytes()) for name, state in STATES.items()},
        )
        subsamples = (
            cls.from_bytes(arrays[name].tobytes()) for name in arrays if name not in STATES
        )
        return replace(profile, subsamples=tuple(subsamples))
