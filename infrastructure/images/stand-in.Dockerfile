# A stand-in for public.ecr.aws/lambda/python where no registry answers: AWS's own runtime client on Debian's Python, behind this project's
# runtime interface emulator, in AWS's layout. For tests (.ci/image --stand-in); never deployed. Build context: the repository's root.
# checkov:skip=CKV_DOCKER_2:AWS's base defines no health check either
# checkov:skip=CKV_DOCKER_3:as AWS's base, it leaves the user to the image built on it
ARG BASE_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE_IMAGE}
ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime PIP_BREAK_SYSTEM_PACKAGES=1
COPY requirements-project.txt /tmp/
RUN ln -sf "$(command -v python3)" /usr/local/bin/python \
    && awk '/^[a-z]/ { wanted = /^(awslambdaric|simplejson|snapshot-restore-py)==/ } wanted' /tmp/requirements-project.txt > /tmp/runtime.txt \
    && python -m pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r /tmp/runtime.txt
COPY infrastructure/__init__.py ${LAMBDA_RUNTIME_DIR}/infrastructure/
COPY infrastructure/local/__init__.py infrastructure/local/ports.py ${LAMBDA_RUNTIME_DIR}/infrastructure/local/
COPY infrastructure/local/lambda_host/__init__.py infrastructure/local/lambda_host/runtime_api.py infrastructure/local/lambda_host/interface_emulator.py \
    ${LAMBDA_RUNTIME_DIR}/infrastructure/local/lambda_host/
WORKDIR ${LAMBDA_TASK_ROOT}
ENV PYTHONPATH=${LAMBDA_TASK_ROOT}:${LAMBDA_RUNTIME_DIR}
ENTRYPOINT ["python", "-m", "infrastructure.local.lambda_host.interface_emulator"]
