"""The payloads of many records at once: joined to one text that pyarrow's CSV reader takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.columns import content_of
from tidegauge.sources.csvtext import read_rows
from tidegauge.sources.delimited import ONE_ROW
from tidegauge.sources.jsoncsv import Reworded, reworded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from tidegauge.model.statistics import Kind
    from tidegauge.sources.envelope import Payloads
    from tidegauge.sources.payload import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Payloads as CSV without the newline at their end, and the number of rows in each.

    Zero rows means that the payload must be looked at by itself: it is absent or empty, or has
    blank lines, carriage returns, or quotes that are not paired or are in one of several rows; or
    it is neither CSV nor JSON that says no more. `names` are the columns if the payloads say them.
    """

    texts: pa.Array
    rows: NDArray[np.int64]
    names: tuple[str, ...] | None = None

    def take(self, records: NDArray[np.int64]) -> Texts:
        if len(records) == len(self.texts):
            return self
        return replace(self, texts=self.texts.take(pa.array(records)), rows=self.rows[records])

    def clashes(self, names: Collection[str]) -> bool:
        """Whether the payloads say one of these names."""
        return self.names is not None and not set(names).isdisjoint(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The rows of some payloads; `record` says which payload each row is of.

    `bad` has, by payload, the reason why it is no table of the expected width. Its other rows are
    in the table.
    """

    table: pa.Table
    record: NDArray[np.int64]
    bad: Mapping[int, str]

    def without(self, records: NDArray[np.int64]) -> pa.Table:
        """The table without the rows of these payloads."""
        if not len(records):
            return self.table
        return self.table.filter(pa.array(~np.isin(self.record, records)))


def countable(payloads: Payloads, columns: Columns) -> Texts:
    """The payloads as CSV texts, and the number of rows of those that need no parsing for that."""
    given = _as_csv(payloads, columns)
    texts = pc.ascii_rtrim(given.texts, "\r\n")
    rows = np.ones(len(texts), np.int64)
    content = content_of(texts).to_pybytes()
    if b"\n" in content:
        rows += _counted(pc.count_substring(texts, "\n"))
        rows[_true(pc.match_substring(texts, "\n\n"))] = 0
        rows[_true(pc.starts_with(texts, "\n"))] = 0
    if b"\r" in content:
        rows[_true(pc.match_substring(texts, "\r"))] = 0
    if b'"' in content:
        quoted = _true(pc.match_substring(texts, '"'))
        single = _true(pc.match_substring_regex(texts, ONE_ROW)) & (rows == 1)
        rows[quoted & ~single] = 0
    rows[~_true(pc.greater(pc.binary_length(texts), 0))] = 0
    return Texts(texts, rows, given.names)


def _as_csv(payloads: Payloads, columns: Columns) -> Reworded:
    """The payloads that are CSV, with those in JSON that say no more; the others are null."""
    is_csv = pc.equal(payloads.encoding, "CSV")
    if pc.all(is_csv, skip_nulls=False).as_py():
        return Reworded(payloads.data, None)
    own = pc.if_else(is_csv, payloads.data, None)
    in_json = pc.if_else(pc.equal(payloads.encoding, "JSON"), payloads.data, None)
    other = reworded(in_json, len(columns.names))
    if other is None:
        return Reworded(own, None)
    if other.names and (own.null_count < len(own) or not columns.of(other.names)):
        return Reworded(own, None)  # two kinds of columns, or none
    return Reworded(pc.coalesce(own, other.texts), other.names)


def parse(texts: Texts, columns: Columns, kinds: Mapping[str, Kind]) -> Side:
    """The rows of all payloads, none of which may have zero rows, in the columns to be read."""
    names = texts.names or columns.names
    wanted = columns.of(names)
    joined = pc.binary_join_element_wise(texts.texts, "", "\n")
    found = read_rows(content_of(joined), names, wanted, kinds)
    record = np.repeat(np.arange(len(texts.rows)), texts.rows)
    bad_rows = np.array([bad.index for bad in found.bad], np.int64)
    bad = {
        int(record[row.index]): (
            f"a row of it has {row.found_columns} columns: expected {len(names)}"
        )
        for row in reversed(found.bad)
    }
    return Side(found.table, np.delete(record, bad_rows), bad)


def _true(mask: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False)
    return found


def _counted(counts: pa.Array) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.fill_null(counts, 0).to_numpy(zero_copy_only=False)
    return found
