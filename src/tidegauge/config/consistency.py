"""What the types of a conf cannot say: values that make no sense, or none together."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.config.alarms import alarm_problems
from tidegauge.config.alerts import alert_problems
from tidegauge.config.capture_rules import capture_problems, training_problems
from tidegauge.config.quality_rules import quality_problems
from tidegauge.config.retention import retention_problems
from tidegauge.config.s3_rules import s3_problems
from tidegauge.config.schema import CaptureFormat, EngineName
from tidegauge.errors import UsageError
from tidegauge.model.window import parse_duration
from tidegauge.sources.source import ReadBy

if TYPE_CHECKING:
    from tidegauge.config.schema import Conf

VERSION = 1
_MONITOR_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
_HOUR = timedelta(hours=1)


def problems(conf: Conf) -> list[str]:
    """What a type cannot say, a sentence each with the key."""
    found = []
    if conf.version != VERSION:
        found.append(f"version: this release reads version {VERSION}, found {conf.version}")
    if not _MONITOR_NAME.match(conf.monitor):
        found.append(f"monitor: expected letters, digits, '.', '_' and '-', found {conf.monitor!r}")
    if not 0 <= conf.max_rejected <= 1:
        found.append(f"max_rejected: expected a share from 0 to 1, found {conf.max_rejected}")
    if conf.max_catch_up is not None and conf.max_catch_up < 1:
        found.append(f"max_catch_up: expected 1 window or more, found {conf.max_catch_up}")
    found += _time_problems(conf)
    found += _output_problems(conf)
    found += alarm_problems(conf.alarms)
    found += alert_problems(conf.alerts)
    found += retention_problems(conf.retention, conf.window)
    found += s3_problems(conf.s3)
    captures = conf.captures
    plain = captures is not None and captures.format is not CaptureFormat.SAGEMAKER
    plain = plain and not (captures and captures.manifests)  # these have a layout of their own
    if captures and plain and (captures.layout is None) == (captures.time is None):
        found.append(
            "captures: expected either `layout`, such as "
            '"{variant}/{yyyy}/{mm}/{dd}/{hh}", or `time`, the column that tells the window'
        )
    if captures:
        found += capture_problems(captures)
    found += training_problems(conf.training) if conf.training else ()
    if captures and captures.format is CaptureFormat.TABLE and captures.layout is not None:
        found.append("captures.layout: a table has no folders: expected `time` in its place")
    if conf.training is None and conf.model_quality is None:
        found.append(
            "the conf monitors nothing: expected `training`, the data that the model was trained "
            "on, or `model_quality`"
        )
    found += quality_problems(conf)
    if conf.engine is EngineName.LOCAL:
        found += _spark_problems(conf)
    return found


def _time_problems(conf: Conf) -> list[str]:
    """Durations must be some, and fit into each other: windows are merged from whole units."""
    lengths: dict[str, timedelta] = {}
    found = []
    for name in ("window", "every", "profile", "late"):
        try:
            if (text := getattr(conf, name)) is not None and (name, text) != ("late", "never"):
                lengths[name] = parse_duration(text)
        except UsageError as error:
            found.append(f"{name}: {error}")
    window, every, unit = (lengths.get(name) for name in ("window", "every", "profile"))
    if every and window and every < window and not unit:
        found.append(
            "every: windows that overlap are merged from profiles of shorter units: add `profile`, "
            "such as `profile: 1h`"
        )
    found += [
        f"{name}: expected a multiple of `profile` ({conf.profile}), found {getattr(conf, name)}"
        for name, length in (("window", window), ("every", every))
        if unit and length and length % unit
    ]
    return found


def _output_problems(conf: Conf) -> list[str]:
    """Copies need a place, and names that stay folders of their own."""
    outputs = conf.outputs
    names = {"outputs.endpoint": outputs.endpoint, "outputs.schedule": outputs.schedule}
    found = [
        f"{key}: expected letters, digits, '.', '_' and '-', found {name!r}"
        for key, name in names.items()
        if name is not None and not _MONITOR_NAME.match(name)
    ]
    if (outputs.layout is None) != (outputs.uri is None):
        found.append("outputs: expected `layout` and `uri` together, or neither")
    with suppress(UsageError):  # what is no duration is told of elsewhere
        if outputs.layout and parse_duration(conf.every or conf.window or "1h") % _HOUR:
            found.append("outputs.layout: its folders are of hours, so windows must be, too")
    if conf.metrics.namespace == "":
        found.append("metrics.namespace: expected a name, found ''")
    return found


def _spark_problems(conf: Conf) -> list[str]:
    """What cannot be read without Spark."""
    found = []
    baseline = conf.model_quality.baseline if conf.model_quality else None
    sections = {
        "a training set": conf.training,
        "captures": conf.captures,
        "ground truth": conf.ground_truth,
        "a model quality baseline": baseline,
    }
    for what, section in sections.items():
        if section and section.format == "table":
            found.append(f"engine: {what} of format 'table' needs engine 'spark'")
    for what, read in (("a training set", conf.training), ("captures", conf.captures)):
        if read and read.format != "table" and read.read is ReadBy.SPARK:
            found.append(f"engine: {what} with read 'spark' needs engine 'spark'")
    return found
