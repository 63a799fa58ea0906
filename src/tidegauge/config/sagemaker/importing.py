"""`tidegauge import sagemaker`: a monitor as the service describes it, turned into a conf."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegauge.config.sagemaker.conf_text import Entry, conf_text
from tidegauge.config.sagemaker.facts import DATA_QUALITY, Facts, read_facts
from tidegauge.config.sagemaker.leftovers import LeftOver, left_over
from tidegauge.config.sagemaker.schedules import Windows, windows_of
from tidegauge.errors import UsageError
from tidegauge.model.window import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

UNKNOWN = "CHANGE-ME"

_INDEXES = re.compile(r"\d+(,\d+)*")
_HOURS_OF_DAY = 24


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
    for where, document in descriptions:
        found = read_facts(document, where)
        left += [
            LeftOver(where, f"its `{name}` is not that of one before, which is taken")
            for name in facts.contradictions(found)
        ]
        facts |= found
        left += left_over(document, where)
    windows = _windows(facts)
    left += [LeftOver("window", note) for note in windows.notes]
    left += _notes(facts)
    preamble = _preamble(facts, [where for where, _ in descriptions])
    entries = [entry for entry in _entries(facts, windows) if entry.value not in ("", [])]
    return Imported(conf_text(preamble, entries), tuple(left))


def _preamble(facts: Facts, sources: Sequence[str]) -> Iterator[str]:
    yield f"Made by `tidegauge import sagemaker` from {', '.join(sources)}."
    yield "Look for CHANGE-ME, then: tidegauge check CONF"
    if facts.type in (None, DATA_QUALITY) and facts.statistics and facts.constraints:
        yield ""
        yield "The service's baseline goes on as it is:"
        yield "tidegauge import baseline CONF \\"
        yield f"    --statistics {facts.statistics} \\"
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

    format_, header, _ = _dataset_format(facts.training_format)
    needed = "" if facts.training and format_ else "only `tidegauge baseline` reads it"
    yield Entry("training.uri", facts.training or UNKNOWN, needed)
    yield Entry("training.format", format_ or "csv", "" if format_ else UNKNOWN)
    if not header:
        yield Entry("training.header", value=False)
    if format_ == "csv":
        yield Entry("training.preprocess", facts.baselining_script or "")

    yield Entry("captures.uri", _captures(facts) or UNKNOWN)
    yield from _capture_entries(facts)

    names, _ = _exclude(facts.exclude)
    yield Entry("features.exclude", list(names))

    expression = facts.schedule.expression or "" if facts.schedule else ""
    yield Entry("window", _short(windows.length) if windows.length else UNKNOWN, expression)
    if windows.every:
        yield Entry("every", _short(windows.every))
        yield Entry("profile", "1h", "what windows that overlap are merged from")

    yield Entry("outputs.endpoint", facts.endpoint or "")
    if facts.output:
        yield Entry("outputs.layout", "sagemaker", "a copy where the service's users look")
        yield Entry("outputs.uri", facts.output)
    if facts.metrics:
        yield Entry("metrics.cloudwatch", "put", "publish_cloudwatch_metrics was Enabled")


def _capture_entries(facts: Facts) -> Iterator[Entry]:
    """How the captures are read: an endpoint's, or the files that a batch transform's name."""
    if facts.batch_format is None:
        yield Entry("captures.format", "sagemaker")
    else:
        format_, header, _ = _dataset_format(_lower(facts.batch_format), transform=True)
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


def _notes(facts: Facts) -> Iterator[LeftOver]:
    """What is to be looked at in the conf, and where a description has what is missing."""
    if facts.type not in (None, DATA_QUALITY):
        problem = f" of {facts.problem}" if facts.problem else ""
        yield LeftOver("MonitoringType", f"{facts.type}{problem}: this conf monitors data quality")
    if facts.name is None:
        yield LeftOver("monitor", "no description names the schedule; choose a name")
    if facts.output is None:
        yield LeftOver("store", "no description says where results went; choose a location")
    if facts.training is None:
        job = f" ({facts.baselining_job})" if facts.baselining_job else ""
        yield LeftOver(
            "training.uri",
            f"only the baselining job{job} says where the training data lie; give what "
            "`aws sagemaker describe-processing-job` prints of it, too",
        )
    elif note := _dataset_format(facts.training_format)[2]:
        yield LeftOver("training.format", note)
    if facts.baselining_script and _dataset_format(facts.training_format)[0] != "csv":
        yield LeftOver(
            "training",
            f"the baselining job ran {facts.baselining_script} on the training data; here a script "
            "is given the lines of CSV only: go on with the service's baseline, or give data that "
            "it made",
        )
    if _captures(facts) is None:
        yield LeftOver(
            "captures.uri",
            "a schedule does not say where an endpoint's captures lie; give what "
            "`aws sagemaker describe-endpoint` prints of it, too",
        )
    yield LeftOver(
        "captures.outputs",
        "the service matches columns by position, the model's outputs first; here they are named: "
        "list in `captures.outputs` what the endpoint answers, in order",
    )
    if facts.batch_format is not None:
        yield from _batch_notes(_lower(facts.batch_format))
    if note := _exclude(facts.exclude)[1]:
        yield LeftOver("features.exclude", note)


def _batch_notes(described: Mapping[str, Any]) -> Iterator[LeftOver]:
    if note := _dataset_format(described, transform=True)[2]:
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
        return windows_of(facts.schedule)
    if facts.span is None:
        return Windows(notes=("no description has a schedule; choose 1h, 6h, 1d ...",))
    try:
        since, until = (parse_time(time.replace(" ", "")) for time in facts.span)
    except UsageError as error:
        return Windows(notes=(str(error),))
    note = "it is that of the one job that is described; no schedule is"
    return Windows(until - since, notes=(note,))


def _short(window: timedelta) -> str:
    """`6h`, `1d`: windows are of whole hours there."""
    hours = round(window.total_seconds() / 3600)
    days, rest = divmod(hours, _HOURS_OF_DAY)
    return f"{hours}h" if rest else f"{days}d"


def _dataset_format(
    described: Mapping[str, Any] | None, *, transform: bool = False
) -> tuple[str | None, bool, str]:
    """The format of a `dataset_format`, whether a CSV has a header, and what is to be said of it.

    Only a batch transform's results may be a JSON document over several lines.

    Source: the SDK's `DatasetFormat`; the guide's examples spell `lines` as `line`.
    """
    match described:
        case None:
            return None, True, "the baselining job does not say how its data are written"
        case {"csv": {**options}}:
            position = options.get("output_columns_position")
            note = f"the model's outputs stand at the {position} of each row" if position else ""
            return "csv", bool(options.get("header", True)), note
        case {"parquet": _}:
            return "parquet", True, ""
        case {"json": {"lines": True} | {"line": True}}:
            return "jsonl", True, ""
        case {"json": _} if transform:
            return "json", True, ""
        case _:
            return None, True, f"{described} is not read: expected CSV, Parquet or JSON Lines"


def _exclude(described: str | None) -> tuple[tuple[str, ...], str]:
    if not described:
        return (), ""
    names = tuple(name.strip() for name in described.split(","))
    if not _INDEXES.fullmatch(",".join(names)):
        return names, ""
    note = f"{described!r} are positions; they are written as the names that columns without a "
    return tuple(f"_c{name}" for name in names), note + "header have: correct them where they do"
