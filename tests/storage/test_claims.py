"""Objects that are put only where there is none, and places that one process holds."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegauge.storage import claims_in, join

if TYPE_CHECKING:
    from tests.s3_server import S3Server
    from tests.storage.conftest import Place


def test_an_object_is_created_once(place: Place) -> None:
    """Another content is refused and changes nothing; the same is fine, as it is after a retry."""
    uri = join(place.uri, "run.json")
    assert place.storage.create(uri, b"first")
    assert not place.storage.create(uri, b"second")
    assert place.storage.create(uri, b"first")
    assert b"first" == place.storage.read(uri)
    assert ["run.json"] == [entry.key for entry in place.storage.files(place.uri)]


def test_of_many_who_create_at_once_one_succeeds(place: Place) -> None:
    """Twelve threads, twelve contents: what is there is the winner's."""
    uri = join(place.uri, "run.json")
    contents = [f"writer {number}".encode() for number in range(12)]
    with ThreadPoolExecutor(len(contents)) as writers:
        done = list(writers.map(lambda data: place.storage.create(uri, data), contents))
    assert [place.storage.read(uri)] == [c for c, won in zip(contents, done, strict=True) if won]


def test_an_object_is_replaced_only_by_who_has_seen_it(place: Place) -> None:
    """Who comes with an older tag puts nothing; what is there already is fine, as after a retry."""
    uri = join(place.uri, "ledger.json")
    assert (b"", "") == place.storage.tagged(uri)
    first = place.storage.replace(uri, b"first", "")
    assert "" == place.storage.replace(uri, b"other", "")
    assert (b"first", first) == place.storage.tagged(uri)
    second = place.storage.replace(uri, b"second", first)
    assert "" not in {first, second}
    assert "" == place.storage.replace(uri, b"third", first)
    assert (b"second", second) == place.storage.tagged(uri)


def test_of_many_who_replace_at_once_one_succeeds(place: Place) -> None:
    """Twelve threads with one tag: what is there is the winner's."""
    uri = join(place.uri, "ledger.json")
    tag = place.storage.replace(uri, b"before", "")
    contents = [f"writer {number}".encode() for number in range(12)]
    with ThreadPoolExecutor(len(contents)) as writers:
        done = list(writers.map(lambda data: place.storage.replace(uri, data, tag), contents))
    assert [place.storage.read(uri)] == [c for c, won in zip(contents, done, strict=True) if won]


def test_a_claim_on_s3_is_one_owners_until_it_is_released(s3: S3Server, bucket: str) -> None:
    """The second is told who holds it, and gets it afterwards; nothing is left in the end."""
    first, second = (claims_in(bucket, name, s3.settings) for name in ("first", "second"))
    place = join(bucket, "window=a")
    assert ("", "first") == (first.take(place), second.take(place))
    assert (True, False) == (first.holds(place), second.holds(place))
    first.release()
    assert "" == second.take(place)
    second.release()
    assert [] == _keys(s3, bucket)


def test_a_claim_lapses_when_its_holder_gives_no_sign_of_life(s3: S3Server, bucket: str) -> None:
    """And not before: a holder that beats keeps it over many leases."""
    settings = replace(s3.settings, lease=1.0)
    first, second, third = (claims_in(bucket, name, settings) for name in ("a", "b", "c"))
    place = join(bucket, "window=a")
    first.take(place)
    time.sleep(3.0)
    assert "a" == second.take(place)
    first._ended.set()  # type: ignore[attr-defined]  # as SIGKILL: no beat, nothing given back
    time.sleep(3.0)
    assert "" == second.take(place)
    assert ["holders/b", "window=a"] == _keys(s3, bucket)
    assert "b" == third.take(place)
    assert (False, True) == (first.holds(place), second.holds(place))
    first.release()
    assert second.holds(place)
    for claims in (second, third):
        claims.release()


def _keys(s3: S3Server, bucket: str) -> list[str]:
    from tidegauge.storage import storage_for

    return [entry.key for entry in storage_for(bucket, s3.settings).files(bucket)]
