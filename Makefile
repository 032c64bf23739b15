# Two commands do everything on a fresh machine with Python >= 3.11: `make demo` and `make test`.
# All that they need beyond Python comes from PyPI into .venv; nothing is installed elsewhere.
#
#   PYTHON=/path/to/python3   which Python .venv is made with (default: the first that is >= 3.11)
#   ARGS="..."                handed to the program that the target runs
#   JOBS=n                    how many tests run at once (default: one per core)

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= auto
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint format docs bench clean
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.ready-run ## run the whole road once with drill pictures and a small platform (ARGS=--once: and stop)
	@$(BIN)/tutela demo --platform examples/platform/serve.py $(ARGS)

serve: $(VENV)/.ready-run ## start the server with the data folder ./data
	@$(BIN)/tutela serve $(ARGS)

test: $(VENV)/.ready-test ## run the tests
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --ignore=tests/lint $(ARGS)

lint: $(VENV)/.ready-lint ## check style, types, import contracts, sizes and the manual
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/lint

format: $(VENV)/.ready-lint ## put the code into its standard form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.ready-lint ## bring the reference pages up to date with the code (ARGS=--check: compare)
	@$(BIN)/python docs/generate.py $(ARGS)

bench: $(VENV)/.ready-bench ## measure; see bench/README.md
	@for script in index freshness scan check policy conversations outbox vault audit console renditions; do $(BIN)/python bench/$$script.py $(ARGS) || exit; done

clean: ## remove .venv, caches and build results; never data
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests docs bench examples -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per set of extras, renewed when pyproject.toml changes.

$(VENV)/.ready-run: pyproject.toml | $(BIN)/python
	@echo "setting up: run"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.ready-test $(VENV)/.ready-bench: $(VENV)/.ready-%: pyproject.toml | $(BIN)/python
	@echo "setting up: $*"
	@$(PIP) install --editable '.[$*]'
	@touch $@ $(VENV)/.ready-run

$(VENV)/.ready-lint: pyproject.toml | $(BIN)/python
	@echo "setting up: lint"
	@$(PIP) install --editable '.[lint,test]'
	@touch $@ $(VENV)/.ready-run $(VENV)/.ready-test

# A .venv without pip is what a Python without ensurepip leaves behind.
$(BIN)/python:
	@python=$$(sh .ci/python '$(PYTHON)') || exit 1; \
	echo "making $(VENV) with $$($$python --version)"; \
	rm -rf $(VENV); \
	if ! $$python -m venv $(VENV) >/dev/null 2>&1; then \
	    rm -rf $(VENV); \
	    echo "error: $$python cannot make a virtual environment." >&2; \
	    echo "On Debian and Ubuntu: apt-get install python3-venv; or name another: make PYTHON=..." >&2; \
	    exit 1; \
	fi
