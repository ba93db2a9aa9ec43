# `make test` sets up what the tests need and runs all of them; the Python tests come last.
PYTHON ?= /usr/bin/python3
VENV   := .venv
PYTEST_ARGS ?=
# Files of tests side by side, one a processor; what the tests of a file share is set up once.
PYTEST  = $(VENV)/bin/python -m pytest -q -n auto --dist loadfile

$(VENV)/.ready: tests/requirements.txt
	$(PYTHON) -m venv --system-site-packages $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@$(VENV)/bin/python -c 'import torch' 2>/dev/null || \
	  $(VENV)/bin/pip install --quiet --disable-pip-version-check --index-url https://download.pytorch.org/whl/cpu torch || \
	  $(VENV)/bin/pip install --quiet --disable-pip-version-check torch
	@touch $@

deps-test:
	@sh deploy/deps.sh test

test: deps-test  ## set up and run every test
	@$(MAKE) --no-print-directory -j$(JOBS) all unit
	@$(MAKE) --no-print-directory pytest

pytest: all $(VENV)/.ready  ## the black-box tests alone (PYTEST_ARGS=…)
	$(PYTEST) tests $(PYTEST_ARGS)

test-asan: deps-test  ## the C tests and the HTTP tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory -j$(JOBS) all unit BUILD=build-asan CFLAGS="$(ASAN_FLAGS)"
	@$(MAKE) --no-print-directory $(VENV)/.ready
	CURVELOGD=build-asan/curvelogd $(PYTEST) tests/http -m "not slow" $(PYTEST_ARGS)

.PHONY: deps-test test pytest test-asan
