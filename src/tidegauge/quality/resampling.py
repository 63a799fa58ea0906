"""Standard deviations that have no closed form: a bootstrap on the counts, without the rows.

Rows in one cell of a state are alike, so that resampling rows is resampling the cells' counts. The
Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981) gives each row an exponential weight; a
cell of c rows then weighs Gamma(c), here by Wilson's and Hilferty's cube (1931). Weights come from
the states' own mixer: no library's generator may change a kept document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from tidegauge.states.hashing import mix, seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPLICATES = 200
_LEAST = 0.1  # of a cube's root: no weight is 0, so that no class is ever lost


def weights(counts: NDArray[np.int64], salt: str) -> NDArray[np.float64]:
    """Random weights of cells with these counts: shape (`REPLICATES`, cells), means the counts."""
    shape = (REPLICATES, len(counts))
    words = mix(np.arange(shape[0] * shape[1], dtype=np.uint64) ^ seed("bootstrap", salt))
    normal = ndtri(((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53).reshape(shape)
    some = np.maximum(counts, 1)
    cubes = 1.0 - 1.0 / (9.0 * some) + normal / (3.0 * np.sqrt(some))
    return np.asarray(counts * np.maximum(cubes, _LEAST) ** 3)


def deviation(values: NDArray[np.float64]) -> float:
    """The standard deviation over the replicates; its own relative error is 5 %."""
    return float(np.std(values, ddof=1))
