"""Rules that other tools keep, as packs: each reader says what it could not carry over."""
