# Two commands for a new user: `make watch DIR=~/Pictures` and `make test`.
PYTHON ?= python3
VENV ?= .venv
DIR ?=
export DIR

SOURCES := pyproject.toml $(shell find daemon db models -type f -not -name '*.pyc')

.PHONY: watch scan test lint clean

watch: $(VENV)/installed  ## set up, name the photos of DIR, go on watching it
	@$(VENV)/bin/phototag watch "$$DIR"

scan: $(VENV)/installed  ## set up and name the photos of DIR once
	@$(VENV)/bin/phototag scan "$$DIR"

test: $(VENV)/tested  ## set up and run the tests
	$(VENV)/bin/pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/linted  ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf build dist *.egg-info $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'The venv module is missing: sudo apt install python3-venv'; exit 1; }

# A stale build/ would put modules that were deleted since into the installation.
$(VENV)/installed: $(VENV)/bin/python $(SOURCES)
	@echo 'Installing into $(VENV); the first time this takes a minute.'
	rm -rf build
	$(VENV)/bin/pip install --quiet --disable-pip-version-check .
	@touch $@

$(VENV)/tested: $(VENV)/bin/python $(SOURCES)
	rm -rf build
	$(VENV)/bin/pip install --quiet --disable-pip-version-check '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/linted: $(VENV)/bin/python $(SOURCES)
	rm -rf build
	$(VENV)/bin/pip install --quiet --disable-pip-version-check '.[dev]'
	@touch $@ $(VENV)/installed $(VENV)/tested
