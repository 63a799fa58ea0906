"""Which types of monitor a conf has, by its sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import UsageError
from tidegauge.flows.job import DATA_QUALITY, MODEL_QUALITY
from tidegauge.sinks.layout import MonitorType

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegauge.config.schema import Conf


def types_of(
    conf: Conf, asked: str | None, fits: Callable[[Conf, MonitorType], bool]
) -> tuple[MonitorType, ...]:
    """The types of monitor that the conf has sections for, or the one that was asked for.

    Raises:
        UsageError: it has sections for none.
    """
    if asked is not None:
        return (MonitorType(asked),)
    found = tuple(type_ for type_ in (DATA_QUALITY, MODEL_QUALITY) if fits(conf, type_))
    if not found:
        raise UsageError(
            "the conf has neither `training`, for data quality, nor what model quality needs: "
            "`model_quality.baseline` for `tidegauge baseline`, `ground_truth` for all else"
        )
    return found


def has_baseline(conf: Conf, type_: MonitorType) -> bool:
    """Whether the conf names the data of a baseline of this type."""
    quality = conf.model_quality
    return {
        DATA_QUALITY: conf.training is not None,
        MODEL_QUALITY: quality is not None and quality.baseline is not None,
    }.get(type_, False)


def is_monitored(conf: Conf, type_: MonitorType) -> bool:
    """Whether the conf says what windows of this type are held against."""
    return {
        DATA_QUALITY: conf.training is not None,
        MODEL_QUALITY: conf.model_quality is not None and conf.ground_truth is not None,
    }.get(type_, False)
