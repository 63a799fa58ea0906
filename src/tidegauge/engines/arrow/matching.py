"""Rows by their keys: their order, runs of one key, and whether two rows are of the same id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.engines.arrow.compact import one_piece, plain
from tidegauge.model.merged import ID, LABEL, ROW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]

KEY = "key"
"""The hash of id and row; it travels with them, so that it is computed once."""

NONE = -1  # no place, no time


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Labels by key: `order` sorts them, run i is `[starts[i], starts[i + 1])` of it.

    `last` is the place of each run's last label. `again` has the last label's place for every label
    that came after another one of its id, and `corrects` says whether it said another value.
    """

    keys: NDArray[np.uint64]
    last: Places
    again: Places
    corrects: Mask
    order: Places
    starts: Places

    @classmethod
    def of(cls, table: pa.Table, times: Places) -> Runs:
        keys = keys_of(table)
        order = sorted_keys(keys, times)
        ordered = keys[order]
        begins = np.ones(len(keys), np.bool_)
        begins[1:] = ordered[1:] != ordered[:-1]
        starts = np.append(np.flatnonzero(begins), len(keys))
        last = order[starts[1:] - 1]
        second = np.flatnonzero(~begins)
        before, after = order[second - 1], order[second]
        one_id = same(table, before, table, after)  # two ids of one hash do not correct each other
        said, says = (one_piece(table, LABEL).take(pa.array(at)) for at in (before, after))
        corrects = ~truths(pc.equal(plain(said), plain(says)))
        run = np.searchsorted(starts, second, side="right") - 1
        return cls(ordered[starts[:-1]], last, last[run][one_id], corrects[one_id], order, starts)

    def said_before(self, places: Places) -> tuple[int, int]:
        """How many labels before the last ones at these places were corrected, and how many not."""
        chosen = np.zeros(len(self.order), np.bool_)
        chosen[places] = True
        told = chosen[self.again]
        corrected = int(np.count_nonzero(told & self.corrects))
        return corrected, int(np.count_nonzero(told)) - corrected

    def last_of(self, prediction: pa.Table, labels: pa.Table) -> int:
        """The place of the last label of a prediction whose hash another id has, too."""
        run = int(np.searchsorted(self.keys, keys_of(prediction)[0]))
        for place in reversed(self.order[self.starts[run] : self.starts[run + 1]].tolist()):
            if same(prediction, np.array([0]), labels, np.array([place]))[0]:
                return int(place)
        return NONE


def sorted_keys(keys: NDArray[np.uint64], times: Places) -> Places:
    """The order of keys; rows of one key by time, then as they come.

    Plain words are sorted several times as fast as places by their keys: so a word is made of a
    key's leading bits and its place, and keys that begin alike are put in order after that.
    """
    bits = np.uint64(len(keys).bit_length())
    places = (np.uint64(1) << bits) - np.uint64(1)
    words = keys & ~places
    words |= np.arange(len(keys), dtype=np.uint64)
    words.sort()
    order: Places = (words & places).view(np.int64)
    words >>= bits
    second = np.flatnonzero(words[1:] == words[:-1]) + 1
    if len(second):
        several = np.union1d(second - 1, second)
        rows = order[several]
        order[several] = rows[np.lexsort((rows, times[rows], keys[rows]))]
    return order


def same(one: pa.Table, here: Places | None, other: pa.Table, there: Places) -> Mask:
    """Whether rows are of the same id and of the same place in its record.

    `here` and `there` are their places in the two tables; None is all of them in order.
    """
    if not len(one) or not len(other):
        return np.zeros(len(there), np.bool_)
    ids, others = (one_piece(table, ID) for table in (one, other))
    if ids.type != others.type:
        ids, others = plain(ids), plain(others)
    mine = ids if here is None else ids.take(pa.array(here))
    equal = truths(pc.equal(mine, others.take(pa.array(np.maximum(there, 0)))))
    rows, their_rows = numbers_of(one, ROW), numbers_of(other, ROW)
    if is_one_value(rows, their_rows):
        return equal
    in_place: Mask = (rows if here is None else rows[here]) == their_rows[there]
    return equal & in_place


def is_one_value(some: Places, others: Places) -> bool:
    """Whether all of them are equal; none of the two is empty."""
    return bool(some.min() == some.max() == others.min() == others.max())


def picked(values: Places, at: Places) -> Places:
    """The values at these places, -1 where there is no place."""
    if not len(values):
        return np.full(len(at), NONE)
    return np.where(at == NONE, NONE, values[at])


def keys_of(table: pa.Table) -> NDArray[np.uint64]:
    """The rows' keys."""
    found: NDArray[np.uint64] = one_piece(table, KEY).to_numpy()
    return found


def times_of(table: pa.Table, name: str) -> Places:
    """Microseconds since the epoch, -1 for none."""
    found: Places = filled(one_piece(table, name).cast(pa.int64()), NONE).to_numpy()
    return found


def numbers_of(table: pa.Table, name: str) -> Places:
    """A column's whole numbers, -1 for none."""
    found: Places = filled(one_piece(table, name), NONE).to_numpy()
    return found


def filled(array: pa.Array, value: object) -> pa.Array:
    """The array with this value for its nulls, not copied where it has none."""
    return pc.fill_null(array, value) if array.null_count else array


def truths(mask: pa.Array) -> Mask:
    """Which values are true; null is not."""
    found: Mask = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return found
