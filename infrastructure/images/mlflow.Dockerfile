# The MLflow tracking server. Build context: the repository's root.
# MLflow reads its options from MLFLOW_BACKEND_STORE_URI and MLFLOW_DEFAULT_ARTIFACT_ROOT; clients write artifacts to S3 themselves.
ARG BASE_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE_IMAGE} AS packages
COPY infrastructure/local/requirements-mlflow.txt /tmp/requirements.txt
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt

FROM ${BASE_IMAGE}
COPY --from=packages /opt/venv /opt/venv
WORKDIR /data
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin mlflow && chown 10001:10001 /data
USER 10001
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true \
    GIT_PYTHON_REFRESH=quiet MLFLOW_SERVE_ARTIFACTS=false MLFLOW_BACKEND_STORE_URI=sqlite:////data/mlflow.db
VOLUME ["/data"]
EXPOSE 5000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/health', timeout=4)"]
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "2"]
