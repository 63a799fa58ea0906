"""Predictions joined with their labels: by the hash of the id, checked against the id itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.merged import (
    HOUR_MICROSECONDS,
    ID,
    LABEL,
    LABELLED_AT,
    PREDICTED_AT,
    ROW,
    ROWS,
    MergeCounts,
)
from tidegauge.states.hashing import hash_texts, mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]

KEY = "key"
"""The hash of id and row; it travels with them, so that it is computed once."""

_HASH_BITS = 64
_NONE = -1  # no place, no time


def keyed(table: pa.Table) -> pa.Table:
    """The rows with the hash of their id and of their place in the record."""
    keys = hash_texts(pc.fill_null(_one(table, ID), ""))
    rows = _one(table, ROW).to_numpy()
    if rows.any():
        keys = np.where(rows > 0, mix(keys ^ mix(rows.astype(np.uint64))), keys)
    return table.append_column(KEY, pa.array(keys))


def dealt(table: pa.Table, buckets: int) -> Iterator[tuple[int, pa.Table]]:
    """The keyed rows of each bucket that has some, in order; `buckets` is a power of two."""
    bits = buckets.bit_length() - 1
    if not bits:
        yield 0, table
        return
    bucket = (_one(table, KEY).to_numpy() >> np.uint64(_HASH_BITS - bits)).astype(np.uint16)
    order = np.argsort(bucket, kind="stable")
    ordered = table.take(pa.array(order))
    bounds = np.searchsorted(bucket[order], np.arange(buckets + 1))
    for i, (start, stop) in enumerate(pairwise(bounds)):
        if stop > start:
            yield i, ordered.slice(int(start), int(stop - start))


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Predictions with their labels; `fresh` are those that had none before.

    `replaced` says whether a label took the place of another value. The counts are those of this
    join: of predictions that were merged before, only what is new.
    """

    table: pa.Table
    fresh: Mask
    replaced: bool
    counts: MergeCounts

    @property
    def changed(self) -> bool:
        return self.replaced or bool(self.fresh.any())


