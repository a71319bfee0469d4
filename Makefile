# Two commands: `make run` and `make test`. The rest is for those who change the code.
# Nothing is needed but Python 3.11 or newer (with venv) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes
# T= chooses the tests: make test T="promises/tests/test_keep.py -x"
T ?=

.PHONY: run test soak bench bench-peers lint types checks lock audit sbom languages

run: $(VENV)/.run
	@exec $(BIN)/python manage.py serve $(if $(filter 0,$(DEMO)),--empty)

test: $(VENV)/.dev
	@exec $(BIN)/python -m engagement.testservers $(T)

# What takes minutes, about an hour of it on two cores: races to sign, changes behind our back, half-years of a firm,
# workers that are killed a hundred times for each seed. docs/reliability.md says what came of it.
soak: $(VENV)/.dev
	@CORPORA=full RACES=500 MUTATIONS=1000 HALF_YEARS=3 ANY_FIRMS=60 INTERLEAVINGS=1000 QUIET_HOURS=10000 CLAIMS=1000 FAILPOINTS=20 \
		KILLS=100 SEEDS=7,8,9 BROKER_DEATHS=20 RESTARTS=10 ON_TIME=10000 FLIPS=1000 DAY_IN_MINUTES=1 TRIES=10000 \
		WHOLE_MATRIX=1 GUESSES=1000000 ROUND_TRIPS=100000 exec $(BIN)/python -m engagement.testservers \
		clients/tests/test_signing_races.py clients/tests/test_evidence.py promises/tests/test_half_year.py promises/tests/test_any_firm.py \
		promises/tests/test_interleavings.py promises/tests/test_races.py promises/tests/test_dates_stay.py clients/tests/test_quiet.py \
		engagement/outbox/tests/test_failpoints.py engagement/outbox/tests/test_kills.py \
		engagement/outbox/tests/test_restarts.py engagement/outbox/tests/test_silence.py engagement/outbox/tests/test_on_time.py \
		engagement/staff/tests/test_several_processes.py engagement/tests/test_backup.py \
		engagement/tests/test_matrix.py engagement/tests/test_matrix_links.py \
		engagement/tests/test_outputs_*.py promises/tests/browser/test_outputs.py -n 0 -s $(T)

# How fast it is, on servers of its own. BENCH_ROWS=1000000 takes the whole; without it 100000, in under 25 minutes.
bench: $(VENV)/.dev
	@exec $(BIN)/python bench/run.py $(BENCH_ROWS)

# The same pages beside django-helpdesk's, which is installed from PyPI into an environment of its own.
bench-peers: $(VENV)/.dev
	@exec $(BIN)/python bench/peers.py $(BENCH_ROWS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint templates

types: $(VENV)/.dev
	$(BIN)/mypy .

checks: $(VENV)/.dev
	.ci/checks

# Whether anything pinned here is known to be vulnerable; not to have been able to ask is said, and is no all-clear.
audit: $(VENV)/.dev
	@$(BIN)/python .ci/audit

# What the product is made of, as CycloneDX JSON. SBOM= names another file.
SBOM ?= sbom.cdx.json
sbom: $(VENV)/.dev
	@$(BIN)/python .ci/sbom $(SBOM) --validate

# What clients read, in their languages: docs/languages.md.
languages: $(VENV)/.run
	@$(BIN)/pybabel --quiet compile --directory locale --domain django

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt

# A stamp is newer than the list that it was installed from; an interrupted install leaves none.
$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo "Installing what the product needs (once)…"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what tests and checks need (once)…"
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) was not found. Install it, or name it: make run PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V). Name a newer one: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@rm -f $(VENV)/.run $(VENV)/.dev
	@$(PYTHON) -m venv $(VENV)
