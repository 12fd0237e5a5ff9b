# All commands set up what they need in .venv: a machine with Python 3.11 to 3.14 is enough (or PYTHON=python3.14).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := $(VENV)/peers
LOWEST := $(VENV)/lowest
LIBRARIES := $(VENV)/libraries
JSFORCE := $(VENV)/jsforce
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where byte code is not kept, each process of a test compiles our packages anew: half a second.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: accuracy demo docs screenshots test lint types lock fix clean

## The real job, end to end, against simulated servers: what is sent, and what a change sends.
demo: $(VENV)/ready
	$(BIN)/python -m tests.demo

## The pages in docs/ as a site, in output/docs; a broken link fails.
docs: $(VENV)/ready
	$(BIN)/zensical build --clean --strict

## The pictures of the docs, from the demo's data. Needs Chromium or Chrome.
screenshots: $(VENV)/ready
	$(BIN)/python -m tests.screenshots

## How much of transcripts and mails comes out right, beside the best libraries that PyPI has.
accuracy: $(VENV)/ready $(LIBRARIES)/ready
	$(BIN)/python -m tests.accuracy $(LIBRARIES)/bin/python

## All checks: format, lint, types, tests.
test: lint types $(PEERS)/ready $(LOWEST)/ready $(JSFORCE)/ready
	$(BIN)/pytest -n 2 --dist loadgroup

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/ready
	$(BIN)/mypy tap_salesforce_chat target_creovai tests benchmarks

## The newest versions that pyproject.toml allows, for uv.lock and for the images.
lock: $(VENV)/ready
	$(BIN)/uv lock --upgrade
	$(BIN)/python -m tests.deploy.locked

fix: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group dev --editable .
	touch $@

# A target that we did not write, apart from our packages: its pins clash with ours.
$(PEERS)/ready: $(VENV)/ready tests/pipe/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(BIN)/pip --python $(PEERS)/bin/python install --quiet --requirement tests/pipe/peers.txt
	touch $@

# The lowest versions that pyproject.toml allows, on the system's Python if that is new enough.
$(LOWEST)/ready: $(VENV)/ready
	python=/usr/bin/python3; \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || python=$(PYTHON); \
		$(BIN)/uv venv --quiet --clear --python $$python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--editable .
	touch $@

# A Salesforce client that we did not write, in another language. Without Node its tests are skipped.
$(JSFORCE)/ready: tests/test_fakes/salesforce/jsforce/package.json $(VENV)/ready
	mkdir -p $(JSFORCE)
	cp $< $(JSFORCE)
	if npm install --prefix $(JSFORCE) --silent --no-audit --no-fund --ignore-scripts; then touch $@; \
		else echo "No jsforce, as npm cannot install it: its tests are skipped." >&2; fi

$(LIBRARIES)/ready: $(VENV)/ready tests/accuracy/libraries.txt
	$(PYTHON) -m venv $(LIBRARIES)
	$(BIN)/pip --python $(LIBRARIES)/bin/python install --quiet --no-deps \
		--requirement tests/accuracy/libraries.txt
	touch $@

clean:
	rm -rf $(VENV) .meltano output .pytest_cache .mypy_cache .ruff_cache .hypothesis
