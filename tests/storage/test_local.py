"""What only a local folder has: temporary names, links, permissions, other files in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidegauge.errors import ExitCode, StorageError
from tidegauge.storage import storage_for


def test_a_stale_temporary_is_hidden_and_taken_over(tmp_path: Path) -> None:
    """What a killed writer left is no object, and the next writer of that key leaves none."""
    storage = storage_for(str(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".x.json.writing").write_bytes(b"half of something that was long")
    assert [] == list(storage.files(str(tmp_path)))
    assert () == storage.folders(str(tmp_path))

    storage.write(f"{folder}/x.json", b"whole")
    assert ["x.json"] == [path.name for path in folder.iterdir()]
    assert b"whole" == (folder / "x.json").read_bytes()


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """A folder where the file must be: the sentence says so, and no temporary stays."""
    (tmp_path / "x.json").mkdir()
    with pytest.raises(StorageError, match="a folder is where the file must be") as caught:
        storage_for(str(tmp_path)).write(f"{tmp_path}/x.json", b"")
    assert caught.value.exit_code is ExitCode.RETRY
    assert ["x.json"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    """The store's folder is a file."""
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StorageError, match=r"store/a/x: Not a directory; a file is where"):
        storage_for(str(tmp_path)).write(f"{tmp_path}/store/a/x", b"")


def test_a_full_disk_says_what_to_do() -> None:
    """ENOSPC, from the one device that is always full."""
    from tidegauge.storage.local import explained

    with (
        pytest.raises(StorageError, match="free some space"),
        explained("write", "/dev/full"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_forbidden_folder_says_what_to_do(tmp_path: Path) -> None:
    """No permission to write, and none to list."""
    tmp_path.chmod(0o000)
    try:
        with pytest.raises(StorageError, match="give this user the permission"):
            storage_for(str(tmp_path)).write(f"{tmp_path}/x", b"")
        with pytest.raises(StorageError, match="give this user the permission"):
            list(storage_for(str(tmp_path)).files(str(tmp_path)))
    finally:
        tmp_path.chmod(0o700)


def test_links_are_followed_and_broken_ones_are_no_files(tmp_path: Path) -> None:
    """Data folders are often links."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_bytes(b"x")
    (tmp_path / "view").mkdir()
    (tmp_path / "view" / "data").symlink_to(tmp_path / "data")
    (tmp_path / "view" / "broken").symlink_to(tmp_path / "nowhere")
    (entry,) = storage_for(str(tmp_path)).files(f"{tmp_path}/view")
    assert "data/x" == entry.key


def test_relative_locations_and_file_uris_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the current folder, and percent-decoded."""
    monkeypatch.chdir(tmp_path)
    storage = storage_for("store")
    storage.write("top", b"1")
    storage.write("store/a b/x", b"2")
    assert b"2" == storage.read(f"file://{tmp_path}/store/a%20b/x")
    assert ["store/a b/x", "top"] == [entry.key for entry in storage.files(".")]


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    """What others may read is the umask's matter, as for any other file."""
    (tmp_path / "plain").write_bytes(b"")
    storage_for(str(tmp_path)).write(f"{tmp_path}/x", b"")
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "x").stat().st_mode


def test_local_use_imports_no_boto3(tmp_path: Path) -> None:
    """The AWS packages are an extra: a laptop without them works, and starts faster."""
    program = (
        "import sys; from tidegauge.storage import storage_for;"
        f"storage_for({str(tmp_path)!r}).write({str(tmp_path / 'x')!r}, b'');"
        "print([m for m in ('boto3', 'botocore', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"[]\n" == done.stdout
