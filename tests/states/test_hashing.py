"""Hashes are for ever: kept states of years ago are compared with today's."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.states.hashing import hash_numbers, hash_texts, mix, seed
from tidegauge.states.types import FRACTIONAL, INTEGRAL, Types

MASK = (1 << 64) - 1


def splitmix(word: int) -> int:
    """The mixer in plain Python, from the paper's three lines."""
    z = (word + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_the_mixer_is_splitmix64() -> None:
    """The generator's published first outputs for seed 0, and our own plain version."""
    words = np.array([0, 1, 2**63, MASK], np.uint64)

    assert 0xE220A8397B1DCDAF == int(mix(words)[0])
    assert [splitmix(int(word)) for word in words] == mix(words).tolist()


def test_hashes_do_not_change() -> None:
    """Frozen values: a change here would make every kept profile incomparable."""
    texts = pa.array(["tide", "gauge and more"])

    assert [13679457532755275413, 13432527470776545160] == mix(
        np.array([42, 43], np.uint64)
    ).tolist()
    assert [15481881892811333770, 8642865732604514101] == hash_numbers(np.array([1.5, 3])).tolist()
    assert [9874966804675138218, 5347058174122354214] == hash_texts(texts).tolist()
    assert int(seed("distance", "part-00000", 3)) == 4283616321617199163


@given(st.lists(st.text(max_size=40), max_size=30))
def test_texts_hash_over_words_of_their_bytes(texts: list[str]) -> None:
    """The rectangles of equal lengths give what a plain loop over each text gives."""

    def plain(text: str) -> int:
        raw = text.encode()
        state = int(seed(len(raw)))
        for i in range(0, len(raw), 8):
            word = int.from_bytes(raw[i : i + 8].ljust(8, b"\0"), "little")
            state = splitmix(state ^ word)
        return state if raw else splitmix(state)

    for kind in (pa.string(), pa.large_string()):
        sliced = pa.array(["before", *texts, "after"], kind).slice(1, len(texts))
        assert [plain(text) for text in texts] == hash_texts(sliced).tolist()


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.float32, np.float64])
def test_a_number_hashes_alike_in_every_type(kind: type) -> None:
    """3 and 3.0 are one value, and so are 0.0 and -0.0."""
    expected = hash_numbers(np.array([0.0, 3.0, -7.0]))

    assert expected.tolist() == hash_numbers(np.array([0, 3, -7], kind)).tolist()
    assert expected[0] == hash_numbers(np.array([-0.0]))[0]


def test_large_integers_do_not_collide() -> None:
    """Neighbours beyond 2**53 are one float64 value but two integers."""
    values = np.array([2**53 + 1, 2**53 + 2, 2**63 - 1, 2**63 - 2], np.int64)

    assert len(set(hash_numbers(values).tolist())) == len(values)


NUMBERISH = st.text("0123456789+-. eE", max_size=8)


@given(st.lists(NUMBERISH | st.text(max_size=6) | st.sampled_from(["true", "false", "True"])))
def test_types_follow_the_documented_patterns(texts: list[str]) -> None:
    """The look-up by bytes agrees with the two regular expressions on every text."""
    found = Types.of_texts(pa.array(texts, pa.large_string()))
    integral = sum(bool(re.search(INTEGRAL, t, re.ASCII)) and "\n" not in t for t in texts)
    fractional = sum(bool(re.search(FRACTIONAL, t, re.ASCII)) and "\n" not in t for t in texts)
    boolean = sum(t in ("true", "false") for t in texts)

    assert (
        Types(integral, fractional, boolean, len(texts) - integral - fractional - boolean) == found
    )
