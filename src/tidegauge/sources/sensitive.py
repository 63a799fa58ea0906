"""Sensitive columns: hashed by a key as soon as they are read, so that nothing else sees them.

A hash is `hmac:` and 16 hexadecimal digits of HMAC-SHA256 (RFC 2104) over the column's name and the
value, so equal values of a column stay equal and nobody without the key can try values out. Numbers
have one spelling (3, 3.0 and " 3" are the same), since formats write them differently.
"""

from __future__ import annotations

import hmac
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegauge.errors import EngineError, TidegaugeError
from tidegauge.sources.nested import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.batch import Chunk, Part, Reader, TableReader, Tally

PREFIX = "hmac:"
NOT_SHOWN = "why is not shown, since there are sensitive columns"
_DIGITS = 16
_NUMBER = re.compile(r"[ \t]*[-+]? ?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[ \t]*")
_WHOLE = 2**53  # up to here a float is the whole number that it looks like


@dataclass(frozen=True, slots=True)
class Hashing:
    """Which columns are hashed, and by which key."""

    columns: frozenset[str]
    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells one key from another, and nothing else of it."""
        return self.hashed("", "fingerprint").removeprefix(PREFIX)

    def hashed(self, column: str, value: object) -> str:
        """The hash of one value; every spelling of a number has the same."""
        message = f"{column}\0{spelled(value)}".encode("utf-8", "backslashreplace")
        return PREFIX + hmac.new(self.key, message, "sha256").hexdigest()[:_DIGITS]

    def table(self, table: pa.Table) -> pa.Table:
        """The table with its sensitive columns hashed; structs are opened where one is inside."""
        opened = flat(table) if any(pa.types.is_struct(f.type) for f in table.schema) else table
        for i, name in enumerate(opened.column_names):
            if self._covers(name):
                opened = opened.set_column(i, name, self._column(name, opened.column(i)))
        return opened

    def chunk(self, chunk: Chunk) -> Chunk:
        """The chunk with its sensitive columns hashed, and no reason that could quote a record."""
        strays = tuple(
            (name, self._texts(name, texts) if self._covers(name) else texts)
            for name, texts in chunk.mismatched
        )
        table = self.table(chunk.table)
        return replace(chunk, table=table, mismatched=strays, tally=discreet(chunk.tally))

    def record(self, record: Mapping[str, object]) -> dict[str, object]:
        """One row with its sensitive values hashed; what is missing stays so."""
        return {
            name: self.hashed(name, value) if value is not None and self._covers(name) else value
            for name, value in record.items()
        }

    def _covers(self, name: str) -> bool:
        """A struct's name stands for all that is in it; of a list all is hashed where a part is."""
        parts = name.split(".")
        inside = any(column.startswith(f"{name}[") for column in self.columns)
        return inside or any(".".join(parts[: i + 1]) in self.columns for i in range(len(parts)))

    def _column(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        return pa.chunked_array([self._texts(name, chunk) for chunk in column.chunks], _TEXT)

    def _texts(self, name: str, values: pa.Array) -> pa.Array:
        """Only different values are hashed; what Arrow cannot tell apart, one by one."""
        try:
            coded = values.dictionary_encode()
        except pa.ArrowException:  # lists and maps
            texts = [None if v is None else self.hashed(name, v) for v in values.to_pylist()]
            return pa.array(texts, pa.string()).dictionary_encode()
        hashes = [self.hashed(name, value) for value in coded.dictionary.to_pylist()]
        merged = pa.array(hashes, pa.string()).dictionary_encode()  # spellings that are the same
        codes = merged.indices.take(coded.indices).cast(pa.int32())
        return pa.DictionaryArray.from_arrays(codes, merged.dictionary)


_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class HashedReader:
    """A reader whose chunks have hashes in the place of sensitive values."""

    read: Reader
    hashing: Hashing

    def __call__(self, part: Part) -> Iterator[Chunk]:
        with discreetly():
            yield from map(self.hashing.chunk, self.read(part))


@dataclass(frozen=True, slots=True)
class HashedTables:
    """The same of what Spark reads."""

    read: TableReader
    hashing: Hashing

    def __call__(self, part: Part, tables: Iterator[pa.Table]) -> Iterator[Chunk]:
        with discreetly():
            yield from map(self.hashing.chunk, self.read(part, tables))


def spelled(value: object) -> str:
    """One spelling a value: numbers by their value, times in UTC, the rest as it is."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float() | Decimal():
            return _number(float(value))
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case str() if _NUMBER.fullmatch(value):
            digits = re.sub(r"[ \t+]", "", value)
            return str(int(digits)) if digits.lstrip("-").isdecimal() else _number(float(digits))
        case _:
            return str(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) <= _WHOLE else repr(value)


def discreet(tally: Tally) -> Tally:
    """The tally with places in the place of reasons, which may quote records."""
    places = tuple(f"{reason.partition(': ')[0]}: {NOT_SHOWN}" for reason in tally.reasons)
    fault = f"{tally.fault.partition(' cannot be read')[0]} cannot be read; {NOT_SHOWN}"
    return replace(tally, reasons=places, fault=fault if tally.fault else "")


@contextmanager
def discreetly() -> Iterator[None]:
    """Hide what a failure says, which may quote a value; ours say where and what, and no value.

    Raises:
        EngineError: in the place of any failure that is none of ours.
    """
    try:
        yield
    except (TidegaugeError, GeneratorExit):
        raise
    except Exception as error:  # noqa: BLE001  (whatever it says may quote a value)
        name = type(error).__name__
        raise EngineError(f"reading failed with {name}; {NOT_SHOWN}") from None
