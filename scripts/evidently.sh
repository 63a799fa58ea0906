#!/bin/sh
# Makes the environment in which benchmarks/run.py --suite alarms asks Evidently: never our own,
# since it needs other versions of what we need.
#     scripts/evidently.sh PYTHON
set -u

venv=.venv-evidently
log=$venv/install.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

"$1" -m venv "$venv" || fail "'$1 -m venv $venv' failed; remove $venv and try again"
echo "Installing Evidently into $venv (some minutes the first time) ..."
"$venv/bin/python" -m pip install --no-input --disable-pip-version-check --retries 2 \
    --requirement requirements/evidently.txt >"$log" 2>&1 && exit 0
fail "pip could not install Evidently: $(grep -m 1 -o 'ERROR: .*' "$log" || tail -n 1 "$log"); more in $log"
