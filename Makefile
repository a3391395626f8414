# Every target sets up what it needs in .venv first; what is set up already is not done again
# unless pyproject.toml or the pinned requirements have changed.

PYTHON ?= python3
DEMO ?=
PYTEST ?=
BENCH ?=
CHAOS ?=
MESSAGES ?= 1000000

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
UV := uv==0.13.9
LOCK = "$$folder/bin/uv" pip compile --quiet --universal --python-version 3.11 --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

SHELL := /bin/sh
# stdout belongs to the command that was asked for: no echo, no "Entering directory".
MAKEFLAGS += --no-print-directory
.SILENT:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check format dashboards bench chaos fuzz servers lock clean

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## the whole pipeline with a simulated fleet; DEMO="--seconds 60 --json"
	exec $(BIN)/fleetgauge demo $(DEMO)

# Three at once on two cores: much of a test is waiting for a server. A file's tests stay together,
# because they share what they have set up.
test: $(VENV)/.dev servers ## every test, on real servers; PYTEST="-k name" selects
	exec $(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(PYTEST)

test-fast: $(VENV)/.dev ## the unit tests alone, without any server
	exec $(BIN)/python -m pytest tests/unit -m "not slow" $(PYTEST)

check: $(VENV)/.dev ## lint, formatting, types, who imports whom, YAML, alert rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .
	$(BIN)/python -m tests.servers.check_deployment

format: $(VENV)/.dev ## let ruff format the code and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dashboards: $(VENV)/.dev ## write the Russian dashboards from the English ones and ru.po
	$(BIN)/python -m dashboards.render

bench: $(VENV)/.dev servers ## measure speed, delay and memory; BENCH="--help" tells more
	exec $(BIN)/python -m tests.benchmarks $(BENCH)

chaos: $(VENV)/.dev servers ## every fault on real servers, 15 minutes; CHAOS="--help" tells more
	exec $(BIN)/python -m tests.chaos --write docs/reliability.md $(CHAOS)

fuzz: $(VENV)/.dev servers ## garbage through decoder, broker and database; MESSAGES=1000000
	exec $(BIN)/python -m tests.fuzz --messages $(MESSAGES)

# Where they cannot be had the tests that need them skip, saying so; under CI=true that is a failure.
servers: ## provide PostgreSQL, TimescaleDB, Mosquitto and Prometheus for the tests
	if [ -n "$$FLEETGAUGE_TEST_DATABASE_URL" ] && [ -n "$$FLEETGAUGE_TEST_MQTT_URL" ]; then \
		echo "fleetgauge: testing on the servers named in the environment" >&2; \
	elif [ "$$(id -u)" != 0 ] && [ "$$CI" != true ]; then \
		echo "fleetgauge: not root: the tests that need real servers will be skipped" >&2; \
	else \
		bash tests/servers/provide.sh >/dev/null || [ "$$CI" != true ]; \
	fi

# The order matters: each file is locked to the versions of those before it.
lock: ## pin the requirements anew; UPGRADE=--upgrade takes the newest versions
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/python" -m pip --disable-pip-version-check --quiet install $(UV); \
	mkdir -p requirements; \
	$(LOCK) pyproject.toml -o requirements/runtime.txt; \
	$(LOCK) --group build -c requirements/runtime.txt -o requirements/build.txt; \
	$(LOCK) --group dev -c requirements/runtime.txt -c requirements/build.txt -o requirements/dev.txt

clean: ## remove .venv, caches and build results; the servers of the tests stay
	rm -rf $(VENV) build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# A stamp is younger than all that it was made from. Set-up talk goes to stderr.
$(VENV)/.python:
	command -v "$(PYTHON)" >/dev/null || { \
		echo "fleetgauge: there is no $(PYTHON): install Python 3.11 or newer, or name one: make PYTHON=python3.13" >&2; exit 1; }
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "fleetgauge: $$("$(PYTHON)" --version 2>&1) is too old: 3.11 or newer is needed; name one: make PYTHON=python3.13" >&2; exit 1; }
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "fleetgauge: $(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	echo "fleetgauge: setting up $(VENV)" >&2
	"$(PYTHON)" -m venv --clear $(VENV) >&2
	touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml requirements/runtime.txt requirements/build.txt
	echo "fleetgauge: installing what it runs on" >&2
	$(PIP) -r requirements/runtime.txt -r requirements/build.txt >&2
	$(PIP) --no-deps --no-build-isolation --editable . >&2
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	echo "fleetgauge: installing the tools of the tests" >&2
	$(PIP) -r requirements/dev.txt >&2
	touch $@
