# Every target sets up what it needs: a virtual environment in .venv, made once, and again when the
# requirements change.
PYTHON ?= python3
OLDEST_PYTHON ?= python3.10
BIN := .venv/bin
READY := .venv/.ready
READY_SITE := .venv/.ready-site
# Checks run on the built-in images, whatever lies in data/, and on one thread, where results repeat
# to the last digit.
CHECK := COURSE_DATA="$(CURDIR)/runs/no-data" COURSE_RUNS="$(CURDIR)/runs" \
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE TQDM_DISABLE=1

.PHONY: run test stress audit test-lowest types lab project data publish results constraints site e2e first-hour \
	clean

run: $(READY)
	$(BIN)/python -m course_utils run

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry .
	$(BIN)/codespell
	$(BIN)/mypy
	mkdir -p runs/no-data
	$(CHECK) $(BIN)/pytest -n 2
	$(CHECK) COURSE_SHAPES=few $(BIN)/python -m course_utils run --preset smoke --jobs 2
	$(CHECK) COURSE_SHAPES=few $(BIN)/pytest --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg \
		-n 2 --dist loadfile runs/smoke

# The long form of what breaks things on purpose: every lesson offline, more kills and examples,
# other ones each time; its counts become a record, which `make results` shows
stress: $(READY)
	$(CHECK) STRESS_KILLS=200 STRESS_EXAMPLES=1500 STRESS_LESSONS=1 STRESS_RECORD=1 \
		$(BIN)/pytest -n 2 --dist loadgroup tests/faults

# Known vulnerabilities of the tested versions; asks PyPI itself, whose mirrors may not say
audit: $(READY)
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt

# The floors in pyproject.toml: the oldest Python, the oldest version of each direct dependency
test-lowest:
	$(OLDEST_PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python \
		--resolution lowest-direct -r requirements.txt -e '.[test,heic]'
	mkdir -p runs/no-data
	$(CHECK) .venv-lowest/bin/pytest -n 2
	$(CHECK) .venv-lowest/bin/python -m course_utils run --preset smoke --name lowest

types: $(READY)
	$(BIN)/mypy

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir="$(CURDIR)" notebooks/00_training_loop.ipynb

# Train lesson 10's model on a folder of pictures, one folder in it for each class
PICTURES ?= auto
project: $(READY)
	$(BIN)/python -m course_utils run 10 --dataset "$(PICTURES)" --name project

data: $(READY)
	$(BIN)/python -m course_utils data cifar10

publish: $(READY)
	$(BIN)/python -m course_utils publish

# RESULTS.md and the scoreboard in README.md, from the records
results: $(READY)
	$(BIN)/python -m benchmarks.results

# The course as pages: docs/_build/html/index.html
site: $(READY_SITE)
	$(BIN)/python -m sphinx -M html docs docs/_build -q -W --keep-going
	@echo "the site: docs/_build/html/index.html"

# The site, a run's pages and JupyterLab in Chromium, which Debian's package `chromium` brings
e2e: site
	$(CHECK) $(BIN)/pytest tests/e2e

# The times of docs/start.md, measured on a quiet machine: docs/first_hour.json, in a few minutes
first-hour: $(READY_SITE)
	mkdir -p runs/no-data
	$(CHECK) $(BIN)/python -m tests.e2e.first_hour

# The versions in .venv, for classrooms; after `make test` has passed with them
constraints: $(READY)
	$(BIN)/python tools/freeze_constraints.py > constraints.txt

clean:
	rm -rf runs docs/_build .venv-lowest .pytest_cache .ruff_cache .mypy_cache

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt -e '.[test,cluster]'
	touch $(READY)

$(READY_SITE): $(READY)
	$(BIN)/python -m pip install --quiet -e '.[docs,e2e]'
	touch $(READY_SITE)
