# What you can do with a clone of Laddverk. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-real-sessions replay conformance fuzz install-run install-dev install-fuzz

PY := .venv/bin/python

help:  ## Say what there is
	@echo "Laddverk runs an EV charging network. It needs Python 3.11+, python3-venv and make; nothing else."
	@echo
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  make bench-NAME           One of them: $(patsubst bench/%.py,%,$(filter-out bench/_%,$(wildcard bench/*.py)))"

run: install-run  ## Install and start a living demo network (Ctrl-C stops it)
	@exec .venv/bin/laddverk demo $(ARGS)

test: install-dev  ## Install and run all tests (ARGS="tests/unit -k price" narrows them)
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

check: install-dev  ## Style, types, floors between packages, sizes, translations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@PYTHONPATH=src .venv/bin/lint-imports --no-logo
	$(PY) tools/size_report.py
	$(PY) tools/catalog.py check

bench: install-dev  ## Run every bench: each prints a table and, as its last line, one JSON object
	@set -e; for file in bench/[a-z]*.py; do echo "== $$file"; PYTHONPATH=. $(PY) $$file; done

bench-real-sessions: install-dev
	@PYTHONPATH=. $(PY) bench/real_sessions.py $(ARGS)

bench-%: install-dev
	@PYTHONPATH=. $(PY) bench/$*.py $(ARGS)

replay: install-run  ## Replay real sessions through the sockets and reconcile them: make replay FILE=sessions.csv.gz
	@test -n "$(FILE)" || { echo "Say which file: make replay FILE=sessions.csv.gz"; exit 2; }
	@exec .venv/bin/laddverk simulate --replay "$(FILE)" $(ARGS)

conformance: install-dev  ## Run the conformance tests and print which compliance cases of the OCA they cover
	@$(PY) tools/conformance.py $(ARGS)

fuzz: install-dev install-fuzz  ## A million hostile inputs over sockets, 20 million through the decoder (INPUTS=, RUNS=, SEED=)
	@LADDVERK_FUZZ_INPUTS=$(or $(INPUTS),1000000) LADDVERK_FUZZ_SEED=$(or $(SEED),1) $(PY) -m pytest tests/fuzz -q
	@PYTHONPATH=src:. $(PY) -m tests.fuzz.decoder -atheris_runs=$(or $(RUNS),20000000) -max_len=300 -print_final_stats=1

install-run:
	@tools/install run

install-dev:
	@tools/install dev

install-fuzz:
	@tools/install fuzz
