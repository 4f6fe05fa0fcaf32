# Two commands do everything: `make demo` and `make test`. Both work on a fresh machine with Python 3.11.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup demo test check bench train-starter clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.test  ## the virtual environment with what the tests need

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.package: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.package
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group check
	@touch $@

# Two packages that carry photos under free licences; only their files are read, so nothing else is installed with them.
PHOTOS := $(VENV)/demo-photos

$(PHOTOS)/.done: Makefile | $(VENV)/.package
	$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: --upgrade --target $(PHOTOS) \
		scikit-image==0.26.0 scikit-learn==1.9.1
	@touch $@

demo: $(VENV)/.package $(PHOTOS)/.done  ## classify real photos offline, draw demo-output/sheet.png
	$(BIN)/python demo/run.py $(PHOTOS)

test: $(VENV)/.test $(PHOTOS)/.done  ## the test suite, with coverage
	$(BIN)/python -m pytest --cov --cov-report=term

check: $(VENV)/.check  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# For both sides alike, OpenBLAS chooses the kernel for the processor it finds, and one thread, so that formulas are
# compared and not how a busy machine schedules threads.
bench: $(VENV)/.package  ## speed side by side with the published formulas
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 $(BIN)/python bench/run.py $(BENCH)

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* demo-output
