# make run: everything on this machine, on embedded defaults; see README.md
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: run test lint bench simulate torture migrate
.DEFAULT_GOAL := run

$(VENV)/bin/python:
	@echo "== 1/2 가상환경을 만듭니다 · Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv $(VENV)

# A stamp holds what was installed, so that an unchanged list is not installed again.
$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@cmp -s requirements.txt $@ || { \
	  echo "== 2/2 필요한 것을 설치합니다 · Installing requirements"; \
	  $(RUN) -m pip install --disable-pip-version-check -r requirements.txt; }
	@cp requirements.txt $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@cmp -s requirements-dev.txt $@ || \
	  $(RUN) -m pip install --disable-pip-version-check -r requirements-dev.txt
	@cp requirements-dev.txt $@

run: $(VENV)/installed
	@exec $(RUN) app.py

migrate: $(VENV)/installed
	@$(RUN) app.py migrate

# Tests of whole programs, audio and kills time what they see: only the simulated days, which step
# aside for everything else, run beside them.
PROCESSES := $(wildcard tests/browser/test_*.py) tests/faults tests/torture tests/core/test_start.py tests/core/test_worker.py
SIMULATED := tests/simulation
SPREAD := -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

test: $(VENV)/installed-dev
	@sh scripts/get_browser.sh
	@told=$$(mktemp); nice -n 19 $(RUN) $(SPREAD) $(SIMULATED) >"$$told" 2>&1 & beside=$$!; \
	trap "kill $$beside; exit 1" INT TERM; failed=0; \
	$(RUN) $(SPREAD) $(PROCESSES:%=--ignore=%) --ignore=$(SIMULATED) || failed=1; \
	$(RUN) -m pytest $(PROCESSES) || failed=1; \
	wait $$beside || failed=1; cat "$$told"; rm "$$told"; exit $$failed

lint: $(VENV)/installed-dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check -q .
	@$(RUN) -m mypy .

bench: $(VENV)/installed-dev
	@$(RUN) -m tests.bench

SEED ?= 120
DAYS ?= 1
simulate: $(VENV)/installed-dev
	@$(RUN) -m tests.simulation --seed $(SEED) --days $(DAYS) \
	  $(if $(DATE),--date $(DATE)) $(if $(WHOLE),--whole) $(if $(LINE),--line) $(if $(SEATS),--seats $(SEATS)) \
	  $(if $(PICTURE),--picture $(PICTURE)) \
	  $(if $(FAULTS),--faults $(FAULTS)) $(if $(SHORT),--short) $(if $(PLAN),--plan $(PLAN)) \
	  $(if $(CALLERS),--callers $(CALLERS)) $(if $(HOURS),--hours $(HOURS)) $(if $(SEEDS),--short --seeds $(SEEDS) -j 2)

# Real processes on the wall clock, killed at seeded moments; see docs/torture.md.
KILLS ?= 200
torture: $(VENV)/installed-dev
	@$(RUN) -m tests.torture --seed $(SEED) --kills $(KILLS) \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(if $(TIMES),--times $(TIMES))
