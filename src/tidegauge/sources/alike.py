"""JSON lines that differ in a few texts only, as one program writes them: opened without parsing.

The first line is parsed and becomes the mould. A line that equals it, but for what stands between
the quotes of some texts, is JSON of the same form if those texts hold nothing that JSON gives a
meaning: no quote, no control character, no escape but the few that are undone here. Whatever is
not so is left to a parser.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.sources.columns import content_of
from tidegauge.sources.lines import places_of
from tidegauge.sources.reading import is_utf8

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegauge.sources.lines import Lines
    from tidegauge.sources.nested import Path

_QUOTE, _BACKSLASH, _SPACE = b'"\\ '
# The escapes that are undone here. None is of a backslash, so that each stands for itself.
_LETTERS = np.frombuffer(b'nrt"', np.uint8)
_MEANT = np.zeros(256, np.uint8)
_MEANT[_LETTERS] = np.frombuffer(b'\n\r\t"', np.uint8)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_MOST_BYTES = 2**31 - 1  # that a string array can point into


@dataclass(frozen=True, slots=True)
class _Mould:
    """The first line: what stands around the texts that vary, and the texts that do not.

    `constants` are the wanted ones of the latter (None: there is none). `varying` are the paths of
    the former in the order of the line, each with its length there; `between` has a run of bytes
    before each of them, and one after the last.
    """

    constants: Mapping[Path, str | None]
    varying: Mapping[Path, int]
    between: tuple[bytes, ...]


def read_alike(
    lines: Lines, wanted: Sequence[Path], varying: Collection[Path]
) -> dict[Path, pa.Array] | None:
    """The texts at the wanted paths, null where there are none; None if the lines are not alike.

    Lines may differ in the texts at the `varying` paths.
    """
    if not len(lines) or len(lines.data) > _MOST_BYTES or not is_utf8(lines.data):
        return None
    mould = _mould(lines.record(0), wanted, varying)
    texts = None if mould is None else _cast(lines, mould)
    if mould is None or texts is None:
        return None
    for path, text in mould.constants.items():
        texts[path] = pa.repeat(pa.scalar(text, pa.string()), len(lines))
    return {path: texts[path] for path in wanted}


def _mould(line: bytes, wanted: Sequence[Path], varying: Collection[Path]) -> _Mould | None:
    """The first line as a mould; None if it is none: no JSON object, or no text at such a path."""
    if b"\\u" in line:  # might be half a character
        return None
    strings = list(_STRING.finditer(line))
    numbered, last = [], 0  # the line, each of its strings that is no key replaced by its number
    for number, string in enumerate(strings):
        is_key = line[string.end() :].lstrip(b" ").startswith(b":")
        numbered += [line[last : string.start()], string[0] if is_key else b'"%d"' % number]
        last = string.end()
    try:
        value = json.loads(
            b"".join((*numbered, line[last:])), object_pairs_hook=_object, parse_constant=_constant
        )
        numbers = {path: _number(value, path) for path in dict.fromkeys((*wanted, *varying))}
        texts = {p: None if n is None else json.loads(strings[n][0]) for p, n in numbers.items()}
    except (ValueError, RecursionError):
        return None
    found = {path: strings[n] for path in varying if (n := numbers[path]) is not None}
    others = sorted(found.items(), key=lambda item: item[1].start())
    cuts = [0, *(at for _, string in others for at in (string.start() + 1, string.end() - 1))]
    return _Mould(
        {path: texts[path] for path in wanted if path not in found},
        {path: string.end() - string.start() - 2 for path, string in others},
        tuple(line[a:b] for a, b in zip(cuts[::2], [*cuts[1::2], len(line)], strict=True)),
    )


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _number(value: object, path: Path) -> int | None:
    """The number that stands for the string at a path; None where there is nothing, or null.

    Raises:
        ValueError: there is something else.
    """
    for key in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError(f"{key} is in no object")  # noqa: TRY004 - one error for the caller
        value = value.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError("it is no string")
    return None if value is None else int(value)


def _cast(lines: Lines, mould: _Mould) -> dict[Path, pa.Array] | None:
    """The texts that vary; None if a line is not of the mould."""
    bytes_ = np.frombuffer(lines.data, np.uint8)
    found: dict[Path, pa.Array] = {}
    at = lines.starts
    *befores, last = mould.between
    for (path, length), before in zip(mould.varying.items(), befores, strict=True):
        if not _all_equal(bytes_, at, before):
            return None
        strings = _strings(lines, bytes_, at + len(before), length)
        if strings is None:
            return None
        found[path], at = strings
    fit = bool((lines.stops - at == len(last)).all()) and _all_equal(bytes_, at, last)
    return found if fit else None


def _all_equal(bytes_: NDArray[np.uint8], starts: NDArray[np.int64], run: bytes) -> bool:
    """Whether the same bytes stand at each of the places."""
    runs = np.ndarray((max(0, len(bytes_) - len(run) + 1),), f"V{len(run)}", bytes_, strides=(1,))
    if int(starts.max()) >= len(runs):
        return False
    found = runs[starts].view(np.uint8).reshape(-1, len(run))
    return bool((found == np.frombuffer(run, np.uint8)).all())


def _strings(
    lines: Lines, bytes_: NDArray[np.uint8], starts: NDArray[np.int64], length: int
) -> tuple[pa.Array, NDArray[np.int64]] | None:
    """The strings that begin at these places, and where they end; None if they are not simple.

    Most often they are as long as the mould's, as ids and times are.
    """
    stops = starts + length
    if int(stops.max()) < len(bytes_) and (bytes_[stops] == _QUOTE).all():
        texts = _texts(lines.data, starts, stops)
        content = _content(texts)
        if not ((content == _QUOTE) | (content == _BACKSLASH)).any():
            return (texts, stops) if content.min(initial=_SPACE) >= _SPACE else None
    bounds = starts.tolist(), lines.stops.tolist()
    stops = np.fromiter(map(lines.data.find, repeat(b'"'), *bounds), np.int64, len(lines))
    if (bytes_[stops - 1] == _BACKSLASH).any():
        stops = _unescaped_quotes(bytes_, starts)
    if (stops < starts).any():
        return None
    texts = _unescaped(_texts(lines.data, starts, stops))
    return None if texts is None else (texts, stops)


def _unescaped_quotes(bytes_: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first quote from each place on that has no backslash before it; -1 for none.

    A backslash that is escaped itself would mislead it; strings that have one are not simple.
    """
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    quotes = np.append(quotes[bytes_[quotes - 1] != _BACKSLASH], -1)
    found: NDArray[np.int64] = quotes[np.searchsorted(quotes[:-1], starts)]
    return found


def _texts(data: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> pa.Array:
    count = len(starts)
    # An array of the texts and, in between, of what is between them.
    offsets = np.column_stack((starts, stops)).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    every = pa.Array.from_buffers(pa.string(), 2 * count - 1, buffers)
    return every.take(pa.array(np.arange(0, 2 * count, 2)))


def _unescaped(texts: pa.Array) -> pa.Array | None:
    """The strings as the texts that they stand for; None if it takes a parser to say that."""
    content = _content(texts)
    if content.min(initial=_SPACE) < _SPACE:
        return None
    escapes = places_of(_BACKSLASH, content)
    if not len(escapes):
        return texts
    letters = np.minimum(escapes + 1, len(content) - 1)  # the last one may be escaped itself
    if not np.isin(content[letters], _LETTERS).all():
        return None
    content = content.copy()
    content[letters] = _MEANT[content[letters]]
    offsets = np.frombuffer(texts.buffers()[1], np.int32)
    offsets = offsets - np.searchsorted(escapes, offsets).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.delete(content, escapes))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def _content(texts: pa.Array) -> NDArray[np.uint8]:
    return np.frombuffer(content_of(texts), np.uint8)
