# Both commands set up what they need in .venv: a machine with Python 3.11+ is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := $(VENV)/peers
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint types fix goldens clean

## The real job, end to end, against simulated servers: what is sent, and what a change sends.
demo: $(VENV)/ready
	$(BIN)/python -m tests.demo

## All checks: format, lint, types, tests.
test: lint types $(PEERS)/ready
	$(BIN)/pytest -n 2

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/ready
	$(BIN)/mypy tap_salesforce_chat target_creovai tests

fix: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group dev --editable .
	touch $@

# A target that we did not write, apart from our packages: its pins clash with ours.
$(PEERS)/ready: $(VENV)/ready
	$(PYTHON) -m venv $(PEERS)
	$(BIN)/pip --python $(PEERS)/bin/python install --quiet --group peers
	touch $@

clean:
	rm -rf $(VENV) .meltano output .pytest_cache .mypy_cache .ruff_cache .hypothesis
