# `make up` and `make test` need Python >= 3.11 and make, nothing else: see scripts/uv.
.DEFAULT_GOAL := help
UV := scripts/uv
SYNC := $(UV) sync --quiet --frozen --inexact
SHOP := .venv/bin/shop
unexport VIRTUAL_ENV

.PHONY: help up seed reset doctor mails package aws synth test check generate format bench audit otelcol clean

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

up: export SHOP_ENDS_WITH_PARENT = 1 # a make that is killed takes the shop along
up: install ## start the shop; Ctrl-C ends it. Options: make up ARGS="--port 9000"  (make up ARGS=--help)
	@exec $(SHOP) up $(ARGS)

seed: install ## give the running shop a catalog of any size: make seed ARGS="--products 100000"
	@$(SHOP) seed $(ARGS)

reset: install ## forget all data and begin anew, whether the shop runs or not
	@$(SHOP) reset $(ARGS)

doctor: install ## find out why the shop does not start
	@$(SHOP) doctor $(ARGS)

mails: install ## the mails that the running shop has sent
	@$(SHOP) mails $(ARGS)

package: install ## make the zips for Lambda in dist/aws. Options: make package ARGS="--target host"
	@$(SHOP) package $(ARGS)

test: install-dev browser ## the whole test suite. One part: make test ARGS="tests/unit -k money"
	@.venv/bin/pytest -n 2 --dist worksteal -q $(ARGS)

check: install-dev ## format, lint, types, import rules
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

generate: install-dev ## write anew what is made from the code: signal names and pages, event schemas, OpenAPI
	@.venv/bin/python -m shop.telemetry.generate
	@.venv/bin/python -m shop.contracts.schemas
	@.venv/bin/python -m shop.local.openapi

format: install-dev ## format the code, mend what can be mended
	@.venv/bin/ruff format
	@.venv/bin/ruff check --fix

bench: install-dev ## measure what the project promises, one benchmark after the other
	@for script in tests/bench/bench_*.py; do echo "== $$script"; PYTHONPATH=. .venv/bin/python "$$script" $(ARGS) || exit 1; done

aws: install ## the shop on AWS: make aws ARGS="doctor", deploy, smoke, seed, cost, destroy (ARGS=--help shows all)
	@$(SYNC) --group infra
	@$(SHOP) aws $(ARGS)

synth: install ## write the CloudFormation templates of the shop on AWS to cdk.out: make synth ARGS="--name taro"
	@$(SYNC) --group infra
	@$(SHOP) aws synth $(ARGS)

audit: install-dev ## known vulnerabilities of what we depend on (asks the network)
	@.venv/bin/pip-audit --skip-editable

otelcol: ## build an OpenTelemetry Collector with Go, for the tests against a real one
	@scripts/otelcol

clean: ## remove what was installed and what tools keep; the shop's data (.shop/) stays
	@rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .otelcol dist cdk.out

.PHONY: install install-dev browser
install:
	@$(SYNC)
install-dev:
	@$(SYNC) --group dev --group infra
browser:
	@scripts/browser
