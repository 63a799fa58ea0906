"""Model quality without Spark: labels joined and answers folded in this process or a few more.

Between the two halves of a join the packets lie in a temporary folder, so that no process holds
more than what it works on.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

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
from tidegauge.engines.memory import keep_freed
from tidegauge.engines.packets import SCHEMA, from_batch, order, to_batch
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
    workers = _workers([part for _, _, part in work], processes)
    if workers == 1:
        dealt = (
            p for one in work for p in packets(one[1](one[2]), one[0], one[2].id, joining.buckets)
        )
        return gathered(joined(sorted(dealt, key=order), joining))
    with TemporaryDirectory(prefix="tidegauge-") as folder, _pool(workers) as pool:
        buckets = pool.map(partial(_deal, Path(folder), joining.buckets), range(len(work)), work)
        found = sorted({bucket for some in buckets for bucket in some})
        answers = pool.map(partial(_join, Path(folder), joining), found)
        return gathered(packet for some in answers for packet in some)


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
        with ProcessPoolExecutor(workers, initializer=keep_freed) as pool:
            yield pool
    except BrokenProcessPool as error:
        raise EngineError(
            f"one of {workers} processes ended before its work was done ({error}); if it ran out "
            "of memory, try again with engine: spark in the conf"
        ) from error


def _fold(read: Reader, plan: QualityPlan, part: Part) -> list[Packet]:
    return list(fold_packets(read(part), part.id, plan))


def _deal(folder: Path, buckets: int, number: int, work: tuple[str, Reader, Part]) -> list[int]:
    """Write a part's packets, a file a bucket; which buckets it has some for."""
    side, read, part = work
    by_bucket: dict[int, list[Packet]] = {}
    for packet in packets(read(part), side, part.id, buckets):
        by_bucket.setdefault(packet.bucket, []).append(packet)
    for bucket, some in by_bucket.items():
        place = folder / str(bucket)
        place.mkdir(exist_ok=True)
        with (
            pa.OSFile(str(place / str(number)), "wb") as file,
            pa.ipc.new_file(file, SCHEMA) as out,
        ):
            for packet in some:
                out.write_batch(to_batch(packet))
    return list(by_bucket)


def _join(folder: Path, joining: Joining, bucket: int) -> list[Packet]:
    found: list[Packet] = []
    for path in (folder / str(bucket)).iterdir():
        with pa.memory_map(str(path)) as file:
            reader = pa.ipc.open_file(file)
            for i in range(reader.num_record_batches):
                found += from_batch(reader.get_batch(i))
    shutil.rmtree(folder / str(bucket))  # what is mapped stays until it is joined
    return list(joined(sorted(found, key=order), joining))
