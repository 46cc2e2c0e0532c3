# Versions and paths of the tools for the build and the checks. Source it from the top of the repository. npm packages are pinned in
# frontend/js and e2e (package-lock.json), crates in Cargo.lock.
TRUNK_VERSION=0.21.14
# The command line tool must have exactly the version of the crate.
WASM_BINDGEN_VERSION=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock)

# Outside the repository, so that all clones share them.
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/oddity/tools
TRUNK=$TOOLS/trunk-$TRUNK_VERSION
WASM_BINDGEN=$TOOLS/wasm-bindgen-$WASM_BINDGEN_VERSION

# Checks the licences and sources of the crates.
CARGO_DENY_VERSION=0.20.2
CARGO_DENY=$TOOLS/cargo-deny-$CARGO_DENY_VERSION/bin/cargo-deny

# Writes the software bill of materials; `make sbom` installs it.
CARGO_CYCLONEDX_VERSION=0.5.9
CARGO_CYCLONEDX=$TOOLS/cargo-cyclonedx-$CARGO_CYCLONEDX_VERSION/bin/cargo-cyclonedx

# A Prometheus newer than the installed one. Tests use it if it is available.
PROMETHEUS_3_VERSION=3.5.*
PROMETHEUS_3=$TOOLS/prometheus-3.5/usr/bin/prometheus
[ ! -x "$PROMETHEUS_3" ] || export ODDITY_PROMETHEUS_3="${ODDITY_PROMETHEUS_3:-$PROMETHEUS_3}"

# VictoriaMetrics, which tests use if it is available.
VICTORIA_METRICS_VERSION='1.*'
VICTORIA_METRICS=$TOOLS/victoria-metrics-1/usr/bin/victoria-metrics
[ ! -x "$VICTORIA_METRICS" ] || export ODDITY_VICTORIA_METRICS="${ODDITY_VICTORIA_METRICS:-$VICTORIA_METRICS}"

# The llama.cpp server with its own libraries; run-llama.sh starts it.
LLAMA_VERSION='1:0.*'
LLAMA=$TOOLS/llama.cpp-0
export LLAMA
[ ! -x "$LLAMA/usr/bin/llama-server" ] || export ODDITY_LLAMA="${ODDITY_LLAMA:-$PWD/scripts/run-llama.sh}"

# Compares the routes of the server with their OpenAPI description.
SCHEMATHESIS_VERSION=4.32.5
SCHEMATHESIS=$TOOLS/schemathesis-$SCHEMATHESIS_VERSION/bin/schemathesis
[ ! -x "$SCHEMATHESIS" ] || export ODDITY_SCHEMATHESIS="${ODDITY_SCHEMATHESIS:-$SCHEMATHESIS}"

# frontend/js/node_modules/.bin contains wasm-opt.
PATH=$TRUNK/bin:$WASM_BINDGEN/bin:$PWD/frontend/js/node_modules/.bin:$PATH
export PATH
