# syntax=docker/dockerfile:1
# The server with the page inside, from a clean checkout: `docker build --tag oddity .`; how to run it is in README.md.

FROM node:24-trixie-slim AS node

# The version that rust-toolchain.toml names.
FROM rust:1.95.0-trixie AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
COPY . .
# The caches keep the tools, the crates and what was compiled; without them each change of a file would cost all of it.
RUN --mount=type=cache,target=/root/.cache/oddity \
    --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    make build && cp target/release/oddity /usr/local/bin/

FROM debian:trixie-slim
# For sources, models and webhooks that speak TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/bin/oddity /usr/local/bin/
# oddity.toml and .env are read from here, if they are mounted.
WORKDIR /etc/oddity
USER 10001:10001
# Beyond loopback the server starts only when ODDITY_AUTH says who may come in, or ODDITY_INSECURE_NO_AUTH that everybody may.
ENV ODDITY_LISTEN=0.0.0.0:8080
EXPOSE 8080
# There is no curl in the image.
HEALTHCHECK --interval=30s --timeout=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["oddity"]
