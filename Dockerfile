# The image of the service: one binary on a base without a shell, as a user without rights.
#
# Both bases are named by tag, which moves. To pin what was tried, put the digest behind the tag; this prints it:
#
#   docker buildx imagetools inspect rust:1.95-slim-bookworm --format '{{.Manifest.Digest}}'
#   docker build --build-arg BUILD=rust:1.95-slim-bookworm@sha256:… --build-arg BASE=gcr.io/distroless/cc-debian12:nonroot@sha256:… .
#
# Both are of Debian 12: the binary needs the libc that it was built against, or a newer one.
ARG BUILD=rust:1.95-slim-bookworm
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD} AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs openapi.yaml ./
COPY migrations migrations
COPY docs/reference/errors docs/reference/errors
COPY src src
COPY examples examples
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --profile dist --locked --bin meshkey && cp target/dist/meshkey /meshkey

FROM ${BASE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Meshkey" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.description="A multi-tenant, self-hosted API-key service: narrow keys, expiring keys, keys that are dead when they are revoked" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
COPY --from=build --chmod=0755 /meshkey /usr/local/bin/meshkey
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/meshkey/

# 127.0.0.1 would be the container's own. The image has no PostgreSQL: give MESHKEY_DATABASE_URL_FILE, or MESHKEY_DATABASE_URL.
ENV MESHKEY_LISTEN=0.0.0.0:7700
EXPOSE 7700

# By number, so that `runAsNonRoot` of Kubernetes can see it. Nothing is written: the root file system may be read-only.
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/meshkey", "healthcheck"]

ENTRYPOINT ["/usr/local/bin/meshkey"]
CMD ["serve"]
