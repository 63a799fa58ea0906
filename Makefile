# Every task of the project; plain `make` prints the help.

PYTHON ?= python3
BIN := .venv/bin
CONF := conf/flights.yaml
STAMP := .venv/installed
SPARK41 := .venv-spark41

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: env ## the three jobs on real flights of 2013, on local Spark with a local store
	@$(BIN)/python scripts/demo_data.py --out build/demo
	@$(BIN)/python scripts/demo_labels.py hold
	$(BIN)/tidegauge baseline $(CONF)
	$(BIN)/tidegauge monitor $(CONF)
	@$(BIN)/python scripts/demo_labels.py deliver
	$(BIN)/tidegauge monitor $(CONF) --type model_quality --engine auto
	$(BIN)/tidegauge report $(CONF)

.PHONY: test
test: lint type contracts unit ## what must be green before a commit: lint, type, contracts, unit

.PHONY: test-all
test-all: test test-spark41 ## test, and what needs a heavy set-up: environments of their own
	$(BIN)/python -m pytest -m heavy

.PHONY: test-spark41
test-spark41: $(SPARK41)/installed versitygw ## the tests of what Spark does on Spark 4.1, also through Spark Connect
	$(SPARK41)/bin/python -m pytest -m "not heavy" tests/engines tests/sources tests/flows tests/e2e
	$(SPARK41)/bin/python -m pytest -m heavy tests/heavy/test_connect.py

.PHONY: lint
lint: env ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: type
type: env ## mypy, strict
	$(BIN)/mypy

.PHONY: contracts
contracts: env ## the import contracts of setup.cfg
	$(BIN)/lint-imports --no-logo

.PHONY: unit
unit: env versitygw ## pytest
	$(BIN)/python -m pytest

.PHONY: coverage
coverage: env ## pytest, and the lines that it did not reach
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report

.PHONY: format
format: env ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: bench
bench: env ## timings side by side with the peers
	$(BIN)/python benchmarks/run.py

.PHONY: audit
audit: ## known vulnerabilities of all that is pinned (needs a network that answers for them)
	@PYTHON=$(PYTHON) scripts/audit.sh

.PHONY: release
release: test-all audit ## all tests, the audit, and then the distribution in dist/
	rm -rf build/lib dist  # setuptools takes along what an earlier build has left there
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: bench-alarms
bench-alarms: env .venv-evidently/installed ## false and missed alarms side by side with the peers
	$(BIN)/python benchmarks/run.py --suite alarms

.PHONY: env
env: java $(STAMP) ## the virtual environment .venv (PYTHON=python3.12 chooses another Python)

.PHONY: java
java: ## look for the Java that Spark needs
	@scripts/check_machine.sh java

$(STAMP): setup.cfg pyproject.toml requirements/dev.txt | java
	@scripts/check_machine.sh python $(PYTHON)
	@scripts/install.sh $(PYTHON) requirements/dev.txt
	@touch $@

$(SPARK41)/installed: setup.cfg requirements/dev.txt requirements/spark41.txt scripts/install.sh | java
	@scripts/check_machine.sh python $(PYTHON)
	@scripts/install.sh $(PYTHON) requirements/dev.txt $(SPARK41) requirements/spark41.txt
	@touch $@

.venv-evidently/installed: requirements/evidently.txt scripts/evidently.sh
	@scripts/check_machine.sh python $(PYTHON)
	@scripts/evidently.sh $(PYTHON)
	@touch $@

.PHONY: pins
pins: java ## a new .venv of the newest packages, and their versions in requirements/dev.txt
	@scripts/check_machine.sh python $(PYTHON)
	rm -rf .venv
	@scripts/install.sh $(PYTHON) /dev/null
	$(BIN)/python -m pip freeze --exclude-editable > requirements/dev.txt
	@touch $(STAMP)

.PHONY: versitygw
versitygw: ## the S3 server of the tests, into .tools (needs Go; without it the tests use moto)
	@scripts/versitygw.sh

.PHONY: clean
clean: ## remove what was built, but for .venv and .tools
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf metastore_db derby.log spark-warehouse
