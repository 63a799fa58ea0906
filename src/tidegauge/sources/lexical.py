r"""Texts that are numbers only as the service's analyzer writes them: `numbers: sagemaker`.

Its patterns (awslabs/deequ, `StatefulDataType`; `states/types.py` has them) take `3`, `-3`, `+ 3`,
`3.0` and `1e5`. `.5`, `1.`, `" 3"` and `TRUE` are strings to it, and a column with one string is
a column of strings. Otherwise (`kinds.py`) these are numbers and a boolean, as all tools read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.model.statistics import Kind
from tidegauge.sources.columns import Columns, each_column
from tidegauge.sources.kinds import conform, infer
from tidegauge.sources.source import CaptureSource, NumberRules, TrainingSource
from tidegauge.states.types import FRACTIONAL, INTEGRAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegauge.model.batch import Chunk, FileSlice, Part
    from tidegauge.sources.kinds import Values
    from tidegauge.sources.reading import Streamed

Source = TypeVar("Source", CaptureSource, TrainingSource)

_NUMBER = f"{INTEGRAL}|{FRACTIONAL}"
_BOOLEAN = "^(true|false)$"
_NUMBERS = frozenset({Kind.INTEGRAL, Kind.FRACTIONAL, Kind.DECIMAL})


class _EveryText(Mapping[str, Kind]):
    """Whatever its name, a column is text."""

    def __getitem__(self, _: str) -> Kind:
        return Kind.TEXT

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def as_texts(source: Source) -> Source:
    """The source with all of its columns as the texts that they were written as."""
    return replace(source, kinds=_EveryText(), numbers=NumberRules.PRACTICAL)


@dataclass(frozen=True, slots=True)
class LexicalReader:
    """A reader of texts whose columns become values of their `kinds` by the strict patterns.

    Columns without a kind get the narrowest type that all their values have.
    """

    reader: Any  # of files, and of what Spark has read of them where it has `read`
    kinds: Mapping[str, Kind]

    def __call__(self, part: Part) -> Iterator[Chunk]:
        """Chunks of a part's records; raises what the reader raises."""
        return map(self._typed, self.reader(part))

    def read(self, part: Part, files: Iterable[FileSlice | Streamed]) -> Iterator[Chunk]:
        """The same of these files, whoever brings their bytes."""
        return map(self._typed, self.reader.read(part, files))

    def _typed(self, chunk: Chunk) -> Chunk:
        found = strictly_typed(chunk.table, self.kinds)
        return replace(chunk, table=found.table, mismatched=found.mismatched)


def strictly_typed(table: pa.Table, kinds: Mapping[str, Kind]) -> Columns:
    """Columns of texts in the types of their kinds, or in the type that all their values have."""
    return each_column(table, kinds, _read)


def _read(texts: pa.Array, kind: Kind | None) -> Values:
    if kind is Kind.TEXT or not pa.types.is_dictionary(texts.type):
        return conform(texts, kind)
    plain = texts.cast(pa.string())
    if kind not in _NUMBERS:
        return (_inferred(plain), None) if kind in (None, Kind.EMPTY) else conform(plain, kind)
    sound = pc.match_substring_regex(plain, _NUMBER)
    values, others = conform(pc.if_else(sound, plain, None), kind)
    strange = plain.filter(pc.invert(sound))
    if not len(strange):
        return values, others
    return values, strange if others is None else pa.concat_arrays([strange, others])


def _inferred(texts: pa.Array) -> pa.Array:
    found = infer(texts)
    if pa.types.is_dictionary(found.type) or pa.types.is_null(found.type):
        return found
    pattern = _BOOLEAN if pa.types.is_boolean(found.type) else _NUMBER
    sound = pc.all(pc.match_substring_regex(texts, pattern), min_count=0).as_py()
    return found if sound else texts.dictionary_encode()
