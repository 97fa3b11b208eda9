# One image, several commands: second-opinion, worker.py, starter.py.
# The base is pinned by its exact tag; by its bytes with --build-arg BASE=python:3.12.13-slim-bookworm@sha256:…, which
# `docker buildx imagetools inspect python:3.12.13-slim-bookworm` tells.
ARG BASE=python:3.12.13-slim-bookworm

FROM ${BASE} AS built
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY pyproject.toml constraints.txt README.md LICENSE worker.py starter.py ./
COPY policy policy
COPY workflows workflows
COPY activities activities
COPY records records
COPY adapters adapters
COPY reporting reporting
COPY wiring wiring
COPY portal portal
COPY cli cli
COPY examples examples
RUN /venv/bin/pip install --constraint constraints.txt --editable '.[postgres,s3]' \
    && /venv/bin/python -m compileall -q /app \
    && /venv/bin/pip uninstall --yes pip

FROM ${BASE} AS app
# Volumes that are made when a container starts take their owner from these folders.
RUN python -m pip uninstall --yes pip \
    && useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app \
    && install --directory --owner app --group app --mode 0700 /data /keys /anchors /fax /backups
COPY --from=built /venv /venv
COPY --from=built /app /app
LABEL org.opencontainers.image.title="Second Opinion" \
      org.opencontainers.image.description="Second-opinion requests of a health plan, each a durable Temporal workflow" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
USER 10001:10001
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SECOND_OPINION_HOME=/data \
    SECOND_OPINION_LOG_FORMAT=json \
    SECOND_OPINION_WORKER_METRICS=127.0.0.1:9464
# As it comes the image is a worker; docker-compose.yml says for each service how it is asked.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["second-opinion", "health", "worker"]
CMD ["second-opinion", "worker"]
