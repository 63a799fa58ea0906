"""A monitor's store on a local folder, then on the S3 server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.storage.conftest import bucket, place, s3

from tidegauge.sinks.layout import Layout

if TYPE_CHECKING:
    from tests.storage.conftest import Place

__all__ = ["bucket", "layout", "place", "s3"]


@pytest.fixture
def layout(place: Place) -> Layout:
    """The keys of the monitor `flights` in the place's store."""
    return Layout(place.uri, "flights")
