#!/bin/sh
# Runs the llama.cpp server that scripts/setup.sh has unpacked, with its own C library: `scripts/run-llama.sh ARGUMENTS`.
set -eu
libraries=$(echo "$LLAMA"/usr/lib/*-linux-gnu)
loader=$(echo "$libraries"/ld-linux-*.so.*)
# It searches the working directory for the backend that matches the processor.
cd "$libraries/ggml/backends0"
exec "$loader" --library-path "$libraries:$libraries/llama" "$LLAMA/usr/bin/llama-server" "$@"
