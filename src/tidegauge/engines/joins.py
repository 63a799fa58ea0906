"""How a join travels: parts deal their rows to buckets by id, and each bucket is joined alone.

Predictions and labels of one id meet in one bucket, whichever part they were read from. Packets are
joined in the order of their parts: which task ended first makes no difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count, groupby
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.engines.arrow.compact import together
from tidegauge.engines.arrow.joining import Labels, dealt, keyed
from tidegauge.engines.arrow.matching import KEY
from tidegauge.engines.arrow.quality import fold_quality
from tidegauge.engines.packets import Packet, order
from tidegauge.model.batch import Part, Reader, Tally
from tidegauge.model.merged import ID, LABEL, LABELLED_AT, PREDICTED_AT, ROW, ROWS, MergeCounts
from tidegauge.quality.profile import QualityProfile
from tidegauge.states.hashing import seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from tidegauge.engines.arrow.fold import Key
    from tidegauge.engines.arrow.joining import Merged
    from tidegauge.engines.parking import Pack, Parking
    from tidegauge.model.batch import Chunk
    from tidegauge.model.quality import QualityPlan

_DEALT_AT_ONCE = _FOLDED_AT_ONCE = 1 << 20  # rows
_ABOUT = -1  # the bucket of what a part says of itself
_UNNEEDED = (ROW, ROWS, PREDICTED_AT, LABELLED_AT)  # to fold rows; the id is for subsamples
# In the order in which a bucket needs them.
LABELS, PREDICTIONS, ANSWER = "1 labels", "2 predictions", "3 answer"

# Puts the merged rows of a window, a variant and a bucket where they are kept; it survives the way
# to a worker process.
Keep = Callable[[str, str, int, pa.Table], None]


@dataclass(frozen=True, slots=True)
class Side:
    """What is read: some parts, and what reads them."""

    parts: Sequence[Part]
    read: Reader


@dataclass(frozen=True, slots=True)
class Joining:
    """What a join has to do; it survives the way to a worker process.

    `buckets` is a power of two. `keep` is None where rows are not kept. `until` says, by window,
    from when on a label comes too late (microseconds). `again` has the windows and variants whose
    predictions were merged before: true where their rows lie in these very buckets, and were folded
    by this plan, so that a bucket in which nothing has changed is left as it is.
    """

    plan: QualityPlan
    buckets: int
    keep: Keep | None
    until: Mapping[str, int]
    again: Mapping[Key, bool]


@dataclass(frozen=True, slots=True)
class BucketState:
    """What became of one window's rows in one bucket.

    `changed`: the rows are not those that were kept before. `whole`: the profile is that of all
    labelled rows, else of those alone whose label is new.
    """

    bucket: int
    changed: bool
    whole: bool
    counts: MergeCounts
    profile: QualityProfile


@dataclass(frozen=True, slots=True)
class Joined:
    """The buckets of each window and variant, and what was counted of the captures and labels.

    `orphans` are ids with a label and no prediction, by the label's time (-1: it has none).
    """

    states: Mapping[Key, tuple[BucketState, ...]]
    tallies: Mapping[Key, Tally]
    labels: Tally
    orphans: Mapping[int, int]


def packets(
    chunks: Iterable[Chunk], side: str, part: str, buckets: int, parking: Parking
) -> Iterator[Packet]:
    """The rows of a part, dealt to their buckets, and what it counted.

    They are dealt some at a time, so that the worker need not hold them all.
    """
    with parking.opened() as pack:
        yield from _packets(chunks, side, part, buckets, pack)


def _packets(
    chunks: Iterable[Chunk], side: str, part: str, buckets: int, pack: Pack
) -> Iterator[Packet]:
    tallies: dict[Key, Tally] = {}
    held: dict[Key, list[pa.Table]] = {}
    pieces = (f"{part} {number:06}" for number in count())
    for chunk in chunks:
        key = (chunk.window, chunk.variant)
        tallies[key] = tallies.get(key, Tally()).merge(chunk.tally)
        own = held.setdefault(key, [])
        own += [keyed(chunk.table)] if chunk.table.num_rows else []
        if sum(table.num_rows for table in own) >= _DEALT_AT_ONCE:
            for bucket, rows in dealt(together(held.pop(key)), buckets):
                yield Packet(bucket, side, *key, next(pieces), pack(rows))
    for key, some in held.items():
        for bucket, rows in dealt(together(some), buckets) if some else ():
            yield Packet(bucket, side, *key, next(pieces), pack(rows))
    for key, tally in tallies.items():
        yield Packet(_ABOUT, side, *key, part, _json(asdict(tally)))


def joined(arrived: Iterable[Packet], joining: Joining, parking: Parking) -> Iterator[Packet]:
    """What became of packets that come in the order of `order`: packets again, small ones."""
    with ThreadPoolExecutor(1) as thread:
        beside = _Beside(thread)
        for bucket, some in groupby(arrived, key=lambda packet: packet.bucket):
            if bucket == _ABOUT:
                yield from some
            else:
                yield from _joined(bucket, some, joining, parking, beside)
        beside.wait()


def gathered(answers: Iterable[Packet]) -> Joined:
    """What all buckets have answered."""
    states: dict[Key, list[BucketState]] = {}
    tallies: dict[Key, dict[str, Tally]] = {}
    labels: dict[str, Tally] = {}
    orphans = Counter[int]()
    for packet in answers:
        key = (packet.window, packet.variant)
        if packet.side == ANSWER:
            states.setdefault(key, []).append(_state(packet))
        elif packet.bucket != _ABOUT:
            orphans.update(
                {int(at): n for at, n in json.loads(packet.payload.to_pybytes()).items()}
            )
        elif packet.side == LABELS:
            labels[packet.part] = _tally(packet.payload)
        else:
            tallies.setdefault(key, {})[packet.part] = _tally(packet.payload)
    return Joined(
        {key: tuple(sorted(some, key=lambda s: s.bucket)) for key, some in sorted(states.items())},
        {key: _in_order(some) for key, some in sorted(tallies.items())},
        _in_order(labels),
        dict(sorted(orphans.items())),
    )


def fold_packets(chunks: Iterable[Chunk], part: str, plan: QualityPlan) -> Iterator[Packet]:
    """The profiles of a part's rows, which have their labels, and what it counted."""
    tables: dict[Key, list[pa.Table]] = {}
    tally = Tally()
    for chunk in chunks:
        tally = tally.merge(chunk.tally)
        tables.setdefault((chunk.window, chunk.variant), []).append(chunk.table)
    yield Packet(_ABOUT, PREDICTIONS, "", "", part, _json(asdict(tally)))
    for key, some in tables.items():
        profile = folded(some, plan, *key, part)
        yield Packet(0, ANSWER, *key, part, pa.py_buffer(profile.to_bytes()))


