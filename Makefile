VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

.PHONY: demo test test-full soak lint format check-migrations docs reference lock clean env

env: $(READY)

$(READY): pyproject.toml setup.py proto/catalog/v1/product_service.proto requirements-bootstrap.lock requirements-dev.lock
	@echo "Making the environment $(VENV)"
	@.ci/environment $(abspath $(VENV))
	@touch $@

# A container engine is used where one answers; a client without an engine does not count.
demo:
	@if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then \
		exec .ci/demo-compose; \
	else \
		$(MAKE_COMMAND) --no-print-directory env && exec $(BIN)/catalog demo; \
	fi

# Tests of one file share servers and data, so a file stays with one worker.
test: $(READY)
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest tests -n 2 --dist loadfile -m "not drill"

test-full: $(READY)
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest tests -m drill
	CATALOG_TEST_SECURE=1 $(BIN)/pytest tests/conformance tests/e2e tests/integration tests/state_machine -n 2 --dist loadfile -m "not drill"

# Until Ctrl-C, or `make soak MINUTES=20`; `SEED=…` repeats a round.
soak: $(READY)
	$(BIN)/python -m tests.state_machine.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check-migrations: $(READY)
	$(BIN)/python -m migrations.check

# The documentation site, in site/; it needs no network and loads nothing from elsewhere.
docs: reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The pages that are made from the code: settings, commands, .env.example.
reference: $(READY)
	$(BIN)/python -m tools.reference

# `make lock UPGRADE=--upgrade` takes the newest versions. A recorded address would tie the project to one index.
lock: $(READY)
	$(COMPILE) --allow-unsafe requirements-bootstrap.in -o requirements-bootstrap.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	@! grep -n '://' requirements*.lock

clean:
	@if [ -x $(BIN)/catalog ]; then $(BIN)/catalog down; fi
	rm -rf $(VENV) build site catalog/v1/*_pb2* *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
