"""Spark's Python workers: what makes their tasks begin sooner takes nothing away."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING
from zipfile import ZipFile
from zipimport import zipimporter

from tidegauge.engines.arrow.workers import begin_task

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_archives_are_not_read_again_and_modules_are_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No finder of an archive is left for the next task; what is in one can be imported."""
    archive = tmp_path / "library.zip"
    with ZipFile(archive, "w") as file:
        file.writestr("tidegauge_first_part.py", "NAME = 'first'\n")
        file.writestr("tidegauge_second_part.py", "NAME = 'second'\n")
    monkeypatch.syspath_prepend(str(archive))
    assert "first" == importlib.import_module("tidegauge_first_part").NAME

    begin_task(lean=False)
    left = [f for f in sys.path_importer_cache.values() if isinstance(f, zipimporter)]

    assert [] == left
    assert "second" == importlib.import_module("tidegauge_second_part").NAME


def test_the_collector_is_spared_the_modules() -> None:
    """What is there when a task begins is not looked at after each one; new rubbish still is."""
    begin_task(lean=False)
    assert gc.get_freeze_count()
    rubbish: list[object] = []
    rubbish.append(rubbish)
    del rubbish
    assert gc.collect()
    gc.unfreeze()
