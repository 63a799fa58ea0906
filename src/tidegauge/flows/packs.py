"""Constraint packs in a monitor's run: which rules hold, and what became of each in each window."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from tidegauge.documents.packs.pack import decode
from tidegauge.errors import UsageError
from tidegauge.model.statistics import Kind
from tidegauge.profile.feature import join_kinds
from tidegauge.rules.packs.evaluate import kinds_of, open_rules, outcomes, overridden
from tidegauge.rules.packs.from_profile import Batch
from tidegauge.rules.packs.measure import Unmeasurable, measure_of
from tidegauge.rules.packs.overlay import matches, overlay
from tidegauge.rules.packs.rows import FromRows, Questions, Unanswered
from tidegauge.sources.captures import parts, reader
from tidegauge.sources.frames import captures_frame
from tidegauge.storage import NotFound, join, storage_for
from tidegauge.storage.partition_names import escape_partition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tidegauge.config.schema import Conf
    from tidegauge.flows.captured import Due
    from tidegauge.flows.job import Job
    from tidegauge.flows.units import Units
    from tidegauge.model.outcome import Outcome
    from tidegauge.model.statistics import Statistics
    from tidegauge.rules.constraints import Constraints
    from tidegauge.rules.packs.measure import Measure
    from tidegauge.rules.packs.overlay import InForce
    from tidegauge.rules.packs.rule import Pack
    from tidegauge.sinks.layout import RunKey
    from tidegauge.sources.captures import Batch as Unit
    from tidegauge.sources.sensitive import Hashing
    from tidegauge.sources.source import CaptureSource

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs that a conf names, in order; `digest` is of their texts."""

    packs: tuple[Pack, ...] = ()
    digest: str = ""

    def in_force(self, columns: Collection[str]) -> tuple[InForce, ...]:
        """The rules that hold for these columns; a pattern that matches none is told.

        Raises:
            UsageError: the packs yield no rule.
        """
        if not self.packs:
            return ()
        for pack in self.packs:
            for rule in pack.rules:
                for pattern in rule.columns:
                    if not matches(pattern, columns):
                        log.warning("%s: no column matches %r", rule.place, pattern)
        return overlay(self.packs, columns)


