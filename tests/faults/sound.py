"""What a reader of a store may rely on, whatever has happened."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from tests.e2e.world import strict_json

if TYPE_CHECKING:
    from tests.e2e.world import Files, World

RUN = "run.json"


def runs_of(made: World) -> Files:
    """The documents of runs, which must be whole: each run.json lists what lies beside it."""
    found = {key: data for key, data in made.stored().items() if key.startswith("runs/")}
    folders = {key.rpartition("/")[0] for key in found if key.endswith(f"/{RUN}")}
    for folder in folders:
        beside = {
            key.rpartition("/")[2]: sha256(data).hexdigest()
            for key, data in found.items()
            if key.startswith(f"{folder}/") and not key.endswith(f"/{RUN}")
        }
        assert beside == strict_json(found[f"{folder}/{RUN}"])["documents"]
    return found
