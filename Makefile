# Every target sets itself up. .venv is made from requirements/sandbox.txt, which is all that the demo, the sandbox and the command line need;
# tests and checks add requirements/dev.txt. Both are made again only when their file changes.
# PYTHON is the interpreter that .venv is made with (3.11 or newer); JOBS says how many processes share the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV := $(VENV)/dev
INSTALL := requirements/install.py
# What builds and judges the deployment has environments of its own below build/, since its pins are not those of the product.
SAM := build/sam
AUDIT := build/audit
SECOND_AWS := build/ministack
DEFINITIONS := build/definitions
AXE := build/axe
PYTEST_ARGS ?=
JOBS ?= auto
RUNTIME ?= python3.13
ARCHITECTURE ?= arm64
CHECKED := layers/tallybridge/tallybridge cli/tallybridge_cli sandbox tests

# What is compiled is kept, also where the machine says otherwise: tests start many interpreters.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo demo-revenue test quick sandbox check lint build audit second-aws axe bench bench-close bench-console bench-months bench-revenue volume faults slow simulate fuzz mutants clients lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv for the demo, the sandbox and the command line; every target sets itself up
	@echo 'Ready. Try `make demo`; the command line is $(BIN)/tallybridge.'

setup-dev: $(DEV) ## the same with what tests and checks need

$(READY): requirements/sandbox.txt $(INSTALL)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@UV_COMPILE_BYTECODE=1 $(BIN)/python $(INSTALL) $(VENV) requirements/sandbox.txt
	@printf '%s\n' '$(CURDIR)' '$(CURDIR)/layers/tallybridge' '$(CURDIR)/cli' \
		> "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tallybridge.pth"
	@printf '#!/bin/sh\nexec "%s/bin/python" -m tallybridge_cli "$$@"\n' '$(CURDIR)/$(VENV)' > $(BIN)/tallybridge
	@chmod +x $(BIN)/tallybridge
	@touch $(READY)

$(DEV): requirements/dev.txt $(READY)
	@UV_COMPILE_BYTECODE=1 $(BIN)/python $(INSTALL) $(VENV) requirements/dev.txt
	@touch $(DEV)

demo: $(READY) ## load a demo tenant, run the billing sync, show the control totals
	@$(BIN)/python -m sandbox demo

demo-revenue: $(READY) ## run the revenue connector on the demo tenant, show its tasks and the files that it leaves
	@$(BIN)/python -m sandbox.revenue_demo

$(SAM)/ready $(AUDIT)/ready $(SECOND_AWS)/ready: build/%/ready: requirements/%.txt
	@$(PYTHON) -m venv --clear build/$*
	@PIP_NO_COMPILE=1 build/$*/bin/python $(INSTALL) build/$* requirements/$*.txt
	@touch $@

$(DEFINITIONS)/ready $(AXE)/ready: build/%/ready: requirements/%/package.json
	@mkdir -p build/$*
	@cp requirements/$*/package.json build/$*
	npm install --prefix build/$* --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

test: $(DEV) ## pass all tests, offline
	$(BIN)/python -m pytest -m "not slow and not deploy and not second_aws" -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

sandbox: $(READY) ## keep the sandbox running; options: SETTLEMENT DATA LATENCY_MS QUERY_QUEUE_S QUERY_S NETSUITE_SLOTS TIMEZONE PORT_BASE PROFILE
	@$(BIN)/python -m sandbox

quick: $(DEV) ## the tests that a change touches, nearest first, in under a minute; options: SINCE (HEAD) JOBS
	@SINCE="$(SINCE)" JOBS=$(JOBS) $(BIN)/python -m tests.quick

check: lint ## everything that is checked of a commit: lint, and what CI runs
	@.ci/run

lint: $(DEV) ## ruff, mypy, cfn-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	@for app in functions/*/app.py; do echo "mypy $$app"; $(BIN)/mypy $$app || exit 1; done
	$(BIN)/cfn-lint template.yaml

build: $(DEV) $(SAM)/ready $(DEFINITIONS)/ready ## build what is deployed, with the SAM CLI, and judge it; options: RUNTIME ARCHITECTURE
	$(BIN)/python -m pytest -m deploy -n $(JOBS) $(PYTEST_ARGS)
	SAM_CLI_TELEMETRY=0 $(SAM)/bin/sam build --parameter-overrides PythonRuntime=$(RUNTIME) Architecture=$(ARCHITECTURE)
	$(RUNTIME) -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build/Library

