"""The bytes of a state, where somebody has forged them."""

from __future__ import annotations

import json
import struct

import pytest

from tidegauge.errors import DocumentError
from tidegauge.states.codec import MAGIC, unpack


@pytest.mark.parametrize("dtype", ["O", "|O8", "<M8[ns]", "V1000000000", ">i8", "x"])
def test_bytes_that_ask_for_anything_but_numbers_are_refused(dtype: str) -> None:
    """Plain little-endian numbers are all that a state has; no object is ever made of bytes."""
    with pytest.raises(DocumentError, match="no array of plain numbers"):
        unpack(forged(dtype, 3), "counts", 1)


@pytest.mark.parametrize(("count", "sentence"), [(-1, "plain numbers"), (1 << 60, "cut off")])
def test_a_size_that_cannot_be_is_refused(count: int, sentence: str) -> None:
    """Before any memory is asked for."""
    with pytest.raises(DocumentError, match=sentence):
        unpack(forged("<i8", count), "counts", 1)


def forged(dtype: str, count: int) -> bytes:
    """A state's bytes with an array of this type and size in its header."""
    header = {"state": "counts", "version": 1, "arrays": [["a", dtype, count]]}
    text = json.dumps(header).encode()
    return b"".join((MAGIC, struct.pack("<I", len(text)), text, bytes(24)))
