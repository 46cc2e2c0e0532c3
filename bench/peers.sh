#!/bin/sh
# `peers.sh DIRECTORY`: a Python environment there with the peers that the kernels are compared with; prints nothing if it is there.
set -eu
here=$(dirname "$0")
cmp -s "$here/requirements.txt" "$1/installed.txt" && exit 0
echo "Installing the peers of the benchmarks in $1"
"${PYTHON:-python3}" -m venv "$1" || { echo 'Python 3.11 or newer with venv is needed; name it with PYTHON=...' >&2; exit 1; }
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
cp "$here/requirements.txt" "$1/installed.txt"
