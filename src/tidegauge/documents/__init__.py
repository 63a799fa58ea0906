"""Strict codecs, one a document: text or bytes to model objects and back; no I/O."""
