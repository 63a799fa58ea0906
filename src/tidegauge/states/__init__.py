"""States: what one statistic needs to know about some rows.

Every state is a frozen value with an identity (which is `blank`), an associative `merge_all`, and
bytes of its own (`to_bytes`, `from_bytes`) that stay readable for ever: docs/states.md has the
format.
"""
