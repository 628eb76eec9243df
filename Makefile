# Two commands matter: `make run` and `make test`. Each creates .venv first, if need be.
PYTHON ?= python3
BIN := .venv/bin
OUT ?= audit
FUZZ_SECONDS ?= 600
# Of the suite, for the lowest versions; nothing is all of it.
LOWEST_TESTS ?=
# Of the sixty experiments of each subject: all, or some.
SUBJECTS ?= all
# Of the suite, what is run once for each backend of Keras.
OF_BACKEND := tests/keras_impl/backends tests/compare/subjects/test_sixty_experiments.py
BY_TEST := --numprocesses auto --maxprocesses 4 --dist worksteal

.PHONY: run test test-lowest test-subjects check fuzz natural hostile defects bench pictures docs format clean

run: .venv/installed
	$(BIN)/python -m compare.run --out $(OUT)

test: check .venv/installed
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The lowest versions that pyproject.toml allows, in an environment of their own.
test-lowest: .venv-lowest/installed
	.venv-lowest/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(LOWEST_TESTS)

# Keras on JAX and on PyTorch, each in a process of its own, PyTorch itself, and JAX with optax; see CONTRIBUTING.
test-subjects: .venv/subjects
	SUBJECTS=$(SUBJECTS) $(BIN)/python -m pytest $(BY_TEST) tests/compare/subjects tests/compare/defects/subjects \
		tests/compare/run/test_subject.py tests/reference/test_readings_of_systems.py \
		--ignore tests/compare/subjects/test_function.py --ignore tests/compare/subjects/test_opening.py
	KERAS_BACKEND=jax SUBJECTS=$(SUBJECTS) $(BIN)/python -m pytest $(BY_TEST) $(OF_BACKEND)
	KERAS_BACKEND=torch SUBJECTS=$(SUBJECTS) $(BIN)/python -m pytest $(BY_TEST) $(OF_BACKEND)

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Random experiments that nobody has tried yet, for FUZZ_SECONDS seconds.
fuzz: .venv/installed
	HYPOTHESIS_PROFILE=fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m pytest tests/compare/certificates/test_properties.py
	FUZZ_QUESTIONS=200 FUZZ_FIRST=$$(date +%s) $(BIN)/python -m pytest tests/compare/surface/test_critical_random.py

# The whole grid of runs that people try first, long and into underflow: every optimizer, start, dtype and batch size.
natural: .venv/installed
	NATURAL_RUNS=all $(BIN)/python -m pytest --numprocesses 2 tests/compare/certificates/test_natural_runs.py

# Four hundred command lines that nobody should ever give.
hostile: .venv/installed
	HOSTILE=all $(BIN)/python -m pytest tests/compare/system/test_hostile.py

defects: .venv/installed
	$(BIN)/python -m compare.defects --out $(OUT)

# On an idle machine; also measures JAX, PyTorch and numba if they are installed in .venv.
bench: .venv/installed
	$(BIN)/python -m compare.bench --out $(OUT)

# Those of the README.
pictures: .venv/installed
	$(BIN)/python docs/pictures.py

# To docs/build/html, from the docstrings and the pages in docs/.
docs: .venv/installed
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet docs docs/build/html

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-lowest build dist audit docs/build

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,docs]'
	touch $@

.venv/subjects: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,docs,jax,torch,optax]'
	touch $@

.venv-lowest/installed: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt --editable '.[test,docs]'
	touch $@
