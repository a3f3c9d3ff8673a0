VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)
LANES = $(BIN)/python -m tests.lanes $(if $(COVERAGE),--coverage) $(if $(WORKERS),-n $(WORKERS))

# A line that ends a target with `## words` is in the list that `make help` prints.
.PHONY: help demo unit test test-full soak lint format check-migrations docs reference lock clean env

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s%s\n", $$1, $$2}'

env: $(READY) ## The environment, .venv, from the locked requirements

$(READY): pyproject.toml setup.py proto/catalog/v1/product_service.proto requirements-bootstrap.lock requirements-dev.lock
	@echo "Making the environment $(VENV)"
	@.ci/environment $(abspath $(VENV))
	@touch $@

# A container engine is used where one answers; a client without an engine does not count.
demo: ## The whole service with sample products, until Ctrl-C
	@if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then \
		exec .ci/demo-compose; \
	else \
		$(MAKE_COMMAND) --no-print-directory env && exec $(BIN)/catalog demo; \
	fi

# The lanes are described in docs/testing.md. `make test COVERAGE=1` measures branches and fails below the floor.
unit: $(READY) ## The tests that start no server
	$(LANES) unit

test: $(READY) ## The lanes unit, in-process, conformance and browser
	$(BIN)/python -m tests.browser.chromium
	$(LANES) unit in-process conformance browser

test-full: $(READY) ## Every other lane: process, drill and secured
	$(BIN)/python -m tests.browser.chromium
	$(LANES) process drill secured

# Until Ctrl-C, or `make soak MINUTES=20`; `SEED=…` repeats a round.
soak: $(READY) ## Random faults until Ctrl-C; MINUTES=20, SEED=…
	$(BIN)/python -m tests.state_machine.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

lint: $(READY) ## ruff, mypy and the layers of packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## ruff with its fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check-migrations: $(READY) ## The models beside the migrations, on a real Postgres
	$(BIN)/python -m migrations.check

# The documentation site, in site/; it needs no network and loads nothing from elsewhere.
docs: reference ## The documentation site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The pages that are made from the code: settings, commands, .env.example.
reference: $(READY) ## The pages made from the code: settings, commands, .env.example
	$(BIN)/python -m tools.reference

# `make lock UPGRADE=--upgrade` takes the newest versions. A recorded address would tie the project to one index.
lock: $(READY) ## The locked requirements anew; UPGRADE=--upgrade for newer versions
	$(COMPILE) --allow-unsafe requirements-bootstrap.in -o requirements-bootstrap.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	@! grep -n '://' requirements*.lock

clean: ## Remove the environment and what was built
	@if [ -x $(BIN)/catalog ]; then $(BIN)/catalog down; fi
	rm -rf $(VENV) .venv-* .coverage build site catalog/v1/*_pb2* *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
