# What can be done with the project; `make help` lists it. Nothing here asks a question.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test coverage setup setup-test lint bench kill kill-drift kill-hub rehearse interfere soak soak-panel contracts translations package package-twice smoke lock clean
export PYTHON ?= python3

BIN := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 12

run: setup ## set up and start a paper session (ARGS="..." are handed to the program)
	@exec $(BIN)/evenkeel $(ARGS)

test: setup-test lint ## set up, lint and run every test (ARGS="..." are handed to pytest)
	$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal $(ARGS)

coverage: setup-test ## which lines no test reaches
	$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage report

setup: ## install what running takes
	@bash packaging/setup run

setup-test: ## install what testing takes as well
	@bash packaging/setup test

lint: setup-test ## style, types and the walls between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-test ## run each script of tests/bench on a virtual screen; one JSON line for each figure
	@QT_QPA_PLATFORM=xcb xvfb-run --auto-servernum --server-args="-screen 0 1920x1200x24" bash -c 'failed=0; \
	for script in $$(grep -l __main__ tests/bench/*.py); do $(BIN)/python "$$script" || failed=1; done; exit $$failed'

kill: setup-test ## kill the program at every named point, 50 seeds each (ARGS="--seeds 5 --points place.sent")
	@$(BIN)/python -m tests.fault.kill $(ARGS)

kill-drift: setup-test ## kill the drift engine at every named point, 50 seeds each, under reorgs (ARGS="--seeds 5")
	@$(BIN)/python -m tests.fault.kill_drift $(ARGS)

kill-hub: setup-test ## kill the hub engine at every named point, 50 seeds each, under reorgs (ARGS="--seeds 5")
	@$(BIN)/python -m tests.fault.kill_hub $(ARGS)

rehearse: setup-test ## LIVE and OBSERVE at a look-alike of Kraken in a network of its own (ARGS="--histories 50 --scenes none")
	@$(BIN)/python -m tests.rehearse --state build/rehearse.jsonl $(ARGS)

interfere: setup-test ## what others do to the account and the exchange, 6 simulated hours each (ARGS="--seeds 1 --hours 1 --pairs 0")
	@$(BIN)/python -m tests.interfere --state build/interfere.jsonl $(ARGS)

soak: setup-test ## 24 simulated hours under each fault of the exchange (ARGS="--hours 1 --faults all")
	@$(BIN)/python -m tests.soak.faults $(ARGS)

soak-panel: setup-test ## a week of the panel, 200 ends, and canary secrets in a real keyring: hours
	@$(BIN)/python -m tests.soak.week && $(BIN)/python -m tests.soak.shutdowns && $(BIN)/python -m tests.soak.canaries

contracts: setup ## compile resources/contracts anew
	@cd .venv/chain && node ../../packaging/chain/compile.mjs $(CURDIR)/resources/contracts $(CURDIR)/resources/contracts/artifacts

translations: setup ## bring resources/translations up to date with the texts of the panel, and compile them
	@$(BIN)/python packaging/translate

package: setup-test ## build the packages of this commit into dist/
	@bash packaging/package dist

package-twice: package ## build them a second time elsewhere and compare the archives byte by byte
	@bash packaging/twice dist --archives

smoke: package ## build, install, use and remove the Debian package on this machine (root)
	@bash packaging/smoke dist

lock: ## pin the dependencies anew (ARGS=--upgrade moves the pins that are there)
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$$PYTHON -m venv --without-pip "$$tools"; \
	$$PYTHON -m pip --python "$$tools/bin/python" install --quiet uv; \
	pin=("$$tools/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header $(ARGS)); \
	"$${pin[@]}" --extra build --output-file requirements.lock; \
	"$${pin[@]}" --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove everything that was made here
	@rm -rf .venv build dist *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