def read_packs(conf: Conf) -> Packs:
    """The packs that the conf names.

    Raises:
        UsageError: one cannot be read, or is not a valid pack.
    """
    found, digest = [], sha256()
    for uri in conf.packs:
        try:
            data = storage_for(uri, conf.s3).read(uri)
            found.append(decode(data.decode("utf-8"), uri))
        except (NotFound, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the pack {uri!r}: {error}; correct `packs`") from error
        digest.update(data)
    return Packs(tuple(found), digest.hexdigest() if found else "")


@dataclass(frozen=True, slots=True)
class PackRun:
    """The rules in force and what became of them, by run; nothing where the conf has no packs.

    `versions` is what run.json says of the packs beside the program's own.
    """

    rules: tuple[InForce, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    batches: Mapping[RunKey, Batch] = field(default_factory=dict)
    rows: Mapping[RunKey, FromRows] = field(default_factory=dict)
    hashing: Hashing | None = None

    def constraints(self, own: Constraints) -> Constraints:
        """The baseline's constraints with the drift settings of the packs."""
        return overridden(own, self.rules)

    def statistics(self, key: RunKey) -> Statistics | None:
        """What the rules of one run were answered from, already read out; None without rules."""
        batch = self.batches.get(key)
        return batch.statistics if batch else None

    def outcomes(self, key: RunKey) -> tuple[Outcome, ...]:
        """What became of each rule in one run."""
        if not self.rules:
            return ()
        return outcomes(self.rules, self.batches[key], self.rows.get(key, FromRows()))

    def keep_failing(self, job: Job, key: RunKey) -> None:
        """Put the rows that fail under `rejected/`, a file a rule, a JSON object a line.

        Raises:
            StorageError: they cannot be written.
        """
        found = self.rows.get(key, FromRows())
        for number, records in found.failing.items():
            one = self.rules[number]
            about = {"rule": str(one.rule.place), "feature": one.feature}
            rows = ({**about, "record": self._hidden(json.loads(record))} for record in records)
            lines = (json.dumps(row, ensure_ascii=False) for row in rows)
            stem = PurePosixPath(one.rule.place.file).stem
            name = escape_partition(f"{stem}.{one.rule.place.line}.{one.feature}")
            uri = join(job.layout.rejected(key), "rules", f"{name}.jsonl")
            job.storage.write(uri, "".join(f"{line}\n" for line in lines).encode())

    def _hidden(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record with the hashes that the documents have in the place of sensitive values."""
        return self.hashing.record(record) if self.hashing else record


def check_packs(
    job: Job,
    packs: Packs,
    rules: tuple[InForce, ...],
    source: CaptureSource,
    units: Units,
    due: Sequence[Due],
) -> PackRun:
    """Answer all rules for all due runs: from the profiles, then in one visit to the rows.

    Raises:
        InputError: Spark cannot read the captures.
        UsageError: Deequ is asked for and cannot be used.
        EngineError: the engine failed.
    """
    if not rules:
        return PackRun()
    hidden = source.sensitive.columns if source.sensitive else frozenset()
    batches = {
        one.key: Batch.of(units.merged(one.units).statistics(), one.key.window.end, hidden)
        for one in due
    }
    opened = {one.key: open_rules(rules, batches[one.key]) for one in due}
    asking = [one for one in due if opened[one.key]]
    wanted = sorted({index for indices in opened.values() for index in indices})
    answered: dict[RunKey, FromRows] = {}
    if asking:
        kinds = _joined(batches[one.key] for one in asking)
        measures, refused = _measures(rules, wanted, kinds, hidden)
        asked = replace(_questions(rules, asking, kinds, measures), discreet=bool(hidden))
        found = visit(job, source, asking, asked) if measures else {}
        for run, one in enumerate(asking):
            given = found.get(run, FromRows())
            answered[one.key] = replace(given, answers={**refused, **given.answers})
    return PackRun(rules, {"packs": packs.digest}, batches, answered, source.sensitive)


def _joined(batches: Iterable[Batch]) -> dict[str, Kind]:
    """The kind of each column in all windows; where they disagree its values are texts."""
    kinds: dict[str, list[Kind]] = {}
    for batch in batches:
        for name, kind in kinds_of(batch).items():
            kinds.setdefault(name, []).append(kind)
    joined = {}
    for name, found in kinds.items():
        kind, conflict = join_kinds(found)
        joined[name] = Kind.TEXT if conflict else kind
    return joined


def _measures(
    rules: Sequence[InForce],
    wanted: Sequence[int],
    kinds: Mapping[str, Kind],
    hidden: Collection[str],
) -> tuple[dict[int, Measure], dict[int, Unanswered]]:
    measures: dict[int, Measure] = {}
    refused: dict[int, Unanswered] = {}
    for index in wanted:
        try:
            measures[index] = measure_of(rules[index], kinds, hidden)
        except Unmeasurable as error:
            refused[index] = Unanswered(str(error))
    return measures, refused


def _questions(
    rules: Sequence[InForce],
    asking: Sequence[Due],
    kinds: Mapping[str, Kind],
    measures: Mapping[int, Measure],
) -> Questions:
    runs: dict[tuple[str, str], tuple[int, ...]] = {}
    for run, one in enumerate(asking):
        for unit in one.units:
            place = (unit.window.key, unit.variant)
            runs[place] = (*runs.get(place, ()), run)
    keep = {i: rules[i].rule.keep_failing for i in measures if rules[i].rule.keep_failing}
    return Questions(kinds, runs, measures, keep)


def visit(
    job: Job, source: CaptureSource, asking: Sequence[Due], asked: Questions, *, plain: bool = True
) -> Mapping[int, FromRows]:
    """What the rows of all units of these runs answer, read once; `plain` values or hashed ones.

    Raises:
        InputError: Spark cannot read the captures.
        EngineError: the engine failed.
    """
    by_key = {(unit.window, unit.variant): unit for one in asking for unit in one.units}
    units: list[Unit] = [u for u in by_key.values() if u.inputs.files and not u.fault]
    settings = job.conf.s3
    again = replace(source, rejected="")  # what cannot be read was kept when it was profiled
    if source.by_spark:

        def open_frame(session: Any) -> Any:  # noqa: ANN401  (Spark's, which flows do not know)
            return captures_frame(session, again, units, settings, plain=plain)

        return job.engine.ask_frame(open_frame, asked)
    read = reader(again, settings, [unit.window for unit in units], plain=plain)
    return job.engine.ask_parts(parts(source, units, settings), read, asked)
