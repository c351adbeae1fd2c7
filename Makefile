# Two commands do everything on a machine with git, make and Python 3.11: `make run` and `make test`.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-browser screenshots fuzz lint translations demo bench setup clean

run: $(VENV)/run.stamp
	@$(BIN)/dosis up --demo

test: $(VENV)/dev.stamp
	$(BIN)/pytest --ignore=tests/browser
	@echo "The pages are tested in a browser by: make test-browser"

# In the Chromium that DOSIS_CHROMIUM names or that is installed here; without one, Playwright's own is fetched.
test-browser: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest tests/browser

# What the pages look like, into tests/browser/screenshots.
screenshots: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest tests/browser/take_screenshots.py

# The API against its own description, with many more cases than `make test` sends it.
fuzz: $(VENV)/dev.stamp
	DOSIS_FUZZ_CASES=500 $(BIN)/pytest tests/test_schemas.py

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright

# The texts of the code into shared/locale/el/*.po, and which of them have no Greek yet.
translations: $(VENV)/dev.stamp
	$(BIN)/python -m deploy.translations

demo: $(VENV)/run.stamp
	$(BIN)/dosis demo --once

# How fast it is, beside the least it could cost: bench.json and a table, in ten minutes or more.
bench: $(VENV)/run.stamp
	$(BIN)/dosis bench

setup: $(VENV)/run.stamp

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) .dosis
