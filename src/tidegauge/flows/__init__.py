"""Flows: the three jobs, each a short road from sources through an engine to the store."""
