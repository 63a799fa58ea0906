#!/bin/sh
# Builds the S3 server that the tests start, into .tools/bin. Not having it is no failure: without
# it the tests use moto, and say so.
set -u

version=v1.8.0

[ -x .tools/bin/versitygw ] && exit 0
if ! command -v go >/dev/null 2>&1; then
    echo "No Go here, so no versitygw: the S3 tests will use moto"
    exit 0
fi
echo "Building versitygw $version into .tools/bin (some minutes, once) ..."
mkdir -p .tools
GOBIN="$PWD/.tools/bin" GOFLAGS=-buildvcs=false \
    go install -trimpath -ldflags='-s -w' "github.com/versity/versitygw/cmd/versitygw@$version" \
    >.tools/versitygw.log 2>&1 ||
    echo "versitygw could not be built (.tools/versitygw.log): the S3 tests will use moto"
