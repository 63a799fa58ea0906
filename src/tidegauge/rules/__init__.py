"""The rules: pure functions from documents to documents; no session, no engine and no I/O."""
