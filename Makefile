# Two commands for a new user: `make watch DIR=~/Pictures` and `make test`.
PYTHON ?= python3
VENV ?= .venv
DIR ?=
export DIR
# One more than there are processors, four at most: the tests wait as much as they compute.
WORKERS ?= $(shell n=$$(($$(getconf _NPROCESSORS_ONLN) + 1)); echo $$((n < 4 ? n : 4)))

SOURCES := pyproject.toml $(shell find daemon db models systemd -type f -not -name '*.pyc')

.PHONY: watch scan test lint grammar docs man deb test-packages clean

watch: $(VENV)/installed  ## set up, name the photos of DIR, go on watching it
	@$(VENV)/bin/phototag watch "$$DIR"

scan: $(VENV)/installed  ## set up and name the photos of DIR once
	@$(VENV)/bin/phototag scan "$$DIR"

test: $(VENV)/tested  ## set up and run the tests
	$(VENV)/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/linted  ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint Containerfile

grammar: $(VENV)/linted  ## the tables of the search language, after a change of db/query/query.lark
	$(VENV)/bin/python tests/support/grammar_tables.py

docs: $(VENV)/installed  ## docs/configuration.md, after a change of the settings
	$(VENV)/bin/python docs/make_configuration.py

man: $(VENV)/installed  ## write the manual pages into build/man
	$(VENV)/bin/python packaging/man_pages.py build/man

deb: $(VENV)/bin/python  ## build dist/phototagd_VERSION_ARCHITECTURE.deb (Debian, Ubuntu)
	packaging/build_deb.sh $(VENV)/bin/pip dist

test-packages: $(VENV)/linted deb  ## install the packages beside this system, which stays as it is
	$(VENV)/bin/pytest -m packaging tests/packaging

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
