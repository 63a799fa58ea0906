"""The bytes of a state: a small JSON header, then plain little-endian arrays.

Layout: 4 bytes magic `TGS1`; 4 bytes header length (unsigned, little-endian); the header in UTF-8
JSON; the arrays one after another. The header holds the state's name, its version, its scalars, and
`arrays`: for each the name, the numpy type (little-endian) and the number of items.
"""

from __future__ import annotations

import json
import re
import struct
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegauge.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field
    from typing import ClassVar, Protocol

    from numpy.typing import NDArray

    class DataclassInstance(Protocol):
        """Any dataclass."""

        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


MAGIC = b"TGS1"
# json's own functions would make an encoder, and guess at the encoding, for each state.
_TO_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_FROM_JSON = json.JSONDecoder().raw_decode
_LENGTH = struct.Struct("<I")
_PLAIN_TYPE = re.compile(r"[<|][biufS][0-9]+")
_PROLOGUE = len(MAGIC) + _LENGTH.size


def pack(
    state: str,
    version: int,
    scalars: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> bytes:
    """The bytes of one state; scalars are JSON values, arrays one-dimensional."""
    little = {name: _little_endian(array) for name, array in (arrays or {}).items()}
    # Names are ours and plain; an encoder for the whole takes several times as long.
    fields = [f'"state":"{state}","version":{version}']
    fields += [f'"{name}":{_json(value)}' for name, value in scalars.items()]
    listed = ",".join(f'["{n}","{array.dtype.str}",{len(array)}]' for n, array in little.items())
    text = f'{{{",".join(fields)},"arrays":[{listed}]}}'.encode()
    views = (array.data for array in little.values())  # which are not copied before they are joined
    return b"".join((MAGIC, _LENGTH.pack(len(text)), text, *views))


def _json(value: object) -> str:
    if type(value) is int or (type(value) is float and isfinite(value)):
        return repr(value)
    return _TO_JSON(value)


def unpack(data: bytes, state: str, newest: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header and the arrays of one state's bytes; the arrays are views and read-only.

    Raises:
        DocumentError: the bytes are not this state's, are cut off, or are of a newer version.
    """
    if len(data) < _PROLOGUE or data[:4] != MAGIC:
        raise DocumentError(f"the bytes of a {state!r} state do not start with {MAGIC.decode()}")
    (length,) = _LENGTH.unpack_from(data, len(MAGIC))
    try:
        header, _ = _FROM_JSON(str(data[_PROLOGUE : _PROLOGUE + length], "utf-8"))
        found, version, listed = header["state"], header["version"], header["arrays"]
    except (ValueError, KeyError, TypeError) as error:
        raise DocumentError(f"the header of a {state!r} state cannot be read: {error}") from error
    if found != state or version > newest:
        raise DocumentError(
            f"expected the bytes of a {state!r} state up to version {newest}, found "
            f"{found!r} version {version}: a newer release wrote them"
        )
    offset = _PROLOGUE + length
    arrays = {}
    for name, dtype, count in listed:
        kind = _plain(dtype)
        if kind is None or count < 0:
            raise DocumentError(f"array {name!r} of a {state!r} state is no array of plain numbers")
        size = kind.itemsize * count
        if offset + size > len(data):
            raise DocumentError(f"the bytes of a {state!r} state are cut off in array {name!r}")
        arrays[name] = np.frombuffer(data, kind, count, offset)
        offset += size
    return header, arrays


@lru_cache(maxsize=64)
def _plain(dtype: str) -> np.dtype[Any] | None:
    return np.dtype(dtype) if _PLAIN_TYPE.fullmatch(dtype) else None


def scalars_of(state: DataclassInstance) -> dict[str, Any]:
    """The fields of a state that has scalars only, by name; `asdict` copies each of them."""
    return {name: getattr(state, name) for name in type(state).__dataclass_fields__}


def narrow(counts: NDArray[np.int64]) -> NDArray[Any]:
    """The same counts in the smallest unsigned type that holds the largest of them."""
    return counts.astype(np.min_scalar_type(int(counts.max()) if len(counts) else 0))


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.str[0] != ">" and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
