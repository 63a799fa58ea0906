"""What labels say of the predictions that they were found for: something new, or what was known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.engines.arrow.compact import one_piece, plain
from tidegauge.engines.arrow.matching import NONE, picked, times_of, truths
from tidegauge.model.merged import LABEL, LABELLED_AT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class News:
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
    def of(cls, table: pa.Table, labels: pa.Table, times: Places, at: Places) -> News:
        theirs = one_piece(labels, LABEL).take(pa.array(at, mask=at == NONE))
        theirs_at, ours_at = picked(times, at), times_of(table, LABELLED_AT)
        ours = one_piece(table, LABEL)
        if ours.null_count == len(ours):
            none = np.zeros(len(at), np.bool_)
            return cls(theirs, np.where(at == NONE, ours_at, theirs_at), at != NONE, none, 0)
        theirs, ours = plain(theirs), plain(ours)
        had = ours.is_valid().to_numpy(zero_copy_only=False)
        later = (at != NONE) & had & (theirs_at >= ours_at)
        equal = truths(pc.equal(theirs, ours))
        fresh, replaced = (at != NONE) & ~had, later & ~equal
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
        """The predictions with these labels."""
        kind = table.schema.field(LABELLED_AT).type
        times = pa.array(self.times, mask=self.times == NONE).view(kind)
        for name, values in ((LABEL, self.labels), (LABELLED_AT, times)):
            table = table.set_column(table.schema.get_field_index(name), name, values)
        return table
