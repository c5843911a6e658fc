# Shortcuts for `recurrent`, dvc and pytest. After `. .venv/bin/activate`, each can be called
# directly.

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
READY := $(VENV)/.ready
JOBS_OPTION := $(if $(JOBS),--jobs $(JOBS))
.DEFAULT_GOAL := help

.PHONY: help install repro beyond replicate test lint pytest notebook torture bench bench-first-run bench-gpu bench-overhead bench-protocol bench-scale ui publish summary picture clean lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	@echo "making .venv with the packages of requirements.txt: this takes some minutes"
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

install: $(READY) ## Make the environment (.venv) with the command `recurrent`

repro: $(READY) ## Rebuild what changed, on the bundled corpora, and show the result
	@python -m recurrent repro $(JOBS_OPTION)

beyond: $(READY) ## The same, plus the experiments in beyond/
	@python -m recurrent repro --beyond $(JOBS_OPTION)

replicate: $(READY) ## Run on the lectures' own corpora; results in metrics/upstream
	@python -m recurrent replicate $(JOBS_OPTION)

test: lint pytest ## Lint, types and the test suite

lint: $(READY) ## Lint, types and CI's workflow
	ruff check .
	ruff format --check .
	mypy
	actionlint

pytest: $(READY) ## The test suite
	pytest -n 2 --dist loadfile --no-loadscope-reorder

notebook: $(READY) ## Execute notebooks/tour.ipynb and write its output into it
	python -m scripts.notebook

torture: $(READY) ## All fault-injection tests; results in metrics/reliability.md
	pytest tests/reliability --long

bench: $(READY) ## Seconds per epoch, ours and plain ports; results in metrics/bench (on an idle machine)
	python -m benchmarks

bench-first-run: $(READY) ## Time of a first run in a fresh clone; results in metrics/bench/first-run.md
	python -m benchmarks.first_run

bench-gpu: $(READY) ## Speed and results on a GPU, in about 8 minutes; results in metrics/bench/gpu.md
	python -m benchmarks.gpu

bench-overhead: $(READY) ## What DVC, Python and MLflow cost besides training
	python -m benchmarks.overhead

bench-protocol: $(READY) ## Four ways to train nn.GRU and nn.LSTM, against the published numbers
	python -m benchmarks.protocol

bench-scale: $(READY) ## Time and memory by corpus size
	python -m benchmarks.scale

ui: $(READY) ## MLflow on http://127.0.0.1:5000, with a link to each lecture's runs and charts
	@python -m recurrent ui

publish: $(READY) ## Publish to MLflow the runs and results that it lacks
	@python -m recurrent publish

summary: $(READY) ## Show the headline results again
	@python -m recurrent summary

picture: $(READY) ## Take the README's screenshots of both reports, docs/report-*.png (needs a browser)
	python scripts/picture.py metrics/report.html docs/report-bundled.png
	python scripts/picture.py metrics/upstream/report.html docs/report-upstream.png

clean: ## Remove what can be rebuilt: data, MLflow's store, the environment, DVC's cache
	rm -rf data mlflow.db* mlartifacts $(VENV) *.egg-info .dvc/cache .dvc/tmp
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

lock: ## Pin requirements.txt again from pyproject.toml (on a machine without CUDA)
	./scripts/lock
