VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

.PHONY: demo unit test test-full soak lint format check-migrations lock clean env

env: $(READY) ## make the virtual environment

$(READY): pyproject.toml setup.py proto/catalog/v1/product_service.proto requirements-bootstrap.lock requirements-dev.lock
	@echo "Making the environment $(VENV)"
	@.ci/environment $(abspath $(VENV))
	@touch $@

# A container engine is used where one answers; a client without an engine does not count.
demo: ## start everything and show the addresses
	@if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then \
		exec .ci/demo-compose; \
	else \
		$(MAKE_COMMAND) --no-print-directory env && exec $(BIN)/catalog demo; \
	fi

LANES = $(BIN)/python -m tests.lanes $(if $(COVERAGE),--coverage) $(if $(WORKERS),-n $(WORKERS))

unit: $(READY) ## run the unit tests, without any server
	$(LANES) unit

# The lanes are described in docs/testing.md. `make test COVERAGE=1` measures branches and fails below the floor.
test: $(READY) ## run the lanes unit, in-process, conformance and browser
	$(BIN)/python -m tests.browser.chromium
	$(LANES) unit in-process conformance browser

test-full: $(READY) ## run every other lane: process, drill and secured
	$(BIN)/python -m tests.browser.chromium
	$(LANES) process drill secured

# Until Ctrl-C, or `make soak MINUTES=20`; `SEED=…` repeats a round.
soak: $(READY) ## break things at random until Ctrl-C
	$(BIN)/python -m tests.machine.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

lint: $(READY) ## run ruff, mypy and the import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check-migrations: $(READY) ## compare the models with the migrations
	$(BIN)/python -m migrations.check

# `make lock UPGRADE=--upgrade` takes the newest versions. A recorded address would tie the project to one index.
lock: $(READY) ## renew the locked requirements
	$(COMPILE) --allow-unsafe requirements-bootstrap.in -o requirements-bootstrap.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	@! grep -n '://' requirements*.lock

clean: ## remove the environment and all caches
	@if [ -x $(BIN)/catalog ]; then $(BIN)/catalog down; fi
	rm -rf $(VENV) .coverage build catalog/v1/*_pb2* *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
