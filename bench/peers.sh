#!/bin/sh
# `peers.sh DIRECTORY`: installs the Python libraries for comparison into a virtual environment there; prints nothing if they exist.
set -eu
here=$(dirname "$0")
cmp -s "$here/requirements.txt" "$1/installed.txt" && exit 0
echo "Installing the Python libraries of the benchmarks in $1"
"${PYTHON:-python3}" -m venv "$1" || { echo 'Python 3.11 or newer with venv is needed; set PYTHON=... to its path' >&2; exit 1; }
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
cp "$here/requirements.txt" "$1/installed.txt"
