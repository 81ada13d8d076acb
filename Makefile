# Everything runs in virtual environments beside this file, made from the lock files in requirements/ and made again
# when those change. Needed on the machine: Python 3.11 or newer, and make.
#
#   make demo              the first hour in one command
#   make test              everything that must hold; ARGS="-k audit" for a part of it
#   make test-skyvern-server   a real Skyvern server that keeps its credentials here; its environment takes 1.3 GB
#   make fuzz              thousands of examples where the tests draw some; takes an hour
#   make pictures          the pictures of the documentation, taken anew
#   make schema            what a new database is laid from, written anew after a new migration
#   make bench             how fast the proxy is, beside a direct connection and mitmproxy
#   make bench-llm         how fast the LLM gateway is, beside a direct connection and LiteLLM; takes 1 GB
#   PYTHON=python3.12      which Python to use

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
ARGS ?=

CLIENTS := $(addprefix .venv-,custodians clients skyvern-1.0.56 anthropic-1.17.0 anthropic-0.121.0)

export STRONGROOM_MISSING := $(CURDIR)/.make/missing
unexport PYTHONDONTWRITEBYTECODE  # hundreds of processes read the same modules; one of them compiles them for all

.DEFAULT_GOAL := help
.PHONY: help pictures schema demo test fuzz test-skyvern-server bench bench-llm fmt lint types imports coverage docs lock clean environment clients node-modules system $(CLIENTS)

help:
	@sed -n 's/^#   //p' Makefile

demo:
	@scripts/venv .venv requirements/core.lock --or requirements/dev.lock --editable
	@$(BIN)/strongroom demo

# What need not wait for one another is made and checked side by side: environments wait for the network, and types keep
# one core alone busy for a minute. pytest comes last: its closing line is the result.
test:
	@$(MAKE) -j3 system types clients lint imports
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# What the suite draws a few examples of, at length (tests/depth.py); tests/fuzz searches on its own.
fuzz: environment
	$(BIN)/python -m pytest -n auto --dist worksteal --timeout=7200 --hypothesis-profile=long -m hypothesis $(ARGS)

# Not a part of `make test`, for the size of what it needs; the calls that it makes are replayed there always.
test-skyvern-server: environment
	@scripts/venv .venv-skyvern-server requirements/skyvern-server.lock
	$(BIN)/python -m pytest tests/skyvern_server/real_server.py $(ARGS)

bench: environment
	@scripts/venv .venv-bench requirements/bench.lock
	@$(BIN)/python -m benchmarks $(ARGS)

bench-llm: environment
	@scripts/venv .venv-bench-llm requirements/bench-llm.lock
	@$(BIN)/python -m benchmarks.llm $(ARGS)

schema: environment
	@$(BIN)/python scripts/schema.py

pictures: system environment
	@$(BIN)/python -m tests.playwright.picture docs/images/browser-agents.png

fmt: environment
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

lint: environment
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: environment
	$(BIN)/mypy

imports: environment
	$(BIN)/lint-imports --no-logo

coverage: environment
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

docs: environment
	$(BIN)/python -m pytest tests/docs

lock:
	@scripts/lock $(ARGS)

clean:
	rm -rf .venv .venv.lock .venv-* .make build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov tests/node_modules

environment:
	@scripts/venv .venv requirements/dev.lock --editable

# The two older clients of the Anthropic API that must work as well, as they and the newest one cannot share an
# environment; the Skyvern client, for the same reason; and the clients that go through the proxy, npm packages among them; and
# servers of other vaults.
clients: $(CLIENTS) node-modules

$(CLIENTS):
	@scripts/venv $@ requirements/$(@:.venv-%=%).lock

node-modules: .venv-clients
	@scripts/node-modules

system:
	@scripts/system-packages
