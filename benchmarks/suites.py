"""What is run: the entries of each suite, every one a contender and its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets import Answers, Events, Payload, Table
from joining import JOINING
from ours import OURS
from peers import PEERS
from scaling import SCALING

if TYPE_CHECKING:
    from contender import Contender
    from datasets import Dataset

CONTENDERS = {contender.key: contender for contender in (*OURS, *PEERS, *SCALING, *JOINING)}

FULL_ROWS = 4_000_000
COLUMNS, WIDE_COLUMNS = 29, 1_000
FILES = 8
DAYS, DAY_FEATURES, DRIFT_FEATURES = 30, 100, 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the results; `label` tells apart what one contender does with other data."""

    contender: Contender
    dataset: Dataset
    label: str = ""

    @property
    def key(self) -> str:
        return f"{self.contender.key}:{self.label}" if self.label else self.contender.key


@dataclass(frozen=True, slots=True)
class Sizes:
    """The data of all suites, from the number of rows of the main table."""

    rows: int

    @property
    def table(self) -> Table:
        return Table(COLUMNS, FILES, self.rows // FILES)

    @property
    def few(self) -> Table:
        """A quarter of the rows: two parts at least, for two processes."""
        return Table(COLUMNS, FILES // 4, self.rows // FILES)

    @property
    def many(self) -> Table:
        """8 times as many rows as `few`."""
        return Table(COLUMNS, FILES * 2, self.rows // FILES)

    @property
    def wide(self) -> Table:
        """A tenth of the rows; row groups of about 128 MiB, as Spark writes them."""
        return Table(WIDE_COLUMNS, FILES, self.rows // 10 // FILES, 25_000)

    @property
    def events(self) -> Events:
        return Events(self.rows // 10)

    @property
    def answers(self) -> Answers:
        """Ten million at full size."""
        return Answers(self.rows * 5 // 2)

    @property
    def lists(self) -> Events:
        return Events(self.rows // 40, Payload.LISTS)

    @property
    def objects(self) -> Events:
        return Events(self.rows // 40, Payload.OBJECTS)

    @property
    def days(self) -> Table:
        return Table(DAY_FEATURES, DAYS, self.rows // 400)

    @property
    def two_windows(self) -> Table:
        return Table(DRIFT_FEATURES, 2, self.rows // 400)


def profile_suite(sizes: Sizes) -> tuple[Entry, ...]:
    """Everybody on the same table."""
    everybody = (*OURS, *PEERS)
    return tuple(Entry(contender, sizes.table) for contender in everybody)


def scaling_suite(sizes: Sizes) -> tuple[Entry, ...]:
    """Ourselves on more rows, more columns, events, days and features."""
    local = CONTENDERS["local"]
    return (
        Entry(local, sizes.few, "few rows"),
        Entry(local, sizes.many, "8 times the rows"),
        Entry(local, sizes.wide, "1,000 columns"),
        Entry(CONTENDERS["events"], sizes.events),
        Entry(CONTENDERS["events"], sizes.lists, "JSON lists"),
        Entry(CONTENDERS["events"], sizes.objects, "JSON objects"),
        Entry(CONTENDERS["window"], sizes.events),
        Entry(CONTENDERS["month"], sizes.days),
        Entry(CONTENDERS["drift"], sizes.two_windows),
        Entry(CONTENDERS["drift-calibrated"], sizes.two_windows),
    )


def quality_suite(sizes: Sizes) -> tuple[Entry, ...]:
    """Predictions joined with their labels, and evaluated."""
    return tuple(Entry(contender, sizes.answers) for contender in JOINING)


SUITES = {"profile": profile_suite, "scaling": scaling_suite, "quality": quality_suite}
