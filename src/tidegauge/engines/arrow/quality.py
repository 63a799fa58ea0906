"""The kernel of model quality: a table of labels and answers becomes a profile of states."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from tidegauge.engines.arrow.answered import BinaryRows, ClassRows, NumberRows
from tidegauge.engines.arrow.answers import (
    NONE,
    class_name,
    classes,
    column,
    numbers,
    probabilities,
    union,
)
from tidegauge.errors import InputError, UsageError
from tidegauge.model.quality import Problem
from tidegauge.quality.profile import QualityProfile
from tidegauge.states.hashing import hash_texts, mix, seed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegauge.model.quality import Costs, QualityPlan

    Rows = BinaryRows | ClassRows | NumberRows

SUBSAMPLES = 5
_SHARE = np.uint64(int(0.8 * 2**64))


def fold_quality(table: pa.Table, plan: QualityPlan, *, salt: int = 0) -> QualityProfile:
    """The profile of the table's rows; columns that the plan does not need are ignored.

    `label` is the truth. A number is answered in `prediction`, a class in `prediction` or in the
    lists of `probabilities`; one of two classes in `prediction`, in `score` or in `probabilities`,
    and with both the answer is the prediction. Costs have the columns that the plan names.
    `id` tells rows apart for the plan's subsamples; without it they are told apart by `salt`, which
    belongs to the chunk, and their position.

    Raises:
        InputError: a column is missing or of an unfit type, or there are too many classes.
        UsageError: probabilities have no classes in the plan.
    """
    labelled, answered, rows = _read(table, plan)
    known = labelled & answered
    kept = _kept(rows, known)
    count = int(np.count_nonzero(known))
    subsamples: tuple[QualityProfile, ...] = ()
    if plan.subsamples:
        hashes = _row_hashes(table, salt)[known]
        subsamples = tuple(
            _folded(_kept(kept, chosen), int(np.count_nonzero(chosen)), plan, salt)
            for chosen in (_chosen(hashes, number) for number in range(SUBSAMPLES))
        )
    return replace(
        _folded(kept, count, plan, salt),
        unlabelled=int(np.count_nonzero(~labelled)),
        unanswered=int(np.count_nonzero(labelled & ~answered)),
        subsamples=subsamples,
    )


def _folded(rows: Rows, count: int, plan: QualityPlan, salt: int) -> QualityProfile:
    return QualityProfile(plan, count, **rows.states(plan, salt))


def _kept(rows: Rows, chosen: NDArray[np.bool_]) -> Rows:
    """These rows alone: each array cut down to them."""
    if chosen.all():
        return rows
    arrays = {f.name: getattr(rows, f.name) for f in fields(rows)}
    fewer: dict[str, Any] = {n: a[chosen] for n, a in arrays.items() if isinstance(a, np.ndarray)}
    return replace(rows, **fewer)


def _row_hashes(table: pa.Table, salt: int) -> NDArray[np.uint64]:
    if "id" in table.column_names:
        return hash_texts(column(table, "id").cast("large_string").fill_null(""))
    return mix(np.arange(table.num_rows, dtype=np.uint64) ^ seed("rows", salt))


def _chosen(hashes: NDArray[np.uint64], number: int) -> NDArray[np.bool_]:
    return mix(hashes ^ seed("subsample", number)) < _SHARE


def _read(table: pa.Table, plan: QualityPlan) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Rows]:
    """Which rows have a label, which an answer, and all the rows as arrays."""
    match plan.problem:
        case Problem.REGRESSION:
            truth, answer = (numbers(column(table, name)) for name in ("label", "prediction"))
            return np.isfinite(truth), np.isfinite(answer), NumberRows(truth, answer)
        case Problem.MULTICLASS:
            return _read_classes(table, plan)
        case Problem.BINARY:
            return _read_binary(table, plan)
        case other:
            assert_never(other)


def _read_classes(
    table: pa.Table, plan: QualityPlan
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Rows]:
    names, truth = classes(column(table, "label"))
    if "prediction" in table.column_names:
        answers, answer = classes(column(table, "prediction"))
    else:
        answers = _class_names(plan)
        matrix, fit = probabilities(column(table, "probabilities"), len(answers))
        answer = np.where(fit, np.argmax(np.where(fit[:, None], matrix, 0.0), axis=1), NONE)
    names, at = union(names, answers)
    answer = at[answer]
    return truth != NONE, answer != NONE, ClassRows(tuple(names), truth, answer)


def _read_binary(
    table: pa.Table, plan: QualityPlan
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Rows]:
    labelled, positive = _is_positive(column(table, "label"), plan)
    answered = np.ones(table.num_rows, np.bool_)
    scores = _scores(table, plan)
    if scores is not None:
        answered &= np.isfinite(scores)
    if "prediction" in table.column_names:
        present, predicted = _is_positive(column(table, "prediction"), plan)
        answered &= present
    elif scores is not None:
        predicted = scores >= plan.threshold
    else:
        found = ", ".join(map(repr, table.column_names))
        raise InputError(
            "answers of a binary problem need a column 'score', 'prediction' or 'probabilities'; "
            f"found {found}"
        )
    amounts = None if plan.costs is None else _amounts(table, plan.costs)
    return labelled, answered, BinaryRows(positive, predicted, scores, amounts)


def _scores(table: pa.Table, plan: QualityPlan) -> NDArray[np.float64] | None:
    if "score" in table.column_names:
        return numbers(column(table, "score"))
    if "probabilities" not in table.column_names:
        return None
    names, positive = _class_names(plan), class_name(plan.positive, truths=True)
    if positive not in names:
        raise UsageError(f"the positive class {plan.positive!r} is none of the classes {names}")
    matrix, fit = probabilities(column(table, "probabilities"), len(names))
    return np.where(fit, matrix[:, names.index(positive)], np.nan)


def _class_names(plan: QualityPlan) -> list[str]:
    if not plan.classes:
        raise UsageError("a list of probabilities needs `classes`: the names of its entries")
    return [class_name(name, truths=plan.problem is Problem.BINARY) for name in plan.classes]


def _is_positive(array: pa.Array, plan: QualityPlan) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows have a class at all, and which the positive one."""
    names, codes = classes(array, truths=True)
    wanted = class_name(plan.positive, truths=True)
    positive = codes == names.index(wanted) if wanted in names else np.zeros(len(codes), np.bool_)
    return codes != NONE, positive


def _amounts(table: pa.Table, costs: Costs) -> NDArray[np.float64] | None:
    """What each row would cost by outcome, NaN where its own amount is unknown."""
    if not costs.columns:
        return None
    amounts = np.empty((table.num_rows, len(costs.amounts)))
    for outcome, amount in enumerate(costs.amounts):
        amounts[:, outcome] = numbers(column(table, amount)) if isinstance(amount, str) else amount
    return amounts
