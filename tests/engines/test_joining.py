"""Labels joined with predictions, held against a join that a person can follow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.engines.arrow import joining
from tidegauge.engines.arrow.compact import one_piece, plain
from tidegauge.engines.arrow.joining import Labels, dealt, keyed
from tidegauge.engines.arrow.matching import KEY
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

TIME = pa.timestamp("us", tz="UTC")
NEVER = 1 << 62


@dataclass(frozen=True)
class Label:
    """A label as it was collected: `hour` None is a time that nobody knows."""

    id: str
    value: str
    hour: int | None = 1
    row: int = 0
    rows: int = 1


@dataclass(frozen=True)
class Prediction:
    """A prediction, with the label that it has had so far."""

    id: str | None
    hour: int | None = 0
    row: int = 0
    rows: int = 1
    label: str | None = None
    labelled: int | None = None


def labels_of(some: list[Label]) -> Labels:
    """The labels as a bucket has them."""
    return Labels(keyed(_table(some, {LABEL: "value", LABELLED_AT: "hour"})))


def predictions_of(some: list[Prediction]) -> pa.Table:
    """The predictions as a bucket has them."""
    columns = {PREDICTED_AT: "hour", LABEL: "label", LABELLED_AT: "labelled"}
    return keyed(_table(some, columns))


def _table(some: list[Any], columns: dict[str, str]) -> pa.Table:
    def times(name: str) -> pa.Array:
        hours = [getattr(one, name) for one in some]
        return pa.array([None if h is None else h * HOUR_MICROSECONDS for h in hours], TIME)

    table = {
        ID: pa.array([one.id for one in some], pa.string()),
        ROW: pa.array([one.row for one in some], pa.int32()),
        ROWS: pa.array([one.rows for one in some], pa.int32()),
    }
    for column, name in columns.items():
        is_text = column == LABEL
        texts = pa.array([getattr(one, name) for one in some], pa.string()) if is_text else None
        table[column] = times(name) if texts is None else texts
    return pa.table(table)


def labelled(merged: joining.Merged) -> list[tuple[str | None, str | None]]:
    """The ids with their labels."""
    return [(row[ID], row[LABEL]) for row in merged.rows().to_pylist()]


def test_the_last_label_counts_and_what_it_corrects_is_counted() -> None:
    """By the time of collection, whatever the order in which they were read."""
    labels = labels_of([Label("a", "1", hour=5), Label("a", "0", hour=3), Label("b", "1", hour=3)])
    merged = labels.join(predictions_of([Prediction("a"), Prediction("b"), Prediction("c")]), NEVER)

    assert [("a", "1"), ("b", "1"), ("c", None)] == labelled(merged)
    assert (
        MergeCounts(predictions=3, labelled=2, corrected=1, delay_hours={3: 1, 5: 1})
        == merged.counts
    )
    assert [True, True, False] == merged.fresh.tolist()
    assert {} == labels.orphans()


def test_a_label_that_says_the_same_again_is_repeated() -> None:
    """It changes nothing, but is counted."""
    merged = labels_of([Label("a", "1"), Label("a", "1", hour=2)]).join(
        predictions_of([Prediction("a")]), NEVER
    )
    assert (0, 1, 1) == (merged.counts.corrected, merged.counts.repeated, merged.counts.labelled)


def test_of_two_predictions_with_one_id_the_last_one_counts() -> None:
    """A request that was captured twice is one prediction; those without an id stay apart."""
    again = [Prediction("a", hour=1), Prediction(None), Prediction("a", hour=2), Prediction(None)]
    merged = labels_of([Label("a", "1", hour=4)]).join(predictions_of(again), NEVER)
    assert [(None, None), ("a", "1"), (None, None)] == labelled(merged)
    assert (3, 1, 2) == (
        merged.counts.predictions,
        merged.counts.predicted_twice,
        merged.counts.unidentified,
    )
    assert {2: 1} == merged.counts.delay_hours


def test_rows_of_a_record_have_their_labels_by_place() -> None:
    """A label of a record with another number of rows is nobody's."""
    predicted = [Prediction("a", row=i, rows=2) for i in range(2)]
    predicted += [Prediction("b", row=i, rows=3) for i in range(3)]
    labels = [Label("a", "x", row=0, rows=2), Label("a", "y", row=1, rows=2), Label("b", "z")]
    merged = labels_of(labels).join(predictions_of(predicted), NEVER)
    assert [("a", "x"), ("a", "y"), ("b", None), ("b", None), ("b", None)] == labelled(merged)
    assert (2, 1) == (merged.counts.labelled, merged.counts.unequal)


def test_a_label_that_comes_too_late_is_nobodys() -> None:
    """The label that was there in time stays the last one."""
    some = [Label("a", "1", hour=3), Label("a", "0", hour=9), Label("b", "1", hour=9)]
    merged = labels_of(some).join(
        predictions_of([Prediction("a"), Prediction("b")]), 9 * HOUR_MICROSECONDS
    )
    assert [("a", "1"), ("b", None)] == labelled(merged)


