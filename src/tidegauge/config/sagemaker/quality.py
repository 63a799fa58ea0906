"""A monitor of model quality as the service describes it: the sections of a conf that it becomes.

Sources: the API reference's ModelQualityAppSpecification, ModelQualityJobInput, EndpointInput and
BatchTransformInput; the developer guide's "Monitor model quality"; the SDK's names for a job's
environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegauge.config.sagemaker.conf_text import Entry, short
from tidegauge.config.sagemaker.formats import dataset_format
from tidegauge.config.sagemaker.leftovers import LeftOver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegauge.config.sagemaker.facts import Facts
    from tidegauge.config.sagemaker.schedules import Windows

UNKNOWN = "CHANGE-ME"

_PROBLEMS = {
    "BinaryClassification": "binary",
    "MulticlassClassification": "multiclass",
    "Regression": "regression",
}
_NAME = re.compile(r"(?:.*\.)?\"?([A-Za-z_]\w*)\"?")  # of a column, or the end of a JMESPath
_LEAST_WAIT = timedelta(hours=1)
_LABEL = "label"


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of what the endpoint answers, in order, and which of them is what.

    `notes` say what had to be guessed.
    """

    outputs: tuple[str, ...]
    score: str = ""
    prediction: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Facts) -> Answer:
        """Columns by name, by position or by JMESPath; the baseline's names where it has some."""
        guessed: list[str] = []
        places: dict[int, str] = {}
        names: list[str] = []

        def named(attribute: str | None, in_baseline: str | None, usual: str) -> str:
            if attribute is None:
                return ""
            if attribute.isdecimal():
                name = in_baseline if _is_name(in_baseline) else usual
                places[int(attribute)] = str(name)
                return str(name)
            found = _NAME.fullmatch(attribute)
            if found is None:
                guessed.append(f"{attribute!r} names no column: put the name that it has here")
                return UNKNOWN
            if found[1] != attribute:
                guessed.append(f"{attribute!r} is read as the column {found[1]!r}")
            if in_baseline and in_baseline != found[1]:
                guessed.append(
                    f"the baseline's rows have {in_baseline!r} where the endpoint answers "
                    f"{found[1]!r}: rename the column there"
                )
            names.append(found[1])
            return found[1]

        score = named(facts.probability, facts.baseline_probability, "score")
        prediction = named(facts.inference, facts.baseline_inference, "prediction")
        if places:
            last = max(places)
            names = [places.get(i, f"output_{i}") for i in range(last + 1)]
            guessed.append(
                f"the service knows columns by position; here column {last} is the last one that "
                "is named: list all that the endpoint answers, in order"
            )
        if not score:
            score, prediction = prediction, ""
        return cls(tuple(names), score or UNKNOWN, prediction, tuple(guessed))


def _is_name(text: str | None) -> bool:
    return text is not None and not text.isdecimal()


def quality_entries(facts: Facts, windows: Windows) -> Iterator[Entry]:
    """`ground_truth` and `model_quality`; an empty value is no entry."""
    answer = Answer.of(facts)
    yield Entry("ground_truth.uri", facts.ground_truth or UNKNOWN)
    yield Entry("ground_truth.format", "sagemaker")
    wait = max(windows.delay, _LEAST_WAIT) if _knows_wait(facts, windows) else None
    yield Entry("ground_truth.wait", short(wait) if wait else "", "its jobs ran that much later")
    problem = _PROBLEMS.get(facts.problem or "")
    yield Entry("model_quality.problem", problem or "binary", "" if problem else UNKNOWN)
    yield Entry("model_quality.label", _label(facts))
    yield Entry("model_quality.score", answer.score)
    yield Entry("model_quality.prediction", answer.prediction)
    if problem == "binary":
        if facts.threshold is not None:
            yield Entry("model_quality.threshold", facts.threshold)
        yield Entry("model_quality.positive", facts.positive or "")
    if facts.training:
        format_, header, _ = dataset_format(facts.training_format)
        yield Entry("model_quality.baseline.uri", facts.training)
        yield Entry("model_quality.baseline.format", format_ or "csv", "" if format_ else UNKNOWN)
        if not header:
            yield Entry("model_quality.baseline.header", value=False)


def _knows_wait(facts: Facts, windows: Windows) -> bool:
    """A job definition without offsets says that there was none."""
    return windows.length is not None and (bool(windows.delay) or facts.ground_truth is not None)


def _label(facts: Facts) -> str:
    found = facts.baseline_label
    if found is None:
        return _LABEL
    return f"_c{found}" if found.isdecimal() else found


def quality_notes(facts: Facts, windows: Windows) -> Iterator[LeftOver]:
    """What is to be looked at in these sections."""
    if facts.problem not in _PROBLEMS:
        yield LeftOver("model_quality.problem", "no description says the problem; choose it")
    if facts.ground_truth is None:
        yield LeftOver("ground_truth.uri", "only the job definition says where the labels are")
    if facts.probability is None and facts.inference is None:
        yield LeftOver(
            "model_quality.score", "only the job definition says which column is the answer"
        )
    for note in Answer.of(facts).notes:
        yield LeftOver("captures.outputs", note)
    if facts.problem == "MulticlassClassification" and facts.probability:
        yield LeftOver(
            "model_quality.classes",
            "a probability of each class is read here with the classes' names, in order: list them",
        )
    if not _knows_wait(facts, windows):
        yield LeftOver(
            "ground_truth.wait", "only the job definition says how long jobs waited for labels"
        )
    elif windows.delay < _LEAST_WAIT:
        yield LeftOver(
            "ground_truth.wait",
            "the service's jobs did not wait for labels; an hour is the least that makes sense",
        )
    if facts.baseline_label is None:
        yield LeftOver(
            "model_quality.label",
            f"only the baselining job says which column is the label; {_LABEL!r} is a guess",
        )
    if facts.training is None:
        yield LeftOver(
            "model_quality.baseline",
            "only the baselining job says where its rows are: go on with the service's baseline, "
            "or name rows with label and answer that the model has not learnt from",
        )
    if facts.preprocessor:
        yield LeftOver(
            "captures.preprocess",
            "the service's jobs called it once the labels were merged; here it is given captures, "
            "without `ground_truth`, and makes the rows of the answers",
        )
    if facts.baselining_script:
        yield LeftOver(
            "model_quality.baseline",
            f"the baselining job ran {facts.baselining_script} on its rows, which is not done "
            "here: go on with the service's baseline, or give rows that it made",
        )
