# The verbs of Parley: `make` prints them. What a verb needs is installed first, from locks, once (infra/deploy/ready.sh).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
READY := infra/deploy/ready.sh
STEPS := infra/deploy/steps.sh
UV := $(PY) infra/deploy/uv.py
WORKERS ?= 2
SEED ?= 1
SEEDS ?= 1
EVENTS ?= 2000

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  \033[36m%-10s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo

##@ Use it

.PHONY: run seed
run: ready-run  ## start Parley here with its own database and a demo world; prints addresses and sign-ins
	@exec $(PY) -m infra.cli up

seed: ready-run  ## tell the demo world once more, as commands (what is there already stays as it is)
	@$(PY) -m infra.cli seed

##@ Change it

.PHONY: test check fmt samples adr lock clean
test: ready-test  ## everything that must hold: style, types, arrows, tests (ARGS="-k routing" for a part)
	@$(STEPS) test WORKERS=$(WORKERS) ARGS='$(ARGS)'

check: ready-test  ## style, types and arrows alone: ruff, mypy, import-linter
	@$(STEPS) check

fmt: ready-test  ## format, and repair what can be repaired without thinking
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format .

samples: ready-test  ## write the stored samples that new facts lack; never touches an old one
	@$(PY) -m tests.domain.stored

adr:  ## open a record of a decision: make adr TITLE="Why we chose it"
	@infra/deploy/adr.sh "$(TITLE)"

lock: ready-test  ## resolve pyproject.toml into requirements/ again (UPGRADE=1 takes newer versions)
	@$(UV) pip compile $(LOCKING) --group bootstrap -o requirements/bootstrap.txt
	@$(UV) pip compile $(LOCKING) pyproject.toml --extra test -o requirements/test.txt
	@$(UV) pip compile $(LOCKING) pyproject.toml -c requirements/test.txt -o requirements/run.txt

LOCKING := --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 $(if $(UPGRADE),--upgrade)

clean:  ## forget what was installed and cached; data in .parley/ stays
	rm -rf .venv .state .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path '*/node_modules/*' -prune -exec rm -rf {} +

##@ Question it

.PHONY: sim pause bench rebuild replay
sim: ready-test  ## simulate seeded days with crashes and reordering: make sim SEED=7 EVENTS=2000 SEEDS=1
	@$(PY) -m bench.sim --seed $(SEED) --events $(EVENTS) --seeds $(SEEDS)

pause: ready-test  ## stop whichever of two servers leads for a while, twice, and audit the log: make pause SECONDS=60
	@PARLEY_TEST_PAUSE_S=$(or $(SECONDS),60) $(PY) -m pytest -q -s tests/e2e/server/test_paused.py

bench: ready-test  ## measure throughput and latency on this machine (wants wrk and pgbench)
	@$(READY) bench
	@$(PY) -m bench.all

rebuild: ready-run  ## fold a projection again from the first fact: make rebuild VIEW=queues (stop the server first)
	@$(PY) -m infra.cli rebuild $(VIEW)

replay: ready-run  ## read the past: make replay STREAM=task-… AT=2026-01-31T10:04 (without AT: now)
	@$(PY) -m infra.cli replay $(if $(STREAM),--stream $(STREAM)) $(if $(AT),--at $(AT))

.PHONY: ready-run ready-test
ready-run ready-test: ready-%:
	@$(READY) $*
