"""Rules that need the rows: a DataFrame of typed rows, and who asks it."""
