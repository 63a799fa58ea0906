#!/bin/sh
# One round of a monitor, for cron and systemd: the windows that are due, then the report; never two
# rounds of one monitor at once, and none that hangs for good.
#     scripts/round.sh CONF
# TIDEGAUGE_BIN     the folder with tidegauge, such as /opt/tidegauge/.venv/bin
# TIDEGAUGE_LOCKS   the folder of the locks (/tmp)
# TIDEGAUGE_TIMEOUT after which monitor is ended, and a minute later killed (4h)
#
# The exit code is that of monitor: 0 done, 3 violations (`on_violation: fail`), 4 input, 5 try again;
# or 75: another round is at work, 124: it took too long. Where monitor was well, it is report's.
set -u

conf=$1
name=$(printf '%s' "$conf" | tr -c 'A-Za-z0-9.\n' _)
lock=${TIDEGAUGE_LOCKS:-/tmp}/tidegauge-$name.lock
tidegauge=${TIDEGAUGE_BIN:+$TIDEGAUGE_BIN/}tidegauge

# The kernel lets go of the lock with the last process that holds it, however that ended.
exec 9>"$lock" || exit 5
flock -n 9 || exit 75

timeout -k 1m "${TIDEGAUGE_TIMEOUT:-4h}" "$tidegauge" monitor "$conf"
monitored=$?
# What was found is told also where monitor has failed, but not where it could not even begin.
[ "$monitored" -eq 2 ] && exit 2
timeout -k 1m "${TIDEGAUGE_TIMEOUT:-4h}" "$tidegauge" report "$conf" >/dev/null
reported=$?
[ "$monitored" -ne 0 ] && exit "$monitored"
exit "$reported"
