"""Bytes at URIs: local folders and S3 behind one small set of operations."""

from __future__ import annotations

from tidegauge.storage.claims import Claims, claims_in
from tidegauge.storage.contract import (
    Encryption,
    Entry,
    NoBucket,
    NotFound,
    S3Settings,
    Storage,
)
from tidegauge.storage.opening import filesystem, storage_for
from tidegauge.storage.uri import join

__all__ = [
    "Claims",
    "Encryption",
    "Entry",
    "NoBucket",
    "NotFound",
    "S3Settings",
    "Storage",
    "claims_in",
    "filesystem",
    "join",
    "storage_for",
]