def merged_folds(answers: Iterable[Packet]) -> tuple[dict[Key, QualityProfile], Tally]:
    """The profiles of all parts, merged in part order, by window and variant; and all counts."""
    profiles: dict[Key, list[QualityProfile]] = {}
    tallies: dict[str, Tally] = {}
    for packet in sorted(answers, key=order):
        if packet.side == ANSWER:
            profile = QualityProfile.from_bytes(packet.payload.to_pybytes())
            profiles.setdefault((packet.window, packet.variant), []).append(profile)
        else:
            tallies[packet.part] = _tally(packet.payload)
    merged = {key: QualityProfile.merge_all(some) for key, some in sorted(profiles.items())}
    return merged, _in_order(tallies)


def folded(tables: Iterable[pa.Table], plan: QualityPlan, *seeds: str) -> QualityProfile:
    """The profile of rows with labels; the seeds tell these rows from others."""
    profiles = [QualityProfile(plan=plan)]
    for table in tables:
        for start in range(0, len(table), _FOLDED_AT_ONCE):
            salt = int(seed(*seeds, len(profiles)))
            profiles.append(fold_quality(table.slice(start, _FOLDED_AT_ONCE), plan, salt=salt))
    return QualityProfile.merge_all(profiles)


class _Beside:
    """Puts rows in a thread, one table at a time: it waits for the disk while others compute."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._last: Future[None] | None = None

    def put(self, keep: Keep, key: Key, bucket: int, rows: pa.Table) -> None:
        """Begin to put the rows; what was put before must have succeeded."""
        self.wait()
        self._last = self._thread.submit(keep, *key, bucket, rows)

    def wait(self) -> None:
        if self._last is not None:
            self._last.result()


def _joined(
    bucket: int, arrived: Iterable[Packet], joining: Joining, parking: Parking, beside: _Beside
) -> Iterator[Packet]:
    labels: Labels | None = None
    for side, of_side in groupby(arrived, key=lambda packet: packet.side):
        if side == LABELS:
            labels = Labels(together([parking.rows(packet.payload) for packet in of_side]))
            continue
        for key, some in groupby(of_side, key=lambda packet: (packet.window, packet.variant)):
            window = key[0]
            table = together([parking.rows(packet.payload) for packet in some])
            own = labels if labels is not None else Labels(table.slice(0, 0))
            merged = own.join(table, joining.until[window], again=key in joining.again)
            yield Packet(bucket, ANSWER, *key, "", _answer(bucket, key, merged, joining, beside))
    if labels is not None:
        yield Packet(bucket, LABELS, "", "", "", _json(labels.orphans()))


def _answer(bucket: int, key: Key, merged: Merged, joining: Joining, beside: _Beside) -> pa.Buffer:
    in_place = joining.again.get(key, False)
    changed = merged.changed or not in_place
    whole = merged.replaced or not in_place
    if changed and joining.keep is not None:
        beside.put(joining.keep, key, bucket, merged.rows())
    profile = _profile(bucket, key, merged, joining.plan, whole=whole)
    about = {"changed": changed, "whole": whole, "counts": merged.counts.as_json()}
    return pa.py_buffer(json.dumps(about).encode() + b"\n" + profile.to_bytes())


def _profile(
    bucket: int, key: Key, merged: Merged, plan: QualityPlan, *, whole: bool
) -> QualityProfile:
    wanted = merged.table.column(LABEL).is_valid() if whole else pa.array(merged.fresh)
    table = merged.rows() if plan.subsamples else merged.table.drop_columns([ID, KEY])
    rows = table.drop_columns(_UNNEEDED).filter(wanted)
    return folded([rows], plan, *key, str(bucket), str(len(rows)))


def _state(packet: Packet) -> BucketState:
    line, _, profile = packet.payload.to_pybytes().partition(b"\n")
    about = json.loads(line)
    counts = MergeCounts.from_json(about["counts"])
    state = QualityProfile.from_bytes(profile)
    return BucketState(packet.bucket, about["changed"], about["whole"], counts, state)


def _in_order(tallies: Mapping[str, Tally]) -> Tally:
    total = Tally()
    for part in sorted(tallies):
        total = total.merge(tallies[part])
    return total


def _json(value: object) -> pa.Buffer:
    return pa.py_buffer(json.dumps(value).encode())


def _tally(payload: pa.Buffer) -> Tally:
    fields = json.loads(payload.to_pybytes())
    return Tally(**{**fields, "reasons": tuple(fields["reasons"])})
