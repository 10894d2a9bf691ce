# Every target works as the only command on a fresh machine with Python 3.11 or newer and gcc: it makes .venv and installs what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2

.PHONY: test test-all demo bench docs lint clean

test: lint
	$(BIN)/pytest -n $(WORKERS)

test-all: lint
	$(BIN)/pytest -n $(WORKERS) -m "slow or not slow"

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/pyright

demo: $(VENV)/.installed-core
	$(BIN)/universalde discover hudson-bay --out reports/hudson-bay
	$(BIN)/universalde discover lotka-volterra --out reports/lotka-volterra

# NAMES="lotka_volterra gradients" runs only those; without it every benchmark is run.
bench: $(VENV)/.installed-bench
	$(BIN)/python -m bench $(NAMES)

# The site is in build/site.
docs: $(VENV)/.installed-docs
	$(BIN)/python -m docs.tables
	$(BIN)/zensical build -f mkdocs.yml

# The environment is kept: `rm -rf .venv` to begin from nothing.
clean:
	rm -rf build dist reports .pytest_cache .ruff_cache .hypothesis
	find universalde tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp per extra: installed again only when pyproject.toml changes.
$(VENV)/.installed-core: pyproject.toml | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-test $(VENV)/.installed-bench $(VENV)/.installed-docs: $(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	$(PIP) -e ".[$*]"
	@touch $@ $(VENV)/.installed-core

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("universalde needs Python 3.11 or newer; this is %s. Write: make PYTHON=python3.11" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
