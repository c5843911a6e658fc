# Everything here is a short way to call dvc, pytest or `python -m stages.<verb>`:
# with the environment active (. .venv/bin/activate) each can be called directly.

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
READY := $(VENV)/.ready
.DEFAULT_GOAL := help

.PHONY: help repro replicate test torture bench bench-gpu bench-overhead bench-scale ui publish summary picture clean lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; say which: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

repro: $(READY) ## Rebuild everything that changed, on the bundled corpora, and show the result
	@python -m stages.repro $(if $(JOBS),--jobs $(JOBS))

replicate: $(READY) ## The same on the lectures' own corpora, into metrics/upstream
	@python -m stages.replicate $(if $(JOBS),--jobs $(JOBS))

test: $(READY) ## Lint, types and the test suite
	ruff check .
	ruff format --check .
	mypy
	pytest -n 2 --dist loadfile --no-loadscope-reorder

torture: $(READY) ## Kills, full disks, dead servers: metrics/reliability.md (half an hour or more)
	pytest tests/torture --long

bench: $(READY) ## Seconds an epoch, here and in a plain twin: metrics/bench (on an idle machine)
	python -m tests.bench

bench-gpu: $(READY) ## The same on a GPU, and as CUDA graphs and in fewer bits
	python -m tests.bench --device cuda

bench-overhead: $(READY) ## What DVC, Python and MLflow cost beside a training (after make repro)
	python -m tests.bench.overhead

bench-scale: $(READY) ## Seconds and memory by the size of a corpus: metrics/bench/scale.md
	python -m tests.bench.scale

ui: $(READY) ## MLflow on http://127.0.0.1:5000
	@python -m stages.publish --after-repro
	@case "$${MLFLOW_TRACKING_URI:-}" in \
	http*) echo "MLflow runs at $$MLFLOW_TRACKING_URI" ;; \
	*) mlflow ui --host 127.0.0.1 --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}" ;; \
	esac

publish: $(READY) ## Bring MLflow up to what the files say
	python -m stages.publish

summary: $(READY) ## The headline figures again
	@python -m stages.summary

picture: $(READY) ## docs/report.png, the README's picture of the report (needs a browser)
	python .ci/picture.py metrics/upstream/report.html docs/report.png

clean: ## Remove what can be rebuilt: data, samples, checkpoints, MLflow's store, the environment
	rm -rf data metrics/samples .checkpoints .runs mlflow.db* mlartifacts $(VENV)
	rm -rf .dvc/cache .dvc/tmp .pytest_cache .mypy_cache .ruff_cache .hypothesis

lock: ## Write requirements.txt anew from pyproject.toml (on a machine without CUDA)
	./.ci/lock
