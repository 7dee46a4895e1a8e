# Wangge. `make demo` and `make test` are all you need; each sets up what it needs and is safe to run twice.
.DEFAULT_GOAL := help
.PHONY: help demo test setup setup-test setup-install setup-warm gate lint format types contracts bench bench-peers places fuzz soak stop clean lock openapi pictures
SHELL := /bin/bash
WANGGE := .venv/bin/wangge
PYTEST := .venv/bin/python -m pytest --dist=loadfile --no-loadscope-reorder
# Whatever the machine's habit: a run starts hundreds of processes, and each would read every module anew.
unexport PYTHONDONTWRITEBYTECODE
NAME ?= town
ROUNDS ?= 10
AT ?= http://127.0.0.1:8000

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: setup ## set everything up, build the demo town, serve the pages
	@$(WANGGE) demo

# Machine code is compiled while types are checked. Then a file at a time in each process: what a file has set up, its
# tests share. Three on two cores, since each waits for its database now and then; two where a browser keeps them busy.
# Pages in processes of their own: whoever drives a browser has an event loop running, which jobs bring themselves.
test: setup-install ## set everything up, then run the gate and all tests
	@$(MAKE) --no-print-directory --jobs=2 setup-warm gate
	@$(PYTEST) --numprocesses=3 tests/project tests/unit tests/store tests/laws tests/api; rest=$$?; \
		$(PYTEST) --numprocesses=2 tests/browser && exit $$rest

setup: ## .venv with the wangge command, browser assets, PostGIS
	@bash setup/packages.sh demo
	@bash setup/python.sh requirements.lock
	@.venv/bin/python setup/assets.py
	@.venv/bin/python setup/warm.py
	@$(WANGGE) database start

setup-test: setup-install setup-warm

setup-install:
	@bash setup/packages.sh test
	@bash setup/python.sh requirements-dev.lock
	@.venv/bin/python setup/assets.py

setup-warm:
	@.venv/bin/python setup/warm.py

gate: lint types contracts ## format, lint, types, import contracts

lint:
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .

format: ## mend format and what lint can mend
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

types:
	@.venv/bin/mypy

contracts:
	@.venv/bin/lint-imports

openapi: ## write docs/openapi.json anew
	@$(WANGGE) openapi > docs/openapi.json

pictures: setup-test ## take the README's pictures anew: make pictures AT=http://127.0.0.1:8000 (a running demo)
	@.venv/bin/python -m docs.pictures.take $(AT) $$($(WANGGE) database home)/demo-accounts.txt

bench: setup-test $(if $(filter partition reach hotspots rounds lookup.served,$(NAME)),bench-peers) ## measure one task: make bench NAME=town, NAME=partition OPTIONS=--quick
	@bash setup/peer.sh $(NAME)
	@.venv/bin/python -m bench.$(NAME) $(OPTIONS)

bench-peers: .venv-bench/set-up-from ## the peers of bench NAME=partition, reach, hotspots, rounds and lookup.served, in an environment of their own

.venv-bench/set-up-from: bench/requirements.txt
	@echo "Installing the benchmark's peers into .venv-bench"
	@$${PYTHON:-python3} -m venv .venv-bench
	@.venv-bench/bin/python -m pip --quiet --disable-pip-version-check --no-input install -r $<
	@cp $< $@

places: setup-test ## every place profile on invented ground, checked: make places SCALE=1
	@.venv/bin/python -m bench.places

fuzz: setup-test ## the laws again and again on fresh random input: make fuzz ROUNDS=100
	@for round in $$(seq $(ROUNDS)); do .venv/bin/python -m pytest tests/laws --hypothesis-profile=fuzz --hypothesis-seed=$$RANDOM$$RANDOM || exit 1; done

soak: setup-test ## kills, crashes, jobs and conflicts again and again: make soak ROUNDS=100
	@for round in $$(seq $(ROUNDS)); do .venv/bin/python -m pytest tests/store/test_server.py tests/api/test_jobs.py tests/api/test_fresh.py tests/api/test_command_line.py || exit 1; done

stop: ## stop the private PostGIS
	@$(WANGGE) database stop

lock: ## resolve the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 -o requirements.lock --upgrade -q
	uv pip compile pyproject.toml --group dev -c requirements.lock --universal --generate-hashes --python-version 3.11 -o requirements-dev.lock -q

clean: ## stop the server; remove the environment, assets and the private cluster
	-@$(WANGGE) database stop
	rm -rf .venv .wangge maps/static/vendor
