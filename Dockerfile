# Two stages on Debian 12: the first builds, the second holds the program, its settings and PostgreSQL.
# Runs as a numeric non-root user on a read-only root; only /var/lib/callerprint is written.
FROM debian:bookworm-slim AS build
ENV DEBIAN_FRONTEND=noninteractive
WORKDIR /src
COPY deploy/packages/build.txt deploy/packages/build.txt
RUN apt-get update \
 && xargs -a deploy/packages/build.txt apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY schema schema
COPY service service
RUN cmake --preset release -DCALLERPRINT_TESTS=OFF \
 && ninja -C build/release callerprint callerprint-verify \
 && llvm_strip="$(ls /usr/bin/llvm-strip-* 2>/dev/null | head -n 1)" \
 && "${llvm_strip:-strip}" --strip-debug build/release/callerprint build/release/callerprint-verify
# The libraries the program needs, by the names of their packages.
RUN ldd build/release/callerprint | awk '$3 ~ /^\// { print $3 }' | xargs -n 1 readlink -f \
  | sed 's|^/usr||' | while read -r file; do dpkg -S "*$file" ; done \
  | cut -d: -f1 | sort -u >/packages.txt

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Callerprint" \
      org.opencontainers.image.description="Watches API request logs for unlicensed and prohibited use" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV DEBIAN_FRONTEND=noninteractive
COPY --from=build /packages.txt /tmp/packages.txt
RUN mkdir -p /etc/postgresql-common/createcluster.d \
 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/callerprint.conf \
 && apt-get update \
 && xargs -a /tmp/packages.txt apt-get install -y --no-install-recommends postgresql-15 ca-certificates \
 && rm -rf /var/lib/apt/lists/* /tmp/packages.txt \
 && useradd --system --uid 10001 --user-group --home-dir /var/lib/callerprint --no-create-home \
    --shell /usr/sbin/nologin callerprint \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/callerprint
COPY --from=build /src/build/release/callerprint /src/build/release/callerprint-verify /usr/bin/
COPY config /etc/callerprint
COPY LICENSE /usr/share/doc/callerprint/LICENSE
ENV CALLERPRINT_CONFIG=/etc/callerprint/callerprint.yaml \
    CALLERPRINT_DATA_DIR=/var/lib/callerprint \
    CALLERPRINT_SERVER__LISTEN=0.0.0.0:8080
USER 10001:10001
VOLUME /var/lib/callerprint
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["/usr/bin/callerprint", "healthcheck"]
ENTRYPOINT ["/usr/bin/callerprint"]
CMD ["serve"]
