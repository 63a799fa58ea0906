"""How a monitor is, and what was cleaned away, as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.model.window import Window
from tidegauge.shown import Shown, check_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegauge.flows.cleaning import Removed
    from tidegauge.flows.status import Missed, Status
    from tidegauge.flows.waiting import Unevaluated

_FEW_WINDOWS = 10
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def status_tables(status: Status) -> Iterator[Shown]:
    """Last runs, open incidents, missed windows, and the store's size."""
    yield Shown(
        "last runs",
        ("type", "variant", "window", "status", "rows", "violations", "reason"),
        tuple(
            (
                record.type,
                record.variant,
                str(Window.parse(record.window)),
                record.status.value,
                f"{record.counts.get('rows', 0):,}",
                f"{record.counts.get('violations', 0):,}",
                record.reason,
            )
            for record in status.last
        ),
        ("rows", "violations"),
    )
    yield _open_incidents(status)
    for missed in status.missed:
        yield _missed_windows(missed)
        if missed.waiting:
            yield _waiting_windows(missed.waiting)
    yield Shown(
        "the store",
        ("documents", "files", "size"),
        tuple((kind, f"{files:,}", size(n)) for kind, (files, n) in status.sizes.items()),
        ("files", "size"),
    )


def _open_incidents(status: Status) -> Shown:
    columns = ("severity", "variant", "feature", "check", "since", "windows")
    if status.incidents is None:
        return Shown("open incidents: there was no report yet", columns, ())
    rows = tuple(
        (
            *(str(story[name]) for name in columns[:3]),
            check_told(story["check"], story.get("rule", "")),  # reports of before have none
            str(Window.parse(story["since"])),
            str(len(story["windows"])),
        )
        for story in status.incidents
    )
    return Shown(f"{len(rows)} open incidents, as of the last report", columns, rows, ("windows",))


def _missed_windows(missed: Missed) -> Shown:
    of = f"missed windows of {missed.type.replace('_', ' ')}"
    if missed.windows is None:
        return Shown(of, ("cannot be told, since",), ((missed.obstacle,),))
    if not missed.windows:
        return Shown(f"no {of}", ("window",), ())
    some = tuple((missed.type.value, str(window)) for window in missed.windows[:_FEW_WINDOWS])
    more = len(missed.windows) - len(some)
    rows = (*some, ("", f"and {more:,} more")) if more else some
    return Shown(f"{len(missed.windows):,} missed windows", ("type", "window"), rows)


def _waiting_windows(waiting: Sequence[Unevaluated]) -> Shown:
    rows = tuple(
        (
            str(one.window),
            one.variant,
            f"{one.counts.labelled:,} of {one.counts.predictions:,}"
            if one.counts
            else "not joined",
            f"{100 * one.counts.coverage:.1f} %" if one.counts else "",
            f"{one.due:%Y-%m-%dT%H:%MZ}",
        )
        for one in waiting
    )
    columns = ("window", "variant", "labels", "coverage", "evaluated from")
    return Shown(f"{len(rows):,} windows wait for labels", columns, rows, ("labels", "coverage"))


def removed_table(removed: Sequence[Removed], *, dry: bool) -> Shown:
    """What went, or would go, by kind."""
    rows = tuple((one.kind, f"{one.files:,}", size(one.bytes)) for one in removed)
    title = "would be removed (--dry-run)" if dry else "removed"
    return Shown(title, ("documents", "files", "size"), rows, ("files", "size"))


def size(count: int) -> str:
    """Bytes for people: `1.5 MiB`."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:,.0f} {_UNITS[unit]}" if unit == 0 else f"{value:,.1f} {_UNITS[unit]}"