def test_labels_without_a_prediction_are_counted_by_their_hour() -> None:
    """Once an id, however many labels it has; found in one window is found."""
    labels = labels_of([Label("a", "1"), Label("x", "1", hour=2), Label("x", "0", hour=7)])
    labels.join(predictions_of([Prediction("a")]), NEVER)
    labels.join(predictions_of([Prediction("b")]), NEVER)
    assert {7 * HOUR_MICROSECONDS: 1} == labels.orphans()


def test_what_was_merged_before_takes_only_what_is_new() -> None:
    """A correction replaces, an older label does not, and the same one read again is no news."""
    before = [
        Prediction("a", label="1", labelled=3),
        Prediction("b", label="1", labelled=3),
        Prediction("c", label="1", labelled=3),
        Prediction("d"),
    ]
    some = [Label("a", "0", hour=5), Label("b", "0", hour=2), Label("c", "1", hour=3)]
    merged = labels_of([*some, Label("d", "1", hour=5)]).join(
        predictions_of(before), NEVER, again=True
    )
    assert [("a", "0"), ("b", "1"), ("c", "1"), ("d", "1")] == labelled(merged)
    assert MergeCounts(labelled=1, corrected=1, delay_hours={5: 1}) == merged.counts
    assert merged.replaced
    assert [False, False, False, True] == merged.fresh.tolist()


def test_two_ids_with_one_hash_are_two_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash finds, the id decides; here every id has the same hash."""
    monkeypatch.setattr(joining, "hash_texts", lambda ids: np.zeros(len(ids), np.uint64))
    labels = labels_of([Label("a", "1"), Label("b", "0"), Label("a", "0", hour=2)])
    merged = labels.join(predictions_of([Prediction(x) for x in ("a", "b", "c")]), NEVER)
    assert [("a", "0"), ("b", "0"), ("c", None)] == labelled(merged)


@pytest.mark.parametrize("buckets", [1, 2, 8, 64])
def test_rows_of_one_id_meet_in_one_bucket(buckets: int) -> None:
    """Whichever side they are of; every row is dealt once, in its order."""
    ids = [f"{i % 50}" for i in range(200)]
    found: dict[str, set[int]] = {}
    for some in (ids, ids[::-1]):
        seen = []
        for bucket, rows in dealt(predictions_keyed(some), buckets):
            for id_ in rows.column(ID).to_pylist():
                found.setdefault(id_, set()).add(bucket)
            seen += rows.column(ID).to_pylist()
        assert sorted(some) == sorted(seen)
    assert {1} == {len(places) for places in found.values()}


def test_rows_of_one_record_meet_in_one_bucket() -> None:
    """All of them, in their order: the service's merged line needs every row's label."""
    some = [Prediction(f"id-{i}", row=row, rows=3) for i in range(40) for row in range(3)]
    found: dict[str, list[tuple[int, int]]] = {}
    for bucket, rows in dealt(predictions_of(some), 8):
        ids = plain(one_piece(rows, ID)).to_pylist()
        for id_, row in zip(ids, rows.column(ROW).to_pylist(), strict=True):
            found.setdefault(id_, []).append((bucket, row))
    assert 8 == len({places[0][0] for places in found.values()})
    assert all([(places[0][0], row) for row in range(3)] == places for places in found.values())


def predictions_keyed(ids: list[str]) -> pa.Table:
    """Predictions with these ids."""
    return predictions_of([Prediction(id_) for id_ in ids])


IDS = st.sampled_from([f"id-{i}" for i in range(6)])
LABELS = st.builds(
    Label, IDS, st.sampled_from(["0", "1"]), st.integers(1, 6), st.integers(0, 1), st.just(2)
)
PREDICTIONS = st.builds(Prediction, IDS, st.just(0), st.integers(0, 1), st.just(2))


@given(st.lists(LABELS), st.lists(PREDICTIONS), st.integers(1, 8))
@settings(max_examples=150, deadline=None)
def test_the_join_is_that_of_a_dictionary(
    labels: list[Label], predictions: list[Prediction], until: int
) -> None:
    """Any labels, any predictions: the last label in time, and every label at most once."""
    merged = labels_of(labels).join(predictions_of(predictions), until * HOUR_MICROSECONDS)
    in_time = sorted((one for one in labels if one.hour < until), key=lambda one: one.hour)
    last = {(one.id, one.row): one.value for one in in_time}
    unique = {(one.id, one.row): None for one in predictions}
    expected = sorted((*key, last.get(key)) for key in unique)

    found = [(row[ID], row[ROW], row[LABEL]) for row in merged.rows().to_pylist()]
    assert expected == sorted(found, key=lambda row: row[:2])
    assert sum(key in last for key in unique) == merged.counts.labelled
    changes = [
        (a.value, b.value)
        for key in unique
        if (own := [one for one in in_time if (one.id, one.row) == key])
        for a, b in pairwise(own)
    ]
    assert sum(a != b for a, b in changes) == merged.counts.corrected
    assert sum(a == b for a, b in changes) == merged.counts.repeated
    assert KEY not in merged.rows().column_names
