# What docker-compose runs beside LocalStack: provisioning and the event source mapping (a stand-in for AWS's, never deployed).
# Build context: the repository's root.
ARG BASE_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE_IMAGE} AS packages
COPY inference/requirements.txt /tmp/requirements.txt
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt

FROM ${BASE_IMAGE}
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY inference/ inference/
COPY infrastructure/__init__.py infrastructure/
COPY infrastructure/local/ infrastructure/local/
COPY infrastructure/vars/ infrastructure/vars/
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin local && mkdir /state && chown 10001:10001 /state
USER 10001
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
VOLUME ["/state"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD ["test", "-f", "/state/ready"]
ENTRYPOINT ["python", "-m"]
CMD ["infrastructure.local.lambda_host", "--state", "/state"]
