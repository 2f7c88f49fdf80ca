# Student Performance: every command of the project. `make` lists them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCAL := $(BIN)/python -m infrastructure.local
.DEFAULT_GOAL := help
.PHONY: help setup run up down status train put-record predictions monitor monitor-report web rollback test unit-test integration-test \
        bench quality format lock image compose-up compose-down tf-check tf-plan tf-apply clean

help: ## List the targets (default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Create the environments each component needs (done by the others when needed)
	@$(PYTHON) infrastructure/local/environments.py

run: setup ## Everything once, end to end, on this machine, then a summary and a clean stop
	@$(LOCAL) run

up: setup ## Start the same services and leave them running
	@$(LOCAL) up

down: ## Stop them; state is kept
	@$(LOCAL) down

status: ## What runs, where, and where its log is
	@$(LOCAL) status

train: setup ## Train in Mage and publish the champion
	@$(LOCAL) train

lock: setup ## Compile the locked requirements of every component
	@.ci/lock $(LOCK_ARGS)
