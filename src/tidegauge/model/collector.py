"""Python's collector of cyclic garbage, held back while much is made that stays."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def held_back() -> Iterator[None]:
    """No collection meanwhile; also a decorator.

    The statistics of a wide dataset are objects by the hundred thousand, none of which is garbage
    or in a cycle. The collector would walk through all of them each time that they have grown by a
    quarter: a seventh of the time that two profiles of 1,000 features take to be compared.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
