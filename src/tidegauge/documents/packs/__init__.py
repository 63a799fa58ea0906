"""Packs as YAML: read with the line of every rule, written, and described for editors."""
