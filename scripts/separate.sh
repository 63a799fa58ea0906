#!/bin/sh
# Makes an environment of its own for a tool that the tests run beside Tidegauge: .tools/NAME, of the
# packages that requirements/NAME.txt pins; anew when the pins have changed. Prints its Python.
#     scripts/separate.sh airflow
set -eu

name=$1
pins=requirements/$name.txt
folder=.tools/$name

if ! cmp -s "$pins" "$folder/pins.txt"; then
    rm -rf "$folder"
    "${PYTHON:-python3}" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --requirement "$pins" >&2
    cp "$pins" "$folder/pins.txt"
fi
echo "$PWD/$folder/bin/python"
