# The server in a container: the binary, the page and the shared libraries, no weights.
#
#   docker build -t curvelog .                      with the Lambda Web Adapter: for Lambda, ECS and elsewhere
#   docker build -t curvelog --target server .      without it
#   docker build -t curvelog --build-arg LWA_IMAGE=IMAGE .
#                                                   with the adapter from an image that has /lambda-adapter
ARG BASE=debian:bookworm-slim
ARG LWA_IMAGE=public.ecr.aws/awsguru/aws-lambda-adapter:1.0.0

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/deps.sh deploy/deps.sh
RUN sh deploy/deps.sh run && apt-get install -y -qq --no-install-recommends ca-certificates >/dev/null
COPY Makefile ./
COPY base base
COPY nn nn
COPY postproc postproc
COPY server server
RUN make -j"$(nproc)" all CFLAGS=-O2 && strip build/curvelogd

FROM ${BASE} AS server
# Only BLAS proper is used of OpenBLAS: its LAPACK, 7 MB, is left out.
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends \
        libmicrohttpd12 libtiff6 libpng16-16 libcurl4 libcjson1 libopenblas0-pthread >/dev/null && \
    rm -rf /usr/lib/*/openblas-pthread/liblapack.so.3 /usr/lib/*/engines-3 /usr/lib/*/ossl-modules \
        /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/cache/debconf/* /var/lib/dpkg/*-old && \
    mkdir -m 700 /data && chown 10001:10001 /data
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/build/curvelogd /usr/local/bin/curvelogd
COPY static /usr/local/share/curvelog/static
# The adapter asks /healthz, which waits for nothing; AWS_LWA_* mean nothing outside Lambda.
ENV PORT=8080 WEIGHTS_DIR=/mnt/weights STORE=dir:/data STATIC_DIR=/usr/local/share/curvelog/static \
    AWS_LWA_READINESS_CHECK_PATH=/healthz
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["curvelogd", "--healthcheck"]
CMD ["curvelogd"]

FROM ${LWA_IMAGE} AS adapter

FROM server
COPY --from=adapter /lambda-adapter /opt/extensions/lambda-adapter
