#!/bin/sh
# Looks for the Python and the Java that Tidegauge needs; says what is missing in one sentence.
#     scripts/check_machine.sh python PYTHON
#     scripts/check_machine.sh java
set -u

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

no_python() {
    fail "Tidegauge needs Python 3.11 or newer, but $1: install one, or name it with PYTHON=..."
}

no_java() {
    fail "Spark 3.5 needs Java 17 to 22, but $1: install a JDK 17, or set JAVA_HOME to one"
}

check_python() {
    command -v "$1" >/dev/null 2>&1 || no_python "there is no '$1'"
    version=$("$1" -c 'import platform; print(platform.python_version())' 2>/dev/null) ||
        no_python "'$1' does not start"
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || no_python "'$1' is $version"
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        no_python "'$1' lacks the modules venv and ensurepip (Debian: python3-venv)"
}

# Spark takes the Java of JAVA_HOME, else the one on PATH; its Hadoop calls what Java 23 took away.
check_java() {
    java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    command -v "$java" >/dev/null 2>&1 || no_java "there is no '$java'"
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9._]*\).*/\1/p' | head -n 1)
    major=${version%%.*}
    [ "${major:-0}" -ge 17 ] && [ "$major" -le 22 ] ||
        no_java "'$java' is ${version:-of no known version}"
}

case $1 in
    python) check_python "$2" ;;
    java) check_java ;;
esac
