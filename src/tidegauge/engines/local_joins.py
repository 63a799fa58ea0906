"""Model quality without Spark: labels joined and answers folded in this process or a few more.

Between the two halves of a join the rows are parked in a temporary folder, so that no process
holds more than what it works on.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING

from tidegauge.engines.arrow.memory import keep_memory
from tidegauge.engines.joins import (
    LABELS,
    PREDICTIONS,
    fold_packets,
    gathered,
    joined,
    merged_folds,
    packets,
)
from tidegauge.engines.local import ALONE_BYTES
from tidegauge.engines.packets import order
from tidegauge.engines.parking import Parking, parking
from tidegauge.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.engines.joins import Joined, Joining, Side
    from tidegauge.engines.packets import Packet
    from tidegauge.model.batch import Part, Reader, Tally
    from tidegauge.model.quality import QualityPlan
    from tidegauge.quality.profile import QualityProfile


def join_labels(
    predictions: Sequence[Side], labels: Side, joining: Joining, processes: int | None = None
) -> Joined:
    """All predictions with their labels, by window and variant.

    Raises:
        EngineError: a process was killed, as one is that takes too much memory.
    """
    sides = [(PREDICTIONS, side) for side in predictions] + [(LABELS, labels)]
    work = [(name, side.read, part) for name, side in sides for part in side.parts]
    work.sort(key=lambda one: -one[2].size_bytes)  # the largest first: none is waited for at last
    workers = _workers([part for _, _, part in work], processes)
    if workers == 1:
        held = Parking(None)
        dealt = (packet for one in work for packet in _deal(held, joining.buckets, one))
        return gathered(joined(sorted(dealt, key=order), joining, held))
    with parking() as parked, _pool(workers) as pool:
        found = chain.from_iterable(pool.map(partial(_deal, parked, joining.buckets), work))
        by_bucket = groupby(sorted(found, key=order), key=lambda packet: packet.bucket)
        arrived = [list(some) for _, some in by_bucket]
        answers = pool.map(partial(_join, parked, joining), arrived)
        return gathered(chain.from_iterable(answers))


def fold_answers(
    side: Side, plan: QualityPlan, processes: int | None = None
) -> tuple[dict[Key, QualityProfile], Tally]:
    """The profiles of rows that have their labels, by window and variant, and what was counted.

    Raises:
        EngineError: a process was killed, as one is that takes too much memory.
    """
    workers = _workers(side.parts, processes)
    if workers == 1:
        return merged_folds(p for part in side.parts for p in _fold(side.read, plan, part))
    with _pool(workers) as pool:
        folds = pool.map(partial(_fold, side.read, plan), side.parts)
        return merged_folds(packet for some in folds for packet in some)


def _workers(parts: Sequence[Part], processes: int | None) -> int:
    wanted = processes or os.cpu_count() or 1
    small = sum(part.size_bytes for part in parts) < ALONE_BYTES
    alone = len(parts) < 2 or (small and processes is None)
    return 1 if alone else wanted


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    try:
        with ProcessPoolExecutor(workers, initializer=keep_memory) as pool:
            yield pool
    except BrokenProcessPool as error:
        raise EngineError(
            f"one of {workers} processes ended before its work was done ({error}); if it ran out "
            "of memory, try again with engine: spark in the conf"
        ) from error


def _fold(read: Reader, plan: QualityPlan, part: Part) -> list[Packet]:
    return list(fold_packets(read(part), part.id, plan))


def _deal(parking: Parking, buckets: int, work: tuple[str, Reader, Part]) -> list[Packet]:
    side, read, part = work
    return list(packets(read(part), side, part.id, buckets, parking))


def _join(parking: Parking, joining: Joining, arrived: list[Packet]) -> list[Packet]:
    return list(joined(arrived, joining, parking))
