"""`tidegauge import sagemaker`: a monitor as the service describes it, turned into a conf."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegauge.config.sagemaker.conf_text import Entry, conf_text, short
from tidegauge.config.sagemaker.describing import read_facts
from tidegauge.config.sagemaker.facts import DATA_QUALITY, MODEL_QUALITY, Facts
from tidegauge.config.sagemaker.formats import dataset_format
from tidegauge.config.sagemaker.leftovers import LeftOver, left_over
from tidegauge.config.sagemaker.quality import UNKNOWN, Answer, quality_entries, quality_notes
from tidegauge.config.sagemaker.schedules import Windows, windows_of
from tidegauge.errors import UsageError
from tidegauge.model.window import format_duration, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_INDEXES = re.compile(r"\d+(,\d+)*")


@dataclass(frozen=True, slots=True)
class Imported:
    """The conf's text (YAML), and what it does not say of the descriptions, or guesses."""

    conf: str
    left_over: tuple[LeftOver, ...]


def import_monitor(descriptions: Sequence[tuple[str, Mapping[str, Any]]]) -> Imported:
    """One conf from the descriptions (each with its name) of one monitor and what belongs to it.

    Where they differ, the first one is believed. What none of them says, and a conf must, is
    written as CHANGE-ME.

    Raises:
        DocumentError: one describes no monitor, or a value in it is unfit.
    """
    facts = Facts()
    left: list[LeftOver] = []
    read = [(where, document, read_facts(document, where)) for where, document in descriptions]
    is_of_quality = next((f.type for _, _, f in read if f.type), None) == MODEL_QUALITY
    for where, document, found in read:
        left += [
            LeftOver(where, f"its `{name}` is not that of one before, which is taken")
            for name in facts.contradictions(found)
        ]
        facts |= found
        left += left_over(document, where, quality=is_of_quality)
    windows = _windows(facts)
    left += [LeftOver("window", note) for note in windows.notes]
    left += _notes(facts, windows)
    preamble = _preamble(facts, [where for where, _ in descriptions])
    entries = [entry for entry in _entries(facts, windows) if entry.value not in ("", [])]
    return Imported(conf_text(preamble, entries), tuple(left))


def _preamble(facts: Facts, sources: Sequence[str]) -> Iterator[str]:
    yield f"Made by `tidegauge import sagemaker` from {', '.join(sources)}."
    yield "Look for CHANGE-ME, then: tidegauge check CONF"
    if facts.type in (None, DATA_QUALITY, MODEL_QUALITY) and facts.constraints:
        beside = f"{facts.constraints.rpartition('/')[0]}/statistics.json"
        yield ""
        yield "The service's baseline goes on as it is:"
        yield "tidegauge import baseline CONF \\"
        yield f"    --statistics {facts.statistics or beside} \\"
        yield f"    --constraints {facts.constraints}"
    scripts = (facts.baselining_script, facts.preprocessor, facts.postprocessor)
    for script in dict.fromkeys(filter(None, scripts)):
        yield ""
        yield f"{script} is code that runs with the job's rights; look at what it does."


def _entries(facts: Facts, windows: Windows) -> Iterator[Entry]:
    """What the conf says; an empty value is no entry."""
    yield Entry("version", 1)
    yield Entry("monitor", facts.name or UNKNOWN, "the schedule's name")
    store = f"{facts.output}/tidegauge" if facts.output else UNKNOWN
    yield Entry("store", store, "all of ours, beside what the service wrote")

    if facts.type != MODEL_QUALITY:
        yield from _training_entries(facts)
    yield Entry("captures.uri", _captures(facts) or UNKNOWN)
    yield from _capture_entries(facts)
    if facts.type == MODEL_QUALITY:
        yield Entry("captures.outputs", list(Answer.of(facts).outputs))
        yield from quality_entries(facts, windows)
    else:
        yield Entry("features.exclude", list(_exclude(facts.exclude)[0]))

    expression = facts.schedule.expression or "" if facts.schedule else ""
    yield Entry("window", short(windows.length) if windows.length else UNKNOWN, expression)
    if windows.every:
        yield Entry("every", short(windows.every))
        yield Entry("profile", "1h", "what windows that overlap are merged from")

    yield Entry("outputs.endpoint", facts.endpoint or "")
    if facts.output:
        yield Entry("outputs.layout", "sagemaker", "a copy where the service's users look")
        yield Entry("outputs.uri", facts.output)
    if facts.metrics:
        yield Entry("metrics.cloudwatch", "put", "publish_cloudwatch_metrics was Enabled")


def _training_entries(facts: Facts) -> Iterator[Entry]:
    format_, header, _ = dataset_format(facts.training_format)
    needed = "" if facts.training and format_ else "only `tidegauge baseline` reads it"
    yield Entry("training.uri", facts.training or UNKNOWN, needed)
    yield Entry("training.format", format_ or "csv", "" if format_ else UNKNOWN)
    if not header:
        yield Entry("training.header", value=False)
    if format_ == "csv":
        yield Entry("training.preprocess", facts.baselining_script or "")


