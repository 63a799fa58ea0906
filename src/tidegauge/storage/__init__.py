"""Bytes at URIs: local folders and S3 behind one small set of operations."""

from __future__ import annotations

from tidegauge.storage.contract import Encryption, Entry, NotFound, S3Settings, Storage
from tidegauge.storage.opening import filesystem, storage_for
from tidegauge.storage.uri import join

__all__ = [
    "Encryption",
    "Entry",
    "NotFound",
    "S3Settings",
    "Storage",
    "filesystem",
    "join",
    "storage_for",
]
