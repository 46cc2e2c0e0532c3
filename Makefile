# Builds, runs and tests everything. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TARGET := $(or $(CARGO_TARGET_DIR),target)
ODDITY := $(TARGET)/release/oddity
PAGE := dist/index.html
KERNELS := $(TARGET)/release/bench $(TARGET)/wasm32-unknown-unknown/page/bench.wasm
PEERS := $(TARGET)/peers
SCRIPTS := frontend/js/dist/editor.js
# Checked by `make lint` too once `make advisories` has downloaded the database.
ADVISORIES := $(if $(wildcard $(or $(CARGO_HOME),$(HOME)/.cargo)/advisory-dbs/advisory-db-*),advisories)

# Sources of the page, which is built again when one of them has changed.
PAGE_SOURCES := Cargo.toml Cargo.lock rust-toolchain.toml .cargo/config.toml index.html Trunk.toml scripts/tools.sh scripts/finish-dist.mjs \
	$(shell find shared frontend -path frontend/js -prune -o -type f -print)
SCRIPT_SOURCES := $(filter-out frontend/js/dist/%,$(wildcard frontend/js/*.*))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## build everything and serve the page on http://127.0.0.1:8080
	@exec $(ODDITY)

.PHONY: build
build: $(PAGE) ## release binary with the page inside
	cargo build --release --package proxy

.PHONY: test
test: ## run everything that CI checks
	@scripts/setup.sh --tests
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory parity
	@$(MAKE) --no-print-directory size
	@$(MAKE) --no-print-directory e2e

.PHONY: lint
lint: setup-tests ## check format, clippy (native and wasm32), rustdoc, licences of crates, scripts, ARCHITECTURE.md and the Markdown of reports
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package oddity-detect --package oddity-source --package oddity-analysis --package oddity-figure --package frontend --package bench --target wasm32-unknown-unknown -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items
	. scripts/tools.sh && "$$CARGO_DENY" --offline check licenses bans sources $(ADVISORIES)
	e2e/node_modules/.bin/tsc -p e2e
	e2e/node_modules/.bin/tsc -p frontend/js/jsconfig.json
	node --test --test-reporter=dot scripts/*.test.mjs
	node scripts/lint-docs.mjs
	node scripts/lint-architecture.mjs
	node scripts/lint-reports.mjs

.PHONY: advisories
advisories: setup-tests ## check crates for known vulnerabilities (downloads RustSec's database from GitHub)
	. scripts/tools.sh && "$$CARGO_DENY" check advisories

.PHONY: unit
unit: ## run unit, property and documentation tests
	@. scripts/tools.sh && cargo test --workspace

.PHONY: parity
parity: kernels ## compare native and WebAssembly results bit by bit
	node bench/parity.mjs $(lastword $(KERNELS)) $(firstword $(KERNELS))

.PHONY: size
size: $(PAGE) ## check the download size of a first visit against its budget
	node scripts/check-size.mjs

.PHONY: e2e
e2e: setup-tests build ## run end-to-end tests with Chromium, the server and Prometheus
	cd e2e && ODDITY_BIN=$(abspath $(ODDITY)) node_modules/.bin/playwright test

.PHONY: bench
bench: setup-tests build bench-kernels ## benchmark detection, decoding and slider drags
	cargo bench --package oddity-source
	cd e2e && ODDITY_BIN=$(abspath $(ODDITY)) node_modules/.bin/playwright test --config bench

.PHONY: bench-kernels
bench-kernels: kernels ## benchmark detection natively, as WebAssembly, and against Python libraries
	@bench/peers.sh $(PEERS)
	node bench/run.mjs $(KERNELS) $(PEERS)/bin/python

.PHONY: bench-proxy
bench-proxy: build ## compare the server with nginx, in a soak test (SOAK=600 seconds) and a flood, and beside hostile queries
	node bench/proxy/run.mjs $(abspath $(ODDITY)) $(or $(SOAK),600)
	node bench/proxy/hostile.mjs $(abspath $(ODDITY))

.PHONY: fuzz
fuzz: ## run each fuzz target for a minute with a new seed
	ODDITY_FUZZ_SECONDS=60 ODDITY_FUZZ_SEED=$$(date +%s) cargo test --release --package fuzz -- --nocapture

.PHONY: kernels
kernels: setup
	cargo build --release --package bench
	cargo build --profile page --package bench --lib --target wasm32-unknown-unknown

.PHONY: evaluate
evaluate: ## measure every detector on labelled data and write docs/evaluation.md
	cargo run --release --package evaluate -- report

.PHONY: sbom
sbom: ## write a software bill of materials of server and page (CycloneDX) to target/sbom
	@scripts/setup.sh --sbom
	. scripts/tools.sh && node scripts/sbom.mjs "$$CARGO_CYCLONEDX"

.PHONY: clean
clean: ## remove all build results except the tools
	cargo clean
	rm -rf dist frontend/js/dist frontend/js/node_modules e2e/node_modules e2e/results

.PHONY: setup setup-tests
setup:
	@scripts/setup.sh
setup-tests:
	@scripts/setup.sh --tests

$(SCRIPTS): $(SCRIPT_SOURCES) | setup
	cd frontend/js && node build.mjs

# trunk fails if NO_COLOR=1 is set, which is common.
$(PAGE): $(PAGE_SOURCES) $(SCRIPTS) | setup
	. scripts/tools.sh && env -u NO_COLOR trunk build --release --offline
