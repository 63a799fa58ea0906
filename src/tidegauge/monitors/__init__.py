"""Monitors: what a baseline and a check are, each kind on one screen; documents in and out."""
