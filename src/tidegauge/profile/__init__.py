"""Profiles: products of states, one a feature; merged, kept as Parquet, read out as numbers."""
