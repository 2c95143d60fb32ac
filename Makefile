# Everything here works as the first command on a fresh clone: it needs Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROOMS := schemas registry tools server clients sandbox
WORKERS ?= 2

.PHONY: demo test check format soak clean

demo: $(READY)  ## the main job, told step by step against a local AWS
	@$(BIN)/python -I examples/demo.py

test: $(READY)  ## every test but the long ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not soak"

check: $(READY)  ## what has to pass before a change lands
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(ROOMS) mlcc_registry_launcher.py
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not soak"

soak: $(READY)  ## the long suites, whole
	$(BIN)/python -m pytest -m soak --timeout 3600

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet \
	  --disable-pip-version-check -e '.[dev]'
	@touch $@
