# Student Performance: every command of the project. `make` lists them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# ENDPOINT=url: an AWS endpoint (LocalStack, say) in place of the embedded emulator.
LOCAL := $(BIN)/python -m localcloud $(if $(ENDPOINT),--endpoint "$(ENDPOINT)")
LOCALSTACK := $(BIN)/python -m localcloud --state .local/localstack --localstack
# What a running stack (make up) wrote for programs to read: endpoint, streams, database, addresses.
# Without one, the variable a command cannot do without must be set already (a service on AWS).
with_stack = set -a; [ ! -f .local/env ] || . .local/env; set +a; \
	set -- $(foreach name,$(1),$$$(name)); [ $$\# -gt 0 ] || { echo "nothing runs here: make up" >&2; exit 1; };
# A proxy must never see what goes to this machine itself.
COMMA := ,
DIRECT := $(or $(no_proxy),$(NO_PROXY))
export NO_PROXY := $(if $(filter *,$(DIRECT)),*,$(if $(DIRECT),$(DIRECT)$(COMMA))127.0.0.1,localhost)
export no_proxy := $(NO_PROXY)
PYTEST_ARGS ?=
# The paths among PYTEST_ARGS; where there are any, they alone are run.
PATHS = $(filter tests/% integration-tests/%,$(foreach word,$(PYTEST_ARGS),$(firstword $(subst ::, ,$(word)))))

.DEFAULT_GOAL := help
.PHONY: help setup setup-lint environment-uv run up down status train put-record predictions stream redrive labels monitor monitor-report forget export web promote rollback \
        test unit-test integration-test localstack-test localstack-up localstack-down bench soak quality format lock image compose-up compose-down tf-check tf-plan tf-apply clean

help: ## List the targets (default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Create the environments each component needs (the other targets call it)
	@$(MAKE) --no-print-directory --jobs=4 $(addprefix environment-,project orchestrator mlflow emulator)

setup-lint: setup
	@$(MAKE) --no-print-directory environment-lint

environment-uv:
	@$(PYTHON) -m localcloud.environment uv

environment-%: environment-uv
	@$(PYTHON) -m localcloud.environment $*

run: setup ## Everything once, end to end, on this machine; then a summary and a clean stop (ENDPOINT=url)
	@$(LOCAL) run

up: setup ## Start the same services and leave them running (Mage 6789, MLflow 5000, web 8080; ENDPOINT=url)
	@$(LOCAL) up

down: ## Stop them; state is kept in .local
	@[ ! -x $(BIN)/python ] || $(LOCAL) down

status: ## What runs, where, and where its log is
	@$(LOCAL) status

train: setup ## Train in Mage, pass the gate, publish the champion (TRAIN_ARGS="--seed 7 --trials 20")
	@$(LOCAL) train $(TRAIN_ARGS)

put-record: setup ## Put one student on the input stream (a sample, or STUDENT=path/to/event.json)
	@$(call with_stack,STUDENTS_STREAM_NAME) $(BIN)/python -m inference.client put-record $(if $(STUDENT),"$(STUDENT)") --wait 10

predictions: setup ## Show the newest predictions (ARGS="--follow")
	@$(call with_stack,PREDICTIONS_STREAM_NAME) $(BIN)/python -m inference.client predictions $(ARGS)

stream: setup ## Stream a CSV of students and join the answers (CSV=students.csv OUT=file ARGS="--again")
	@$(call with_stack,STUDENTS_STREAM_NAME) $(BIN)/python -m inference.client stream "$(CSV)" $(if $(OUT),--output "$(OUT)") $(ARGS)

redrive: setup ## List what was given up; answer it under its original ids (ARGS="--yes")
	@$(call with_stack,FAILURE_QUEUE_URL) $(BIN)/python -m inference.client redrive $(ARGS)

labels: setup ## Load true grades that came late (CSV=labels.csv)
	@$(call with_stack,DATABASE_URL) $(BIN)/python -m monitoring labels "$(CSV)"

monitor: setup ## What monitoring knows: alarms, incidents, windows, as JSON
	@$(call with_stack,DATABASE_URL) $(BIN)/python -m monitoring status

monitor-report: setup ## The dashboards as one HTML page, for people without Grafana (OUT=report.html)
	@$(call with_stack,DATABASE_URL) $(BIN)/python -m monitoring report --output "$(or $(OUT),.local/monitoring.html)"

forget: setup ## Erase a student: counts only, with YES=1 done, with a receipt in .local (STUDENT=id)
	@$(call with_stack,DATABASE_URL) $(BIN)/python -m monitoring forget $(if $(YES),--yes)

export: setup ## Write all that is kept on a student to a file in .local (STUDENT=id)
	@$(call with_stack,DATABASE_URL) $(BIN)/python -m monitoring export

web: setup ## The web service alone, on the model of a running stack (WEB_PORT=8080)
	@$(call with_stack,MODEL_BUCKET MODEL_LOCATION) $(BIN)/python -m inference.web

promote: setup ## Bring a version to another environment (FROM=local TO=stg VERSION=n; FROM_PROFILE, TO_PROFILE of the AWS configuration)
	@.venv-orchestrator/bin/python -m orchestrator.promote --from "$(FROM)" --to "$(TO)" --version "$(VERSION)" \
	    --from-profile "$(FROM_PROFILE)" --to-profile "$(TO_PROFILE)"

rollback: setup ## Serve an earlier model version again (VERSION=n)
	@$(call with_stack,MODEL_BUCKET MODEL_LOCATION) .venv-orchestrator/bin/python -m orchestrator.rollback --version "$(VERSION)"

test: unit-test integration-test ## Every test, units and integration

unit-test: setup-lint ## The fast tests
ifneq ($(if $(PATHS),$(filter-out tests/orchestrator/% integration-tests/%,$(PATHS)),all),)
	@$(BIN)/python -m pytest $(if $(PATHS),,tests --ignore tests/orchestrator) $(PYTEST_ARGS)
endif
ifneq ($(if $(PATHS),$(filter tests/orchestrator/%,$(PATHS)),all),)
	@.venv-orchestrator/bin/python -m pytest $(if $(PATHS),,tests/orchestrator) $(PYTEST_ARGS)
endif

integration-test: setup ## Tests over running services, started by the run itself (ENDPOINT=url: use that AWS endpoint)
ifneq ($(if $(PATHS),$(filter integration-tests/%,$(PATHS)),all),)
	@$(if $(ENDPOINT),AWS_ENDPOINT_URL="$(ENDPOINT)") $(BIN)/python -m pytest $(if $(PATHS),,integration-tests) $(PYTEST_ARGS)
endif

localstack-test: setup ## The AWS tests on LocalStack: ENDPOINT=url, else its image with Docker, else without (Python 3.13, node)
	@$(BIN)/python -m localcloud.services.localstack run $(if $(ENDPOINT),--endpoint "$(ENDPOINT)") -- \
	    $(BIN)/python -m pytest -m aws $(if $(PATHS),,integration-tests) $(PYTEST_ARGS)

localstack-up: setup ## Start LocalStack alone and leave it running (4566), for ENDPOINT=http://127.0.0.1:4566
	@$(LOCALSTACK) up emulator

localstack-down: ## Stop it; what it held is gone
	@[ ! -x $(BIN)/python ] || $(LOCALSTACK) down

bench: setup ## Every benchmark: figures, ratios, and the floor beside each
	@for script in tests/benchmarks/bench_*.py; do name=$${script##*/}; $(BIN)/python -m tests.benchmarks.$${name%.py} || exit 1; done

soak: setup ## Ten minutes of traffic under seeded faults, then an audit (DURATION=600 SEED=7 ENDPOINT=url)
	@$(LOCAL) soak $(if $(DURATION),--duration "$(DURATION)") $(if $(SEED),--seed "$(SEED)")

quality: setup-lint ## Every linter of .pre-commit-config.yaml, side by side (LINTERS="black mypy": only these)
	@.venv-lint/bin/python .ci/quality $(LINTERS)

format: setup ## Let black and isort rewrite the code
	@$(BIN)/isort -q . && $(BIN)/black -q .

lock: setup ## Compile the locked requirements of every component (LOCK_ARGS=--upgrade)
	@.ci/lock $(LOCK_ARGS)

compose-up: setup ## With Docker: LocalStack, the images, Grafana, all healthy (see docker-compose.yaml)
	@$(BIN)/python -m localcloud.docker.compose up

compose-down: ## Stop what compose-up started; volumes are kept
	@$(BIN)/python -m localcloud.docker.compose down

image: ## Build the Lambda image with docker or podman (BASE_IMAGE=... for another base)
	@$(if $(BASE_IMAGE),BASE_IMAGE="$(BASE_IMAGE)") .ci/image build

tf-check: setup-lint ## Terraform: format, validate, test every module (the real provider where the registry answers)
	@.ci/terraform check

tf-plan: ## Terraform: plan an environment and review its policies (ENVIRONMENT=stg DIGESTS='{"inference":"sha256:..."}')
	@.ci/terraform plan

tf-apply: ## Terraform: apply the plan that tf-plan saved
	@.ci/terraform apply

clean: down localstack-down ## Stop everything and delete the kept state (not the environments)
	@rm -rf .local .hypothesis .pytest_cache .mypy_cache .import_linter_cache
