#!/bin/sh
# Runs the server of llama.cpp that scripts/setup.sh put aside, with its own C library: `scripts/run-llama.sh ARGUMENTS`.
set -eu
libraries=$(echo "$LLAMA"/usr/lib/*-linux-gnu)
loader=$(echo "$libraries"/ld-linux-*.so.*)
# It looks for the code of its processor in the working directory.
cd "$libraries/ggml/backends0"
exec "$loader" --library-path "$libraries:$libraries/llama" "$LLAMA/usr/bin/llama-server" "$@"