axe: $(DEV) $(AXE)/ready ## hold the console's pages against the rules of axe-core for assistive technology
	$(BIN)/python -m pytest tests/browser/test_console_in_browser.py -k axe $(PYTEST_ARGS)

audit: $(AUDIT)/ready ## hold the template against security rules; .checkov.yaml says what is left out, and why
	$(AUDIT)/bin/checkov --config-file .checkov.yaml

second-aws: $(DEV) $(SECOND_AWS)/ready ## the stores' tests on a second implementation of AWS, MiniStack
	$(BIN)/python -m pytest -m second_aws -n 0 $(PYTEST_ARGS) tests/unit/sync

bench: $(READY) ## measure records per second and calls; options: QUICK=1 STEPS MODES INVOICES LONG RECORDS LATENCY_MS NETSUITE_SLOTS WIDE MEMORY REVENUE_ROWS KEEP
	@$(BIN)/python -m sandbox bench

bench-close: $(READY) ## measure how a run of many batches is closed: seconds, rounds, memory; options: BATCHES S3_MS NETSUITE_MS NETSUITE_SLOTS
	@$(BIN)/python -m sandbox.bench_close

bench-months: $(READY) ## measure month-end over a month of many documents; options: DOCUMENTS PROBLEMS
	@$(BIN)/python -m sandbox.bench_months

bench-revenue: $(READY) ## measure a million rows of the revenue connector beside plain csv; options: ROWS PART_ROWS
	@$(BIN)/python -m sandbox.revenue_bench

bench-console: $(READY) ## measure the console's pages where very many records are held; options: PROBLEMS TIMES
	@$(BIN)/python -m sandbox.bench_console

volume: $(READY) ## the first sync of a large tenant, on the virtual clock; options: INVOICES LATENCY_MS QUERY_S NETSUITE_SLOTS RUN_HOURS
	@$(BIN)/python -m sandbox.volume

faults: $(DEV) ## every death and every lost answer of every step, pairs of deaths, and a table of them; options: JOBS WORDS
	$(if $(filter auto,$(JOBS)),,JOBS=$(JOBS) )$(BIN)/python -m tests.faults $(WORDS)

slow: $(DEV) ## the longer proofs: two workers at once, deaths among threads and over HTTP, plans, links, reversals
	$(BIN)/python -m pytest -m slow -n $(JOBS) $(PYTEST_ARGS)

simulate: $(DEV) ## months of a tenant made of seeds, with faults, deaths and people in them, and a table of them; options: SEEDS FIRST JOBS
	@FIRST=$(FIRST) SEEDS=$(SEEDS) JOBS=$(JOBS) $(BIN)/python -m tests.simulation

fuzz: $(DEV) ## at least 100,000 inputs of any shape for everything that people and vendors put in; options: FUZZ JOBS
	FUZZ=$(or $(FUZZ),14000) $(BIN)/python -m pytest tests/fuzz -n $(JOBS) $(PYTEST_ARGS)

mutants: $(DEV) ## break the product in each way of tests/mutants/areas, and expect the default suite to see it; options: JOBS WORDS
	$(BIN)/python -m tests.mutants $(WORDS)

clients: $(DEV) ## programs for Zuora and NetSuite by other people, unmodified, against the stand-ins; options: NAMES
	$(BIN)/python -m tests.clients $(NAMES)

PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url --annotation-style line $(if $(UPGRADE),--upgrade)

lock: $(DEV) ## compile the pins again; UPGRADE=1 takes newer versions
	$(PIN) --generate-hashes requirements/runtime.in -o layers/tallybridge/requirements.txt
	$(PIN) requirements/sandbox.in -o requirements/sandbox.txt
	$(PIN) requirements/dev.in -o requirements/dev.txt
	$(PIN) requirements/sam.in -o requirements/sam.txt
	$(PIN) requirements/audit.in -o requirements/audit.txt
	$(PIN) requirements/ministack.in -o requirements/ministack.txt
	@for wanted in requirements/clients/*.in; do $(PIN) $$wanted -o $${wanted%.in}.txt || exit 1; done

clean: ## remove .venv, out and caches
	rm -rf $(VENV) build out .mypy_cache .ruff_cache .hypothesis .pytest_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
