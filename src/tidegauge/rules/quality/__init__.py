"""Rules of model quality: constraints on metrics, suggested from a baseline and evaluated."""
