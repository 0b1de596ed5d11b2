# The commands of the house. Each sets up what it needs: Python 3.11 and make are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The suite runs in so many processes, each with a server of its own; a file's tests stay together for their fixtures.
WORKERS ?= 2
SUITE = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not journey"
READY := $(VENV)/ready

.PHONY: demo serve test journeys doors check format lint types imports migrations docs lock bench faults pyz clean

demo: $(READY) ## the main job for a sample company, with progress
	$(BIN)/jieli demo

serve: $(READY) ## the console and the portal, where the demo ended
	$(BIN)/jieli serve

test: $(READY) ## every test but those that need a browser
	$(SUITE)

journeys: $(READY) ## the pages in a real browser
	$(BIN)/python -m pytest -m journey tests/journeys

doors: $(READY) ## record anew which tests pass through a door, and write the table of requirements
	rm -f tests/doors_passed.txt
	JIELI_RECORD_DOORS=1 $(SUITE)
	JIELI_RECORD_DOORS=1 $(BIN)/python -m pytest -m journey tests/journeys
	$(BIN)/python -m tests.house.requirements

check: format lint types imports migrations docs

format: $(READY)
	$(BIN)/ruff format --check src tests benchmarks

lint: $(READY)
	$(BIN)/ruff check src tests benchmarks

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports --no-cache

migrations: $(READY)
	DJANGO_SETTINGS_MODULE=jieli.wiring.settings $(BIN)/python -W ignore -m django makemigrations --check --dry-run

docs: $(READY) ## what is generated must be what is committed
	$(BIN)/python -m tests.house.requirements --check
	$(BIN)/python -m tests.house.states --check

bench: $(READY)
	$(BIN)/python -m benchmarks

faults: $(READY)
	$(BIN)/python -m benchmarks.faults

pyz: $(READY) ## the verifier as one file for strangers: python seal.pyz verify …
	mkdir -p build && rm -f build/seal.pyz
	$(BIN)/python -m seal.build_pyz build/seal.pyz

lock: ## write requirements.txt anew from pyproject.toml
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --output-file requirements.txt pyproject.toml

$(READY): requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean:
	rm -rf $(VENV) var build .mypy_cache .ruff_cache .hypothesis
