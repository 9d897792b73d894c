# Every target sets up what it needs: a virtual environment in .venv, made once and again when the requirements change.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Checks run on the built-in images whatever lies in data/, on one thread, where results repeat to the last digit.
CHECK := COURSE_DATA="$(CURDIR)/runs/no-data" COURSE_RUNS="$(CURDIR)/runs" OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE TQDM_DISABLE=1

.PHONY: run test lab data publish results clean

run: $(READY)
	$(BIN)/python -m course_utils run

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p runs/no-data
	$(CHECK) $(BIN)/pytest -n 2
	$(CHECK) $(BIN)/python -m course_utils run --preset smoke
	$(CHECK) $(BIN)/pytest --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg -n 2 --dist loadfile runs/smoke

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir="$(CURDIR)" notebooks/00_training_loop.ipynb

data: $(READY)
	$(BIN)/python -m course_utils data cifar10

publish: $(READY)
	$(BIN)/python -m course_utils publish

results: $(READY)
	$(BIN)/python -m benchmarks.results

clean:
	rm -rf runs .pytest_cache .ruff_cache

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt -e '.[test]'
	touch $(READY)
