# syntax=docker/dockerfile:1
# Builds the server, including the page, from a clean checkout: `docker build --tag oddity .`. README.md describes how to run it.

FROM node:24-trixie-slim AS node

# The version that rust-toolchain.toml names.
FROM rust:1.95.0-trixie AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
COPY . .
# The caches keep tools, crates and compiled objects, so that a changed file does not rebuild everything.
RUN --mount=type=cache,target=/root/.cache/oddity \
    --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    make build && cp target/release/oddity /usr/local/bin/

FROM debian:trixie-slim
# Root certificates for sources, models and webhooks with TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/bin/oddity /usr/local/bin/
# oddity.toml and .env are read from here if they are mounted.
WORKDIR /etc/oddity
USER 10001:10001
# On addresses other than loopback the server starts only with ODDITY_AUTH or ODDITY_INSECURE_NO_AUTH.
ENV ODDITY_LISTEN=0.0.0.0:8080
EXPOSE 8080
# The image has no curl.
HEALTHCHECK --interval=30s --timeout=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["oddity"]
