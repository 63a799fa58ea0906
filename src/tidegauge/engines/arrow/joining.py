"""Predictions joined with their labels: by the hash of the id, checked against the id itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.engines.arrow.compact import compact, is_constant, one_piece, plain
from tidegauge.engines.arrow.matching import (
    KEY,
    NONE,
    Runs,
    filled,
    is_one_value,
    keys_of,
    numbers_of,
    picked,
    same,
    sorted_keys,
    times_of,
)
from tidegauge.engines.arrow.news import News
from tidegauge.model.merged import (
    HOUR_MICROSECONDS,
    ID,
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

_HASH_BITS = 64
_OF_ID = np.uint64(0xFFFF << 48)  # by which rows are dealt: those of one record meet in one bucket


def keyed(table: pa.Table) -> pa.Table:
    """The rows, compact, with the hash of their id and of their place in the record."""
    keys = hash_texts(filled(one_piece(table, ID), ""))
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
    bucket = (keys_of(table) >> np.uint64(_HASH_BITS - bits)).astype(narrow)
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

    def rows(self) -> pa.Table:
        """The rows as they are kept: without keys, their ids texts again."""
        ids = plain(one_piece(self.table, ID))
        place = self.table.schema.get_field_index(ID)
        return self.table.set_column(place, ID, ids).drop_columns(KEY)


class Labels:
    """The labels of one bucket, keyed; of those with one key the last one collected counts.

    Of labels that were collected at one time, or at none that is known, the later row is the last.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()
        self._times = times_of(table, LABELLED_AT)
        self._latest = self._times.max(initial=NONE)
        self._runs = Runs.of(self._table, self._times)
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
        if self._latest >= until and (picked(self._times, at) >= until).any():
            return self._joined_before(predictions, until, again=again)
        unequal = self._refused(table, at)
        self._found[at[at != NONE]] = True
        news = News.of(table, self._table, self._times, at)
        corrected, repeated = self._runs.said_before(at[news.fresh])
        counts = MergeCounts(
            predictions=0 if again else len(table),
            labelled=int(np.count_nonzero(news.fresh)),
            corrected=int(np.count_nonzero(news.replaced)) + corrected,
            repeated=news.repeated + repeated,
            unequal=unequal,
            unidentified=0 if again else one_piece(table, ID).null_count,
            predicted_twice=len(predictions) - len(table),
            delay_hours=_delays(news.times[news.fresh], times_of(table, PREDICTED_AT)[news.fresh]),
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
        at = np.full(len(keys), NONE)
        if len(runs.last) and len(keys):
            run = np.minimum(np.searchsorted(runs.keys, keys), len(runs.keys) - 1)
            at[order] = np.where(runs.keys[run] == keys, runs.last[run], NONE)
        return at

    def _refused(self, table: pa.Table, at: Places) -> int:
        """Take back from `at` what only looks like the label of a prediction.

        Returns how many labels are of a record with another number of rows.
        """
        if (at == NONE).all():
            return 0
        strangers = (at != NONE) & ~same(table, None, self._table, at)
        for i in np.flatnonzero(strangers).tolist():  # their hash is another id's, too
            at[i] = self._runs.last_of(table.slice(i, 1), self._table)
        rows, wanted = numbers_of(self._table, ROWS), numbers_of(table, ROWS)
        if is_one_value(rows, wanted):
            return 0
        unequal = (at != NONE) & ~strangers & (picked(rows, at) != wanted)
        at[unequal] = NONE
        return int(np.count_nonzero(unequal))


def _last_ones(table: pa.Table) -> tuple[pa.Table, Places, NDArray[np.uint64]]:
    """The predictions without those whose id comes again; the order of their keys, and these."""
    keys = keys_of(table)
    whenever = np.zeros(len(keys), np.int64)
    order = sorted_keys(keys, whenever)
    ascending = keys[order]
    again = np.flatnonzero(ascending[1:] == ascending[:-1])
    first, second = order[again], order[again + 1]
    replaced = first[same(table, first, table, second)]  # which a null id never is
    if not len(replaced):
        return table, order, ascending
    keep = np.ones(len(table), np.bool_)
    keep[replaced] = False
    return _last_ones(table.filter(pa.array(keep)))


def _delays(labelled: Places, predicted: Places) -> dict[int, int]:
    """How many labels came so many hours after the prediction; both by the hours they lie in."""
    known = (labelled != NONE) & (predicted != NONE)
    if not known.all():
        labelled, predicted = labelled[known], predicted[known]
    hours = labelled // HOUR_MICROSECONDS - predicted // HOUR_MICROSECONDS
    delays, counts = np.unique(np.maximum(hours, 0), return_counts=True)
    return dict(zip(delays.tolist(), counts.tolist(), strict=True))
