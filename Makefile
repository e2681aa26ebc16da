# `make` lists what there is to do. Needs Python 3.11 or newer, and pip or uv.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help install run test test-py test-js test-long packages lint fix fuzz conformance conformance-server crash \
	chaos alert-rules plans soak bench profile bench-latency bench-memory bench-pages bench-nodes binary binary-smoke pipecat
.DELETE_ON_ERROR:
export PYTHONDONTWRITEBYTECODE :=  # the tests start hundreds of Pythons: what one has compiled the next one reads

help:  ## list these targets
	@sed -nE 's/^([a-z-]+):.*  ## (.*)/  make \1 \2/p' Makefile | awk '{ $$2 = sprintf("%-19s", $$2); print " ", $$0 }'

install: $(VENV)/run.txt  ## what running needs, into .venv

run: install  ## install, serve on http://localhost:8000, with demo calls where the database was empty
	@exec $(PY) server.py run

test: test-js test-py  ## the tests but for the long ones, with what they need of the system's packages

test-py: packages $(VENV)/test.txt
	$(PY) -m pytest -m "not long" -n 4 --dist worksteal  # twice the cores of the smallest machine: tests wait half of the time

test-long: packages $(VENV)/test.txt  ## the long ones: browsers, foreign clients, floods, faults; CASES=core: those that CI runs
	$(PY) -m pytest -m "long$(if $(filter core,$(CASES)), and not thorough)" -n 4 --dist worksteal

test-js: packages
	@if ! sh tests/system_packages.sh has node; then echo "SKIPPED: tests/js, which need node 20 or newer"; \
	else node --test $$(find tests/js -name '*test*.*js'); fi

packages:
	@sh tests/system_packages.sh

lint: $(VENV)/test.txt  ## what style and format object to
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

conformance: $(VENV)/test.txt  ## the WebSocket cases of Autobahn; CASES=core leaves out compression
	$(PY) -m tests.run_conformance $(CASES)

conformance-server: $(VENV)/run.txt  ## an echo server for WebSocket suites on 127.0.0.1, PORT=9001
	@exec $(PY) -m handlers.conformance $(or $(PORT),9001)

fuzz: $(VENV)/test.txt  ## what strangers send, nearly right: INPUTS=1000000 of them; SEED=n for the same ones again
	@$(PY) -m tests.fuzz $(if $(INPUTS),--inputs $(INPUTS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

KILLS ?= 100
crash: $(VENV)/test.txt  ## kill a server under load KILLS times; nothing acknowledged may be lost (CRASH=--postgresql)
	$(PY) -m tests.crash --kills $(KILLS) $(CRASH)

chaos: packages $(VENV)/test.txt  ## three nodes, and faults at random for SECONDS=120; nothing may be lost (SEED=n)
	@PYTHONPATH=tests $(PY) -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

HOURS ?= 1
soak: $(VENV)/test.txt  ## a server under a mixed load for HOURS; what should be gone is gone, and memory stays
	@PYTHONPATH=tests $(PY) -m tests.soak --hours $(HOURS)

PIPECAT := pipecat-ai>=1.14,<2 deepgram-sdk>=7,<8
pipecat: build/pipecat/installed.txt $(VENV)/test.txt  ## the example's observer in a real Pipecat bot: installs 500 MiB
	PIPECAT_PYTHON=$(CURDIR)/build/pipecat/bin/python $(PY) -m pytest tests/test_pipecat.py

alert-rules:  ## each alert of deploy/ fires where it should; needs promtool (Debian's package prometheus)
	promtool test rules tests/prometheus_alerts.yml

ROWS ?= 10000000
plans: packages $(VENV)/test.txt  ## how the hot queries scale to ROWS entries, on both databases
	$(PY) -m tests.plans --rows $(ROWS)

bench: $(VENV)/test.txt  ## beside its peers and the floor (WORK=fanout,… ROUNDS= SECONDS= RESULTS= PICTURE=)
	@PYTHON="$(PYTHON)" $(PY) bench/run.py --work "$(WORK)" --rounds $(or $(ROUNDS),5) --seconds $(or $(SECONDS),3) \
	$(if $(RESULTS),--results $(RESULTS)) $(if $(PICTURE),--picture $(PICTURE))

profile: $(VENV)/test.txt  ## where our server's time goes (WORK=fanout,durable)
	@PYTHON="$(PYTHON)" $(PY) bench/profiling.py $(if $(WORK),--work $(WORK))

bench-latency: $(VENV)/test.txt  ## how long a word takes from producer to viewer, 200 calls at once
	$(PY) bench/latency.py

bench-memory: $(VENV)/test.txt  ## what viewers cost in memory, reading and not
	$(PY) bench/memory.py

bench-pages: $(VENV)/test.txt  ## what the wall with 300 calls and a call of 5,000 segments cost the browser
	$(PY) bench/pages.py $(if $(TICKS),--ticks $(TICKS)) $(if $(FINALS),--finals $(FINALS))

bench-nodes: packages $(VENV)/test.txt  ## what several nodes add, give and cost, and how long faults take: a quarter of an hour
	@exec $(PY) bench/nodes.py --work "$(WORK)" --rounds $(or $(ROUNDS),3) --seconds $(or $(SECONDS),4)

fix: $(VENV)/test.txt  ## mend style and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

binary: dist/callboard  ## dist/callboard: one file that serves, and needs no Python

binary-smoke: binary $(VENV)/test.txt  ## all that this file is for, tried in a root with nothing but the C library
	PYTHONPATH=. $(PY) tests/binary_smoke.py dist/callboard

BUILT_FROM = $(wildcard *.py) $(shell find commands docs documents examples exports handlers hub models redaction rules sources static templates -type f ! -name '*.pyc')
COMMIT_FILES = $(wildcard .git/HEAD .git/logs/HEAD)  # another commit is another binary: it says which
dist/callboard: callboard.spec $(BUILT_FROM) $(COMMIT_FILES) $(VENV)/binary.txt
	$(PY) -m PyInstaller --noconfirm --log-level ERROR callboard.spec

# Each file lists what pyproject.toml wants of its kind, and is there once that is installed.
$(VENV)/run.txt: EXTRAS :=
$(VENV)/test.txt: EXTRAS := test
$(VENV)/binary.txt: EXTRAS := binary
$(VENV)/%.txt: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Callboard needs Python 3.11 or newer.")'
	@echo "Installing into $(VENV)"
	@if command -v uv >/dev/null; then uv venv -q --allow-existing --python $(PYTHON) $(VENV); \
	else $(PYTHON) -m venv --without-pip $(VENV); fi
	@$(PY) -c 'import sys, tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*p["dependencies"], *(d for e in sys.argv[1:] for d in p["optional-dependencies"][e]), sep="\n")' $(EXTRAS) >$@
	@if command -v uv >/dev/null; then uv pip install -q --python $(PY) -r $@; \
	else $(PYTHON) -m pip --python $(PY) install -q --disable-pip-version-check -r $@; fi

build/pipecat/installed.txt: Makefile
	@echo "Installing into build/pipecat"
	@if command -v uv >/dev/null; then uv venv -q --allow-existing --python $(PYTHON) build/pipecat; \
	uv pip install -q --python build/pipecat/bin/python $(foreach one,$(PIPECAT),'$(one)'); \
	else $(PYTHON) -m venv --without-pip build/pipecat; \
	$(PYTHON) -m pip --python build/pipecat/bin/python install -q --disable-pip-version-check $(foreach one,$(PIPECAT),'$(one)'); fi
	@echo '$(PIPECAT)' >$@
