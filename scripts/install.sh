#!/bin/sh
# Makes the virtual environment .venv, with Tidegauge itself as an editable package, and the others
# in the versions that PINS lists (/dev/null: the newest that setup.cfg allows).
#     scripts/install.sh PYTHON PINS
set -u

python=$1
pins=$2
log=.venv/install.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

"$python" -m venv .venv || fail "'$python -m venv .venv' failed; remove .venv and try again"
echo "Installing the packages into .venv (some minutes the first time) ..."
.venv/bin/python -m pip install --no-input --disable-pip-version-check --retries 2 \
    --constraint "$pins" --editable '.[spark,aws,deequ,demo,dev]' >"$log" 2>&1 && exit 0

if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name' "$log"; then
    fail "pip could not reach its package index: is there a network? Its own words are in $log"
fi
fail "pip could not install the packages: $(grep -m 1 -o 'ERROR: .*' "$log" || tail -n 1 "$log"); more in $log"
