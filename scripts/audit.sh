#!/bin/sh
# Looks for known vulnerabilities of every package that a file in requirements/ pins, with pip-audit in
# an environment of its own. A package that nothing is known of fails as one that is vulnerable does.
set -eu

folder=.tools/audit
pins=requirements/audit.txt
if ! cmp -s "$pins" "$folder/pins.txt"; then
    rm -rf "$folder"
    "${PYTHON:-python3}" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins"
    cp "$pins" "$folder/pins.txt"
fi

status=0
for requirements in requirements/*.txt; do
    printf '%s\n' "$requirements"
    "$folder/bin/pip-audit" --strict --no-deps --disable-pip --progress-spinner off \
        --requirement "$requirements" || status=1
done
exit $status
