"""Constraint packs: rules that people write, what they amount to, and how each is answered."""
