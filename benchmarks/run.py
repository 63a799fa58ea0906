"""Timings side by side with the peers, in one run: the tables of the README.

    python benchmarks/run.py                       # everybody on 4 million rows x 29 columns
    python benchmarks/run.py --suite scaling       # ourselves on more rows, columns, events, days
    python benchmarks/run.py --suite quality       # 10 million predictions joined with their labels
    python benchmarks/run.py --suite alarms        # false and missed alarms, beside the peers'
    python benchmarks/run.py --only spark,duckdb --rows 400000 --repeat 5 --json build/bench.json

Every contender runs in a process of its own, one after another, on the same files, which lie in
the page cache. Fast ones take turns: each round visits every one of them, and a visit is a first
run and some warm ones. Slow ones (Deequ, Spark SQL, scikit-learn) warm up on a thousand rows,
and run once.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import alarms
import goals
import results
from datasets import ready
from machine import this_machine
from results import Result
from suites import CONTENDERS, FULL_ROWS, SUITES, Sizes
from visit import Visit, visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from machine import Machine
    from suites import Entry

ROOT = Path(__file__).resolve().parents[1]
ALARMS = "alarms"
MARKERS = ("<!-- benchmarks: begin -->", "<!-- benchmarks: end -->")


def main(argv: Sequence[str]) -> int:
    """Measure, print the tables, and return 1 if one of our own entries could not be measured."""
    options = _options(argv)
    if options.suite == ALARMS:
        return _alarms(options, argv)
    chosen = [e for e in SUITES[options.suite](Sizes(options.rows)) if _is_chosen(e, options.only)]
    folders = {entry.key: ready(entry.dataset, options.data) for entry in chosen}
    machine = this_machine()
    found = _measure(chosen, folders, options.repeat, 1 + options.warm)
    text = _report(found, machine, argv)
    print("\n".join((MARKERS[0], text, MARKERS[1])) if options.readme else text)
    if options.json:
        raw = {"machine": asdict(machine), "results": [results.as_json(result) for result in found]}
        options.json.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    return int(any(result.not_measured for result in found if result.entry.contender.ours))


def _alarms(options: argparse.Namespace, argv: Sequence[str]) -> int:
    """The suite that judges alarms instead of times."""
    machine = this_machine()
    found = alarms.measure(options.only, options.seed, options.scale, options.data, options.json)
    versions = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    command = shlex.join(["python", "benchmarks/run.py", *argv])
    head = f"`{command}` on {machine}. Versions: {versions}."
    text = f"{head}\n\n{alarms.report(found.parts, whole=not options.readme)}"
    print("\n".join((alarms.MARKERS[0], text, alarms.MARKERS[1])) if options.readme else text)
    if options.json:
        alarms.write(found, asdict(machine), options.json)
    return 0


def _measure(
    chosen: Sequence[Entry], folders: dict[str, Path], rounds: int, runs: int
) -> list[Result]:
    visits: dict[str, list[Visit]] = {entry.key: [] for entry in chosen}
    for round_ in range(rounds):
        for entry in chosen:
            if round_ and (entry.contender.slow or visits[entry.key][0].not_measured):
                continue
            made = visit(entry.contender, folders[entry.key], 1 if entry.contender.slow else runs)
            visits[entry.key].append(made)
            told = made.not_measured or " ".join(f"{s:.2f}" for s in made.seconds)
            print(f"round {round_ + 1}  {entry.key}: {told}", file=sys.stderr, flush=True)
    return [Result(entry, tuple(visits[entry.key])) for entry in chosen]


def _report(found: Sequence[Result], machine: Machine, argv: Sequence[str]) -> str:
    reference = next(
        (r for r in found if r.entry.key in ("spark", "join") and not r.not_measured), None
    )
    return "\n\n".join(
        (
            _circumstances(found, machine, argv),
            results.table(found, reference),
            f"The goals are for {FULL_ROWS:,} rows; ours is the profile on Spark, warm.",
            goals.table(found),
        )
    )


def _circumstances(found: Sequence[Result], machine: Machine, argv: Sequence[str]) -> str:
    versions = dict(item for result in found for item in result.versions.items())
    return (
        f"`{shlex.join(['python', 'benchmarks/run.py', *argv])}` on {machine}. Data: "
        f"{', '.join(dict.fromkeys(result.entry.dataset.name for result in found))}. "
        f"Versions: {', '.join(f'{name} {number}' for name, number in versions.items())}."
    )


def _is_chosen(entry: Entry, only: Sequence[str]) -> bool:
    return not only or entry.contender.key in only


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(text.split(","))
    known = (*CONTENDERS, *alarms.PARTS)
    for key in keys:
        if key not in known:
            raise argparse.ArgumentTypeError(f"no contender {key!r}; one of {', '.join(known)}")
    return keys


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", choices=(*SUITES, ALARMS), default="profile")
    parser.add_argument("--rows", type=int, default=FULL_ROWS, help="of the main table")
    parser.add_argument("--only", type=_keys, default=(), help="some contenders, with commas")
    parser.add_argument("--seed", type=int, default=6, help="of what the alarms are judged on")
    parser.add_argument("--scale", type=float, default=1.0, help="how long the alarms are judged")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of the fast contenders")
    parser.add_argument("--warm", type=int, default=2, help="runs after the first, in each round")
    parser.add_argument("--json", type=Path, help="a file for the raw numbers")
    parser.add_argument("--readme", action="store_true", help="print the README's block")
    parser.add_argument("--data", type=Path, default=ROOT / "build/bench", help="where data lies")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
