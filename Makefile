# make demo: from nothing to a live race on the dashboard. make test: the suite. make setup: .venv alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# XGBOOST=cuda takes the GPU build of xgboost (350 MB) on Linux.
XGBOOST ?= cpu

# make soak: the long tests of faults and load.
.PHONY: setup demo test coverage soak lint lock environment bench clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "racelab needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 setup" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python cannot make a virtual environment: install its venv package (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing the pinned packages into $(VENV) (about two minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@if [ "$(XGBOOST)" = cuda ]; then $(BIN)/python -m pip uninstall -q -y xgboost-cpu; $(BIN)/python -m pip install -q "xgboost>=3.2"; fi
	@touch $@

demo: setup
	@$(BIN)/python -m racelab demo $(ARGS)

test: setup
	@$(BIN)/python -m pytest -n 2 $(ARGS)

# Counting the lines that run doubles the time.
coverage: setup
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered $(ARGS)

soak: setup
	@$(BIN)/python -m pytest -m soak $(ARGS)

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

# The lock covers every Python from 3.11 and every platform; uv is needed to make it, not to use it.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

environment: setup
	@$(BIN)/python scripts/environment.py

bench: setup
	@$(BIN)/racelab bench $(ARGS)

clean:
	rm -rf $(VENV) build *.egg-info