class Labels:
    """The labels of one bucket, keyed; of those with one key the last one collected counts.

    Of labels that were collected at one time, or at none that is known, the later row is the last.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()
        self._times = _times(table, LABELLED_AT)
        self._runs = _Runs.of(self._table, self._times)
        self._found = np.zeros(len(table), np.bool_)

    def join(self, predictions: pa.Table, until: int, *, again: bool = False) -> Merged:
        """One window's keyed predictions with the labels that they had, and what these say now.

        Of predictions with one id the last one counts. A label that was collected at `until`
        (microseconds) or later, or of a record with another number of rows, is nobody's. `again`:
        the predictions were merged before, and are counted already.
        """
        predictions = predictions.combine_chunks()
        table, order = _last_ones(predictions)
        run, at = self._matched(table, order)
        if (self._times[at[at != _NONE]] >= until).any():
            return self._joined_before(predictions, until, again=again)
        theirs = self._at(at)
        strangers = (at != _NONE) & ~_same(table, theirs)
        unequal = (at != _NONE) & ~strangers & (_numbers(theirs, ROWS) != _numbers(table, ROWS))
        if strangers.any() or unequal.any():
            for i in np.flatnonzero(strangers).tolist():  # their hash is another id's, too
                at[i] = self._runs.last_of(int(run[i]), table.slice(i, 1), self._table)
            at[unequal] = _NONE
            theirs = self._at(at)
        self._found[at[at != _NONE]] = True
        had = _one(table, LABEL).is_valid().to_numpy(zero_copy_only=False)
        fresh = (at != _NONE) & ~had
        later = (at != _NONE) & had & (_times(theirs, LABELLED_AT) >= _times(table, LABELLED_AT))
        equal = _true(pc.equal(_one(theirs, LABEL), _one(table, LABEL)))
        replaced = later & ~equal
        repeated = _said_again(theirs, table, later & equal)
        counts = MergeCounts(
            predictions=0 if again else len(table),
            labelled=int(fresh.sum()),
            corrected=int(replaced.sum() + self._runs.corrected[run[fresh]].sum()),
            repeated=int(repeated + self._runs.repeated[run[fresh]].sum()),
            unequal=int(unequal.sum()),
            unidentified=0 if again else _one(table, ID).null_count,
            predicted_twice=len(predictions) - len(table),
            delay_hours=_delays(theirs, table, fresh),
        )
        taken = pa.array(fresh | replaced)
        for name in (LABEL, LABELLED_AT):
            values = pc.if_else(taken, _one(theirs, name), _one(table, name))
            table = table.set_column(table.schema.get_field_index(name), name, values)
        return Merged(table, fresh, bool(replaced.any()), counts)

    def orphans(self) -> dict[int, int]:
        """How many ids with labels no prediction had, by the last label's time (-1: none)."""
        runs = self._runs
        if not len(runs.last):
            return {}
        found = np.add.reduceat(self._found[runs.order], runs.starts[:-1])
        times, counts = np.unique(self._times[runs.last[found == 0]], return_counts=True)
        return dict(zip(times.tolist(), counts.tolist(), strict=True))

    def _joined_before(self, predictions: pa.Table, until: int, *, again: bool) -> Merged:
        """The same with the labels alone that were collected in time; what they find is found."""
        in_time = np.flatnonzero(self._times < until)
        labels = Labels(self._table.take(pa.array(in_time)))
        merged = labels.join(predictions, until, again=again)
        self._found[in_time[labels._found]] = True
        return merged

    def _at(self, at: Places) -> pa.Table:
        """The labels at these places, a row of nulls for none."""
        columns = self._table.select([ID, ROW, ROWS, LABEL, LABELLED_AT])
        return columns.take(pa.array(at, mask=at == _NONE))

    def _matched(self, table: pa.Table, order: Places) -> tuple[Places, Places]:
        """Of each prediction its run of labels and the place of the last one in it; -1 for none.

        `order` sorts the predictions by their keys.
        """
        keys, last = self._runs.keys, self._runs.last
        if not len(last) or not len(table):
            none = np.full(len(table), _NONE)
            return none, none.copy()
        ours = _one(table, KEY).to_numpy()
        run = np.empty(len(ours), np.int64)
        run[order] = np.minimum(np.searchsorted(keys, ours[order]), len(keys) - 1)
        return run, np.where(keys[run] == ours, last[run], _NONE)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Labels by key: `order` sorts them, run i is `[starts[i], starts[i + 1])` of it.

    `last` is the place of each run's last label; of its labels `corrected` said another value than
    the one before, and `repeated` the same.
    """

    keys: NDArray[np.uint64]
    last: Places
    corrected: Places
    repeated: Places
    order: Places
    starts: Places

    @classmethod
    def of(cls, table: pa.Table, times: Places) -> _Runs:
        keys = _one(table, KEY).to_numpy()
        order = _sorted(keys, times)
        ordered = keys[order]
        begins = np.ones(len(keys), np.bool_)
        begins[1:] = ordered[1:] != ordered[:-1]
        starts = np.append(np.flatnonzero(begins), len(keys))
        runs = len(starts) - 1
        second = np.flatnonzero(~begins)
        before, after = (table.take(pa.array(order[at])) for at in (second - 1, second))
        owner = (np.cumsum(begins) - 1)[second]
        one_id = _same(before, after)  # two ids with one hash do not correct each other
        equal = _true(pc.equal(_one(before, LABEL), _one(after, LABEL)))
        return cls(
            ordered[starts[:-1]],
            order[starts[1:] - 1],
            np.bincount(owner[one_id & ~equal], minlength=runs),
            np.bincount(owner[one_id & equal], minlength=runs),
            order,
            starts,
        )

    def last_of(self, run: int, prediction: pa.Table, labels: pa.Table) -> int:
        """The place of the last label of a prediction whose hash another id has, too."""
        for place in reversed(self.order[self.starts[run] : self.starts[run + 1]].tolist()):
            if _same(prediction, labels.slice(place, 1))[0]:
                return int(place)
        return _NONE


def _sorted(keys: NDArray[np.uint64], times: Places) -> Places:
    """The order of keys; rows of one key by time, then as they come."""
    order = np.argsort(keys)  # several times as fast as a stable sort
    ordered = keys[order]
    second = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    if len(second):
        several = np.union1d(second - 1, second)
        rows = order[several]
        order[several] = rows[np.lexsort((rows, times[rows], keys[rows]))]
    return order


def _last_ones(table: pa.Table) -> tuple[pa.Table, Places]:
    """The predictions without those whose id comes again, and the order of their keys."""
    keys = _one(table, KEY).to_numpy()
    order = _sorted(keys, np.zeros(len(keys), np.int64))
    again = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    if not len(again):
        return table, order
    first, second = (table.take(pa.array(order[at])) for at in (again, again + 1))
    keep = np.ones(len(table), np.bool_)
    keep[order[again[_same(first, second)]]] = False  # which a null id never is
    return table.filter(pa.array(keep)), np.argsort(keys[keep])


def _same(one: pa.Table, other: pa.Table) -> Mask:
    """Whether the rows are of the same id and of the same place in its record."""
    ids = pc.equal(_one(one, ID), _one(other, ID))
    return _true(pc.and_(ids, pc.equal(_one(one, ROW), _one(other, ROW))))


def _said_again(theirs: pa.Table, table: pa.Table, equal: Mask) -> int:
    """How many labels say later what was known: the very same label, read again, is none."""
    return int((equal & (_times(theirs, LABELLED_AT) > _times(table, LABELLED_AT))).sum())


def _delays(theirs: pa.Table, table: pa.Table, fresh: Mask) -> dict[int, int]:
    """How many labels came so many hours after the prediction; both by the hours they lie in."""
    labelled, predicted = _times(theirs, LABELLED_AT), _times(table, PREDICTED_AT)
    known = fresh & (labelled != _NONE) & (predicted != _NONE)
    hours = labelled[known] // HOUR_MICROSECONDS - predicted[known] // HOUR_MICROSECONDS
    delays, counts = np.unique(np.maximum(hours, 0), return_counts=True)
    return dict(zip(delays.tolist(), counts.tolist(), strict=True))


def _times(table: pa.Table, name: str) -> Places:
    """Microseconds since the epoch, -1 for none."""
    micros = _one(table, name).cast(pa.int64())
    found: Places = pc.fill_null(micros, _NONE).to_numpy()
    return found


def _numbers(table: pa.Table, name: str) -> Places:
    found: Places = pc.fill_null(_one(table, name), _NONE).to_numpy()
    return found


def _true(mask: pa.Array) -> Mask:
    found: Mask = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return found


def _one(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks()
