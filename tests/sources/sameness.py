"""Profiles of the same rows that were dealt to tasks in two ways."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.profile.feature import STATES
from tidegauge.states.frequencies import Frequencies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.profile.dataset import Profile
    from tidegauge.profile.feature import FeatureProfile
    from tidegauge.states.quantiles import Quantiles

EXACT = tuple(state for state in STATES if state not in ("moments", "quantiles"))
RANK_ERROR = 0.002


def exact(found: Mapping[Key, Profile]) -> dict[Key, Any]:
    """All of the profiles that does not depend on where tasks begin: states as they are kept."""
    return {
        key: (
            profile.rows,
            replace(profile.tally, reasons=tuple(sorted(profile.tally.reasons))),
            [(f.name, f.kind, f.failure) for f in profile.features],
            {(f.name, state): _kept(f, state) for f in profile.features for state in EXACT},
        )
        for key, profile in found.items()
    }


def inexact(one: Profile, other: Profile) -> list[str]:
    """What of two profiles differs by more than rounding, or than the stated rank error."""
    found = []
    for a, b in zip(one.features, other.features, strict=True):
        numbers = [(f.moments.n, f.moments.mean, f.moments.std_dev() or 0.0) for f in (a, b)]
        if not np.allclose(*numbers, rtol=1e-12):
            found.append(f"{a.name}: moments {numbers}")
        values = np.unique(np.concatenate([*a.quantiles.levels, *b.quantiles.levels, [0.0]]))
        error = np.abs(_ranks(a.quantiles, values) - _ranks(b.quantiles, values)).max()
        if error > 2 * RANK_ERROR:
            found.append(f"{a.name}: a rank differs by {error}")
    return found


def _kept(feature: FeatureProfile, state: str) -> object:
    value = getattr(feature, state)
    if not isinstance(value, Frequencies):
        return value.to_bytes()
    if value.undercount:  # which values were dropped depends on the tasks
        return value.total
    return Counter(dict(zip(value.values.to_pylist(), value.counts.tolist(), strict=True)))


def _ranks(sketch: Quantiles, values: np.ndarray) -> np.ndarray:
    below = np.zeros(len(values))
    for height, level in enumerate(sketch.levels):
        below += np.searchsorted(np.sort(level), values) << height
    return below / max(1, sketch.weight)
