#!/bin/sh
# Makes a virtual environment, with Tidegauge itself as an editable package, and the others in the
# versions that PINS lists (/dev/null: the newest that setup.cfg allows). MORE lists packages that
# are installed as well, its versions going before those of PINS.
#     scripts/install.sh PYTHON PINS [FOLDER [MORE]]      (.venv, and nothing more)
set -u

python=$1
pins=$2
venv=${3:-.venv}
more=${4:-/dev/null}
log=$venv/install.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

"$python" -m venv "$venv" || fail "'$python -m venv $venv' failed; remove $venv and try again"
# pip takes one version of each package.
own=$(sed -n 's/==.*/==/p' "$more" | sed 's/^/^/')
{ cat "$more"; grep -v -e "${own:-^$}" "$pins"; } >"$venv/pins.txt"
echo "Installing the packages into $venv (some minutes the first time) ..."
"$venv/bin/python" -m pip install --no-input --disable-pip-version-check --retries 2 \
    --constraint "$venv/pins.txt" --requirement "$more" \
    --editable '.[spark,aws,deequ,demo,dev,fuzz]' >"$log" 2>&1 && exit 0

if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name' "$log"; then
    fail "pip could not reach its package index: is there a network? Its own words are in $log"
fi
fail "pip could not install the packages: $(grep -m 1 -o 'ERROR: .*' "$log" || tail -n 1 "$log"); more in $log"