def _capture_entries(facts: Facts) -> Iterator[Entry]:
    """How the captures are read: an endpoint's, or the files that a batch transform's name."""
    if facts.batch_format is None:
        yield Entry("captures.format", "sagemaker")
    else:
        format_, header, _ = dataset_format(_lower(facts.batch_format), transform=True)
        yield Entry("captures.format", format_ or "csv", "" if format_ else UNKNOWN)
        yield Entry("captures.manifests", value=True)
        if format_ == "csv" and not header:
            yield Entry("captures.header", value=False)
    yield Entry("captures.preprocess", facts.preprocessor or "")
    yield Entry("captures.postprocess", facts.postprocessor or "")


def _lower(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """A job definition's `DatasetFormat` with the keys of a baselining job's `dataset_format`."""
    return {
        key.lower(): {option.lower(): value for option, value in options.items()}
        for key, options in described.items()
        if isinstance(options, dict)
    }


def _notes(facts: Facts, windows: Windows) -> Iterator[LeftOver]:
    """What is to be looked at in the conf, and where a description has what is missing."""
    if facts.type not in (None, DATA_QUALITY, MODEL_QUALITY):
        yield LeftOver(
            "MonitoringType",
            f"a monitor of the type {facts.type} is not carried over: this conf monitors the data "
            "quality of the same captures",
        )
    if facts.name is None:
        yield LeftOver("monitor", "no description names the schedule; choose a name")
    if facts.output is None:
        yield LeftOver("store", "no description says where results went; choose a location")
    if _captures(facts) is None:
        yield LeftOver(
            "captures.uri",
            "a schedule does not say where an endpoint's captures lie; give what "
            "`aws sagemaker describe-endpoint` prints of it, too",
        )
    if facts.batch_format is not None:
        yield from _batch_notes(_lower(facts.batch_format))
    if facts.type == MODEL_QUALITY:
        yield from quality_notes(facts, windows)
    else:
        yield from _data_notes(facts, windows)


def _data_notes(facts: Facts, windows: Windows) -> Iterator[LeftOver]:
    if windows.delay:
        until = format_duration(windows.delay)
        yield LeftOver(
            "window", f"the data ended {until} before the job ran: start ours that much later"
        )
    if facts.training is None:
        job = f" ({facts.baselining_job})" if facts.baselining_job else ""
        yield LeftOver(
            "training.uri",
            f"only the baselining job{job} says where the training data lie; give what "
            "`aws sagemaker describe-processing-job` prints of it, too",
        )
    elif note := dataset_format(facts.training_format)[2]:
        yield LeftOver("training.format", note)
    if facts.baselining_script and dataset_format(facts.training_format)[0] != "csv":
        yield LeftOver(
            "training",
            f"the baselining job ran {facts.baselining_script} on the training data; here a script "
            "is given the lines of CSV only: go on with the service's baseline, or give data that "
            "it made",
        )
    yield LeftOver(
        "captures.outputs",
        "the service matches columns by position, the model's outputs first; here they are named: "
        "list in `captures.outputs` what the endpoint answers, in order",
    )
    if note := _exclude(facts.exclude)[1]:
        yield LeftOver("features.exclude", note)


def _batch_notes(described: Mapping[str, Any]) -> Iterator[LeftOver]:
    if note := dataset_format(described, transform=True)[2]:
        yield LeftOver("captures.format", note)
    yield LeftOver(
        "captures.inference_id",
        "a monitor does not say whether the transform had GenerateInferenceId; if it had, and its "
        "results are CSV, set it",
    )


def _captures(facts: Facts) -> str | None:
    if facts.captures or not (facts.destination and facts.endpoint):
        return facts.captures
    return f"{facts.destination}/{facts.endpoint}"


def _windows(facts: Facts) -> Windows:
    if facts.schedule is not None:
        first, last = facts.offsets or (None, None)
        own = facts.schedule
        return windows_of(replace(own, since=own.since or first, until=own.until or last))
    if facts.span is None:
        return Windows(notes=("no description has a schedule; choose 1h, 6h, 1d ...",))
    try:
        since, until = (parse_time(time.replace(" ", "")) for time in facts.span)
    except UsageError as error:
        return Windows(notes=(str(error),))
    note = "it is that of the one job that is described; no schedule is"
    return Windows(until - since, notes=(note,))


def _exclude(described: str | None) -> tuple[tuple[str, ...], str]:
    if not described:
        return (), ""
    names = tuple(name.strip() for name in described.split(","))
    if not _INDEXES.fullmatch(",".join(names)):
        return names, ""
    note = f"{described!r} are positions; they are written as the names that columns without a "
    return tuple(f"_c{name}" for name in names), note + "header have: correct them where they do"
