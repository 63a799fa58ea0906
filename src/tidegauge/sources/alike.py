"""JSON lines that differ in a few texts only, as one program writes them: opened without parsing.

The first line is parsed and becomes the mould. A line that equals it, but for what stands between
the quotes of some texts, is JSON of the same form if those texts hold nothing that JSON gives a
meaning: no quote, no control character, no escape but the few that are undone here. Whatever is
not so is left to a parser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegauge.sources.lines import places_of
from tidegauge.sources.reading import is_utf8

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines
    from tidegauge.sources.nested import Path

_QUOTE, _BACKSLASH, _NEWLINE, _SPACE = b'"\\\n '
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"'}  # without `\\` in a text, in any order
_MOST_BYTES = 2**31 - 1  # that a string array can point into


@dataclass(frozen=True, slots=True)
class _Mould:
    """The first line, and which of its strings (by their number) each wanted path has.

    `varying` are the numbers of the strings that other lines may have otherwise.
    """

    line: bytes
    wanted: Mapping[Path, int | None]
    varying: tuple[int, ...]


def read_alike(
    lines: Lines, wanted: Sequence[Path], varying: Collection[Path]
) -> dict[Path, pa.Array] | None:
    """The texts at the wanted paths, null where there are none; None if the lines are not alike.

    Lines may differ in the texts at the `varying` paths.
    """
    data = lines.data
    if not len(lines) or len(data) > _MOST_BYTES:
        return None
    bytes_ = np.frombuffer(data, np.uint8)
    escapes = _escapes(data, bytes_)
    if escapes is None:
        return None
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    if '"' in escapes:
        quotes = quotes[bytes_[quotes - 1] != _BACKSLASH]
    if not len(quotes) or len(quotes) % (2 * len(lines)):
        return None
    places = quotes.reshape(len(lines), -1)
    mould = _mould(lines.record(0), places[0] - lines.starts[0], wanted, varying)
    if mould is None or not _one_a_line(lines, bytes_) or not is_utf8(data):
        return None
    if not _fit(lines, bytes_, places, mould):
        return None
    return {
        path: _varying(data, places, number, escapes)
        if number in mould.varying
        else _constant(len(lines), mould, places[0], number)
        for path, number in mould.wanted.items()
    }


def _escapes(data: bytes, bytes_: NDArray[np.uint8]) -> Mapping[str, str] | None:
    """The escapes that there are, and what each of them stands for; None if there are others."""
    if b"\\" not in data:
        return {}
    # Records end with a brace or a newline: there is a byte after each backslash.
    letters = set(map(chr, np.unique(bytes_[places_of(_BACKSLASH, bytes_) + 1])))
    if letters - _ESCAPES.keys():
        return None
    return {letter: _ESCAPES[letter] for letter in letters}


def _one_a_line(lines: Lines, bytes_: NDArray[np.uint8]) -> bool:
    """Whether the only control characters are the newlines that end the records."""
    ends = lines.stops[lines.stops < len(bytes_)]
    controls = int(np.count_nonzero(bytes_ < _SPACE))
    return controls == len(ends) and bool((bytes_[ends] == _NEWLINE).all())


def _mould(
    line: bytes, quotes: NDArray[np.intp], wanted: Sequence[Path], varying: Collection[Path]
) -> _Mould | None:
    """The first line as a mould; None if it is none: no JSON object, or no text at such a path."""
    pieces = [line[a:b] for a, b in zip([0, *quotes + 1], [*quotes, len(line)], strict=True)]
    numbered = list(pieces)
    for i in range(1, len(pieces), 2):
        is_key = pieces[i + 1].lstrip(b" ").startswith(b":")
        numbered[i] = pieces[i] if is_key else str(i // 2).encode()
    try:
        value = json.loads(b'"'.join(numbered), object_pairs_hook=_object, parse_constant=_object)
        numbers = {path: _number(value, path) for path in dict.fromkeys((*wanted, *varying))}
    except (ValueError, RecursionError):
        return None
    others = sorted(n for path in varying if (n := numbers[path]) is not None)
    return _Mould(line, {path: numbers[path] for path in wanted}, tuple(others))


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _number(value: object, path: Path) -> int | None:
    """The number of the string at a path; None where there is nothing, or null.

    Raises:
        ValueError: there is something else.
    """
    for key in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError(f"{key} is in no object")  # noqa: TRY004 - one error for the caller
        value = value.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("it is no string")  # noqa: TRY004
    return int(value)


def _fit(
    lines: Lines, bytes_: NDArray[np.uint8], places: NDArray[np.intp], mould: _Mould
) -> bool:
    """Whether all lines have the mould's bytes around the texts that vary."""
    froms = [lines.starts, *(places[:, 2 * n + 1] for n in mould.varying)]
    tos = [*(places[:, 2 * n] for n in mould.varying), lines.stops]
    return all(_equal(bytes_, start, stop) for start, stop in zip(froms, tos, strict=True))


def _equal(bytes_: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> bool:
    """Whether the bytes `[start, stop)` are the same everywhere."""
    length = int(stops[0] - starts[0])
    if (stops - starts != length).any():
        return False
    if length < 1:
        return length == 0
    runs = np.ndarray((len(bytes_) - length + 1,), f"V{length}", bytes_, strides=(1,))
    found = runs[starts].view(np.uint8).reshape(-1, length)
    return bool((found == found[0]).all())


def _constant(
    count: int, mould: _Mould, quotes: NDArray[np.intp], number: int | None
) -> pa.Array:
    """The text that the string of this number is in every line."""
    if number is None:
        return pa.nulls(count, pa.string())
    start, stop = quotes[2 * number : 2 * number + 2] - quotes[0] + mould.line.index(b'"')
    return pa.repeat(pa.scalar(json.loads(mould.line[start : stop + 1]), pa.string()), count)


def _varying(
    data: bytes, places: NDArray[np.intp], number: int, escapes: Mapping[str, str]
) -> pa.Array:
    """The strings of this number, one a line, their escapes undone."""
    count = len(places)
    # An array of the strings and, in between, of what is between them.
    offsets = np.ravel(places[:, 2 * number : 2 * number + 2] + (1, 0)).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    every = pa.Array.from_buffers(pa.string(), 2 * count - 1, buffers)
    texts = every.take(pa.array(np.arange(0, 2 * count, 2)))
    if escapes and (np.frombuffer(texts.buffers()[2], np.uint8) == _BACKSLASH).any():
        for letter, character in escapes.items():
            texts = pc.replace_substring(texts, "\\" + letter, character)
    return texts
