"""`profile.parquet`: whole or refused, the same bytes each time, and open to other readers."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.profile import recipe

from tidegauge.errors import DocumentError
from tidegauge.profile.dataset import Profile
from tidegauge.profile.table import VERSION, from_parquet, to_parquet
from tidegauge.states.codec import pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def profile() -> Profile:
    """A profile with every kind of column."""
    return recipe.profile()


@pytest.fixture(scope="module")
def data(profile: Profile) -> bytes:
    """Its bytes."""
    return to_parquet(profile)


def changed(data: bytes, table: pa.Table) -> bytes:
    """Another table's bytes, with the first one's metadata unless it has its own."""
    out = io.BytesIO()
    metadata = pq.read_schema(io.BytesIO(data)).metadata
    pq.write_table(
        table.replace_schema_metadata({**metadata, **(table.schema.metadata or {})}), out
    )
    return out.getvalue()


def test_a_profile_read_back_is_the_same(profile: Profile, data: bytes) -> None:
    """Its statistics, its tally, and its bytes."""
    back = from_parquet(data, "profile.parquet")

    assert profile.statistics() == back.statistics()
    assert (profile.rows, profile.tally) == (back.rows, back.tally)
    assert data == to_parquet(back)


def test_the_same_rows_give_the_same_bytes(data: bytes) -> None:
    """Nothing of the clock, of chance or of an address is in them."""
    assert data == to_parquet(recipe.profile())


@pytest.mark.parametrize("profile", [Profile(), recipe.with_strays()], ids=["empty", "strays"])
def test_small_profiles_round_trip(profile: Profile) -> None:
    """No rows and no features; texts among integers."""
    data = to_parquet(profile)

    assert data == to_parquet(from_parquet(data, "profile.parquet"))
    assert profile.statistics() == from_parquet(data, "profile.parquet").statistics()


def test_duckdb_reads_the_plain_columns(profile: Profile, data: bytes, tmp_path: Path) -> None:
    """Who has no Tidegauge still sees names, rows, nulls and means."""
    path = tmp_path / "profile.parquet"
    path.write_bytes(data)
    query = f"SELECT feature, rows, nulls, mean FROM '{path}' ORDER BY position"
    found = duckdb.connect().execute(query).fetchall()

    assert [
        (f.name, f.counts.rows, f.counts.nulls, f.moments.average) for f in profile.features
    ] == found
    assert ("category", 3_000, 600, None) in found


def test_plain_pyarrow_reads_a_state(data: bytes) -> None:
    """A state is a header of JSON and arrays: here the counts of a column, without our code."""
    table = pq.read_table(io.BytesIO(data))
    blob: bytes = table["counts"][table["feature"].to_pylist().index("integral")].as_py()
    length = int.from_bytes(blob[4:8], "little")
    header = json.loads(blob[8 : 8 + length])

    assert b"TGS1" == blob[:4]
    assert ("counts", 1, 3_000, 300) == (
        header["state"], header["version"], header["rows"], header["nulls"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [b"", b"PAR1", b"not a profile at all", b"{}" * 100],
    ids=["nothing", "magic", "text", "json"],
)
def test_what_is_no_parquet_is_refused(broken: bytes) -> None:
    """One sentence that names the place."""
    with pytest.raises(DocumentError, match=r"^s3://b/profile\.parquet is not a profile"):
        from_parquet(broken, "s3://b/profile.parquet")


def test_a_foreign_table_is_refused(data: bytes) -> None:
    """Parquet, but not ours; and ours with a column too few."""
    foreign = pa.table({"feature": ["x"]})
    out = io.BytesIO()
    pq.write_table(foreign, out)
    for other in (out.getvalue(), changed(data, foreign)):
        with pytest.raises(DocumentError, match="is not a profile"):
            from_parquet(other, "profile.parquet")


def test_flipped_and_missing_bytes_never_pass_for_a_profile(data: bytes) -> None:
    """Pages carry checksums: what is read after all is what was written."""
    chance = random.Random(20130620)
    told: set[str] = set()
    for _ in range(300):
        broken = bytearray(data)
        if chance.random() < 0.2:
            del broken[chance.randrange(len(data)) :]
        else:
            broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            assert data == to_parquet(from_parquet(bytes(broken), "profile.parquet"))
        except DocumentError as error:
            told.add(str(error))
    assert {1} == {len(sentence.splitlines()) for sentence in told}


def test_a_newer_version_is_refused_and_told(data: bytes) -> None:
    """An older release does not guess at what a newer one has written."""
    table = pq.read_table(io.BytesIO(data))
    newer = table.replace_schema_metadata({"tidegauge": json.dumps({"version": VERSION + 1})})
    with pytest.raises(DocumentError, match=f"has version {VERSION + 1}, .* up to {VERSION}"):
        from_parquet(changed(data, newer), "profile.parquet")


def test_a_state_of_a_newer_version_is_refused_and_told(data: bytes) -> None:
    """The table may be of a known version, and one state in it of a newer one."""
    table = pq.read_table(io.BytesIO(data))
    blobs = pa.array([pack("moments", 99, {})] * table.num_rows)
    newer = table.set_column(table.column_names.index("moments"), "moments", blobs)
    with pytest.raises(DocumentError, match=r"^here/profile.parquet .* 'moments' version 99"):
        from_parquet(changed(data, newer), "here/profile.parquet")
