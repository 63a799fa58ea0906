"""Predictions joined with their labels: by the hash of the id, checked against the id itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.engines.arrow.compact import compact, is_constant, one_piece, plain
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
_OF_ID = np.uint64(0xFFFF << 48)  # by which rows are dealt: those of one record meet in one bucket
_NONE = -1  # no place, no time


def keyed(table: pa.Table) -> pa.Table:
    """The rows, compact, with the hash of their id and of their place in the record."""
    keys = hash_texts(_filled(one_piece(table, ID), ""))
    rows = one_piece(table, ROW).to_numpy()
    if rows.any():
        own = mix(keys ^ mix(rows.astype(np.uint64)))
        keys = np.where(rows > 0, (keys & _OF_ID) | (own & ~_OF_ID), keys)
    return compact(table).append_column(KEY, pa.array(keys))


def dealt(table: pa.Table, buckets: int) -> Iterator[tuple[int, pa.Table]]:
    """The keyed rows of each bucket that has some, in order; `buckets` is a power of two."""
    bits = buckets.bit_length() - 1
    if not bits:
        yield 0, table
        return
    narrow = np.uint8 if bits <= 8 else np.uint16  # which a stable sort takes a digit at a time
    bucket = (_keys(table) >> np.uint64(_HASH_BITS - bits)).astype(narrow)
    order = pa.array(np.argsort(bucket, kind="stable"))
    ordered = pa.table(
        {
            name: column if is_constant(column) else column.take(order)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    bounds = np.append(0, np.cumsum(np.bincount(bucket, minlength=buckets)))
    for i, (start, stop) in enumerate(pairwise(bounds.tolist())):
        if stop > start:
            yield i, ordered.slice(start, stop - start)


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
        self._latest = self._times.max(initial=_NONE)
        self._runs = _Runs.of(self._table, self._times)
        self._found = np.zeros(len(table), np.bool_)

    def join(self, predictions: pa.Table, until: int, *, again: bool = False) -> Merged:
        """One window's keyed predictions with the labels that they had, and what these say now.

        Of predictions with one id the last one counts. A label that was collected at `until`
        (microseconds) or later, or of a record with another number of rows, is nobody's. `again`:
        the predictions were merged before, and are counted already.
        """
        predictions = predictions.combine_chunks()
        table, order, keys = _last_ones(predictions)
        at = self._matched(keys, order)
        if self._latest >= until and (_picked(self._times, at) >= until).any():
            return self._joined_before(predictions, until, again=again)
        unequal = self._refused(table, at)
        self._found[at[at != _NONE]] = True
        news = _News.of(table, self._table, self._times, at)
        corrected, repeated = self._runs.said_before(at[news.fresh])
        counts = MergeCounts(
            predictions=0 if again else len(table),
            labelled=int(np.count_nonzero(news.fresh)),
            corrected=int(np.count_nonzero(news.replaced)) + corrected,
            repeated=news.repeated + repeated,
            unequal=unequal,
            unidentified=0 if again else one_piece(table, ID).null_count,
            predicted_twice=len(predictions) - len(table),
            delay_hours=_delays(news.times[news.fresh], _times(table, PREDICTED_AT)[news.fresh]),
        )
        return Merged(news.put_in(table), news.fresh, bool(news.replaced.any()), counts)

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

    def _matched(self, keys: NDArray[np.uint64], order: Places) -> Places:
        """Of each prediction the place of the last label that has its key; -1 for none.

        The keys ascend, in the order of the predictions.
        """
        runs = self._runs
        at = np.full(len(keys), _NONE)
        if len(runs.last) and len(keys):
            run = np.minimum(np.searchsorted(runs.keys, keys), len(runs.keys) - 1)
            at[order] = np.where(runs.keys[run] == keys, runs.last[run], _NONE)
        return at

    def _refused(self, table: pa.Table, at: Places) -> int:
        """Take back from `at` what only looks like the label of a prediction.

        Returns how many labels are of a record with another number of rows.
        """
        if (at == _NONE).all():
            return 0
        strangers = (at != _NONE) & ~_same(table, None, self._table, at)
        for i in np.flatnonzero(strangers).tolist():  # their hash is another id's, too
            at[i] = self._runs.last_of(table.slice(i, 1), self._table)
        rows, wanted = _numbers(self._table, ROWS), _numbers(table, ROWS)
        if _is_one_value(rows, wanted):
            return 0
        unequal = (at != _NONE) & ~strangers & (_picked(rows, at) != wanted)
        at[unequal] = _NONE
        return int(np.count_nonzero(unequal))


@dataclass(frozen=True, slots=True, eq=False)
class _News:
    """What the labels at some places say of the predictions that they belong to.

    `labels` and `times` are those that count now; `fresh` are first labels, `replaced` ones take
    the place of another value, and `repeated` counts those that say later what was known.
    """

    labels: pa.Array
    times: Places
    fresh: Mask
    replaced: Mask
    repeated: int

    @classmethod
    def of(cls, table: pa.Table, labels: pa.Table, times: Places, at: Places) -> _News:
        theirs = one_piece(labels, LABEL).take(pa.array(at, mask=at == _NONE))
        theirs_at, ours_at = _picked(times, at), _times(table, LABELLED_AT)
        ours = one_piece(table, LABEL)
        if ours.null_count == len(ours):
            none = np.zeros(len(at), np.bool_)
            return cls(theirs, np.where(at == _NONE, ours_at, theirs_at), at != _NONE, none, 0)
        theirs, ours = plain(theirs), plain(ours)
        had = ours.is_valid().to_numpy(zero_copy_only=False)
        later = (at != _NONE) & had & (theirs_at >= ours_at)
        equal = _true(pc.equal(theirs, ours))
        fresh, replaced = (at != _NONE) & ~had, later & ~equal
        taken = fresh | replaced
        return cls(
            pc.if_else(pa.array(taken), theirs, ours),
            np.where(taken, theirs_at, ours_at),
            fresh,
            replaced,
            # The very same label, read again, is none that was repeated.
            int(np.count_nonzero(later & equal & (theirs_at > ours_at))),
        )

    def put_in(self, table: pa.Table) -> pa.Table:
        """The predictions with these labels, their ids texts again."""
        kind = table.schema.field(LABELLED_AT).type
        times = pa.array(self.times, mask=self.times == _NONE).view(kind)
        columns = {ID: plain(one_piece(table, ID)), LABEL: self.labels, LABELLED_AT: times}
        for name, values in columns.items():
            table = table.set_column(table.schema.get_field_index(name), name, values)
        return table


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
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
    def of(cls, table: pa.Table, times: Places) -> _Runs:
        keys = _keys(table)
        order = _sorted(keys, times)
        ordered = keys[order]
        begins = np.ones(len(keys), np.bool_)
        begins[1:] = ordered[1:] != ordered[:-1]
        starts = np.append(np.flatnonzero(begins), len(keys))
        last = order[starts[1:] - 1]
        second = np.flatnonzero(~begins)
        before, after = order[second - 1], order[second]
        one_id = _same(table, before, table, after)  # two ids of one hash do not correct each other
        said, says = (one_piece(table, LABEL).take(pa.array(at)) for at in (before, after))
        corrects = ~_true(pc.equal(plain(said), plain(says)))
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
        run = int(np.searchsorted(self.keys, _keys(prediction)[0]))
        for place in reversed(self.order[self.starts[run] : self.starts[run + 1]].tolist()):
            if _same(prediction, np.array([0]), labels, np.array([place]))[0]:
                return int(place)
        return _NONE


def _sorted(keys: NDArray[np.uint64], times: Places) -> Places:
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


def _last_ones(table: pa.Table) -> tuple[pa.Table, Places, NDArray[np.uint64]]:
    """The predictions without those whose id comes again; the order of their keys, and these."""
    keys = _keys(table)
    whenever = np.zeros(len(keys), np.int64)
    order = _sorted(keys, whenever)
    ascending = keys[order]
    again = np.flatnonzero(ascending[1:] == ascending[:-1])
    first, second = order[again], order[again + 1]
    replaced = first[_same(table, first, table, second)]  # which a null id never is
    if not len(replaced):
        return table, order, ascending
    keep = np.ones(len(table), np.bool_)
    keep[replaced] = False
    return _last_ones(table.filter(pa.array(keep)))


def _same(one: pa.Table, here: Places | None, other: pa.Table, there: Places) -> Mask:
    """Whether rows are of the same id and of the same place in its record.

    `here` and `there` are their places in the two tables; None is all of them in order.
    """
    if not len(one) or not len(other):
        return np.zeros(len(there), np.bool_)
    ids, others = (one_piece(table, ID) for table in (one, other))
    if ids.type != others.type:
        ids, others = plain(ids), plain(others)
    mine = ids if here is None else ids.take(pa.array(here))
    equal = _true(pc.equal(mine, others.take(pa.array(np.maximum(there, 0)))))
    rows, their_rows = _numbers(one, ROW), _numbers(other, ROW)
    if _is_one_value(rows, their_rows):
        return equal
    in_place: Mask = (rows if here is None else rows[here]) == their_rows[there]
    return equal & in_place


def _is_one_value(some: Places, others: Places) -> bool:
    """Whether all of them are equal; none of the two is empty."""
    return bool(some.min() == some.max() == others.min() == others.max())


def _delays(labelled: Places, predicted: Places) -> dict[int, int]:
    """How many labels came so many hours after the prediction; both by the hours they lie in."""
    known = (labelled != _NONE) & (predicted != _NONE)
    if not known.all():
        labelled, predicted = labelled[known], predicted[known]
    hours = labelled // HOUR_MICROSECONDS - predicted // HOUR_MICROSECONDS
    delays, counts = np.unique(np.maximum(hours, 0), return_counts=True)
    return dict(zip(delays.tolist(), counts.tolist(), strict=True))


def _picked(values: Places, at: Places) -> Places:
    """The values at these places, -1 where there is no place."""
    if not len(values):
        return np.full(len(at), _NONE)
    return np.where(at == _NONE, _NONE, values[at])


def _keys(table: pa.Table) -> NDArray[np.uint64]:
    found: NDArray[np.uint64] = one_piece(table, KEY).to_numpy()
    return found


def _times(table: pa.Table, name: str) -> Places:
    """Microseconds since the epoch, -1 for none."""
    found: Places = _filled(one_piece(table, name).cast(pa.int64()), _NONE).to_numpy()
    return found


def _numbers(table: pa.Table, name: str) -> Places:
    found: Places = _filled(one_piece(table, name), _NONE).to_numpy()
    return found


def _filled(array: pa.Array, value: object) -> pa.Array:
    """The array with this value for its nulls, not copied where it has none."""
    return pc.fill_null(array, value) if array.null_count else array


def _true(mask: pa.Array) -> Mask:
    found: Mask = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return found
