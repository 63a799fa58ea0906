"""What files a training set has, and the digest that names them."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tidegauge.errors import InputError
from tidegauge.sources.listing import File, Inputs, list_training, relative, root_of
from tidegauge.storage import S3Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as Spark leaves it, with more below."""
    for key in ("a.csv", "b.csv", "sub/c.csv", "sub/d.txt", "_SUCCESS", ".a.csv.crc",
                "_temporary/0/x.csv", "x_$folder$", "sub/deep/e.csv"):  # fmt: skip
        path = tmp_path / "data" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("uri", "keys"),
    [
        ("", ["a.csv", "b.csv", "sub/c.csv", "sub/d.txt", "sub/deep/e.csv"]),
        ("/", ["a.csv", "b.csv", "sub/c.csv", "sub/d.txt", "sub/deep/e.csv"]),
        ("/sub/c.csv", ["c.csv"]),
        ("/*.csv", ["a.csv", "b.csv"]),
        ("/[!b].csv", ["a.csv"]),
        ("/?.csv", ["a.csv", "b.csv"]),
        ("/**/*.csv", ["a.csv", "b.csv", "sub/c.csv", "sub/deep/e.csv"]),
        ("/s*/*.csv", ["sub/c.csv"]),
        ("/sub/**", ["c.csv", "d.txt", "deep/e.csv"]),
    ],
)
def test_a_uri_is_a_file_a_folder_or_a_glob(folder: Path, uri: str, keys: list[str]) -> None:
    """Names that begin with a dot or an underscore are no data, whatever the pattern."""
    inputs = list_training(f"{folder}{uri}", S3Settings())
    assert keys == [file.key for file in inputs.files]
    for file in inputs.files:
        assert open(file.uri).read().endswith(file.key)  # noqa: PTH123, SIM115


def test_a_folder_whose_name_looks_like_a_glob_is_a_folder(tmp_path: Path) -> None:
    """What is there goes before what could be meant."""
    (tmp_path / "d[1]").mkdir()
    (tmp_path / "d[1]" / "a.csv").write_text("a")
    assert ["a.csv"] == [f.key for f in list_training(f"{tmp_path}/d[1]", S3Settings()).files]


@pytest.mark.parametrize("uri", ["nothing", "data/*.parquet", "empty"])
def test_an_empty_set_says_what_to_do(folder: Path, uri: str) -> None:
    """Neither a missing folder nor one with hidden files alone is a training set."""
    (folder.parent / "empty").mkdir()
    (folder.parent / "empty" / "_SUCCESS").write_text("")
    with pytest.raises(InputError, match=r"there is no training data at .*correct `training.uri`"):
        list_training(f"{folder.parent}/{uri}", S3Settings())


def test_the_digest_is_of_sorted_keys_sizes_and_tags() -> None:
    """It does not depend on where the files lie, nor on the order of the listing."""
    files = [File(f"k{i}", f"/somewhere/k{i}", i, f"t{i}") for i in range(20)]
    expected = sha256("".join(sorted(f"k{i}\t{i}\tt{i}\n" for i in range(20))).encode())
    shuffled = random.Random(1).sample(files, 20)
    assert expected.hexdigest() == Inputs.of(shuffled).digest
    assert 190 == Inputs.of(shuffled).size_bytes
    assert Inputs.of(files[:19]).digest != Inputs.of(files).digest


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("data/training", "data/training"),
        ("data/*/x.csv", "data"),
        ("data/tr*", "data"),
        ("*.csv", "."),
        ("/*.csv", "/"),
        ("s3://bucket/*.csv", "s3://bucket"),
        ("s3://bucket/a/b?/c", "s3://bucket/a"),
    ],
)
def test_the_root_is_the_folder_before_the_first_wildcard(uri: str, root: str) -> None:
    """Keys are relative to it."""
    assert root == root_of(uri)


def test_a_files_name_for_people_is_its_key() -> None:
    """A single file goes by its last segment."""
    assert "a/b.csv" == relative("s3://bucket/x/a/b.csv", "s3://bucket/x")
    assert "a/b.csv" == relative("/x/a/b.csv", "/x/")
    assert "b.csv" == relative("/x/a/b.csv", "/x/a/b.csv")
