"""What is said of a conf that fits its data badly, where every single row looks innocent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.model.quality import Problem
from tidegauge.rules.alarms.design_effect import LEAST_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.model.merged import MergeCounts
    from tidegauge.quality.profile import QualityProfile


def doubts_of_window(counts: MergeCounts, profile: QualityProfile, most: float) -> Iterator[str]:
    """A sentence for what more than the share `most` of a window's rows lack."""
    labelled = profile.rows + profile.unanswered
    if profile.unanswered > most * labelled:
        yield (
            f"{profile.unanswered:,} of {labelled:,} labelled rows have no answer that can be "
            "read, and count nowhere: look at `model_quality.score`, `model_quality.prediction` "
            "and the columns of the captures"
        )
    if counts.unidentified > most * counts.predictions:
        yield (
            f"{counts.unidentified:,} of {counts.predictions:,} predictions have no id by which a "
            "label could be found: look at `captures.id`"
        )


def doubts_of_baseline(profile: QualityProfile) -> Iterator[str]:
    """A sentence where all of a baseline's labels, or answers, are of one of two classes."""
    plan = profile.plan
    if plan is None or plan.problem is not Problem.BINARY:
        return
    counts = profile.confusion.counts
    labels, answers = counts.sum(axis=1), counts.sum(axis=0)
    names = profile.confusion.labels
    if (labels > 0).sum() == 1:
        (only,) = (name for name, rows in zip(names, labels, strict=True) if rows)
        yield (
            f"every label of the baseline counts as {only!r}, with `model_quality.positive: "
            f"{plan.positive!r}`: correct it, or give rows of both classes"
        )
    if (answers > 0).sum() == 1:
        (only,) = (name for name, rows in zip(names, answers, strict=True) if rows)
        by_score = len(profile.scores.cells) > 0
        yield (
            f"every answer of the baseline counts as {only!r}, with `model_quality."
            + (f"threshold: {plan.threshold:g}`" if by_score else f"positive: {plan.positive!r}`")
            + ": correct it, or `model_quality.score` and `model_quality.prediction`"
        )


def doubts_of_time(time: str | None, blocks: int) -> Iterator[str]:
    """A sentence where the baseline's time does not tell how much metrics swing."""
    if blocks >= LEAST_BLOCKS:
        return
    why = (
        "the conf has no `model_quality.baseline.time`"
        if time is None
        else f"the column {time!r} cuts the baseline's rows into {blocks} whole windows, fewer "
        f"than {LEAST_BLOCKS}"
    )
    yield (
        f"{why}: how much metrics swing from window to window is not known, and rows are taken as "
        "independent, which alarms too often where days differ"
    )
