# Everything starts from nothing but Python 3.11+, make and the package registries.
.DEFAULT_GOAL := help
.PHONY: help demo up down demo-kubernetes up-kubernetes down-kubernetes test lint unit quick lanes

SCENARIO ?= lost-replica
FORM ?=

help:  ## what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo:  ## a game day on the demo shop, from nothing (SCENARIO=name of scenarios/)
	@demo/venv demo
	@.venv/bin/python demo/play $(SCENARIO)

up:  ## the demo shop alone (FORM=docker or local; default: what is possible)
	@demo/venv demo
	@.venv/bin/python demo/up $(FORM)

down:  ## remove the demo shop
	@python3 demo/down

demo-kubernetes:  ## the same on a cluster (CONTEXT=name of the kubeconfig's)
	@python3 demo/kubernetes look
	@demo/venv demo
	@.venv/bin/python demo/kubernetes play $(SCENARIO)

up-kubernetes:  ## the demo shop alone, on the cluster of CONTEXT
	@python3 demo/kubernetes look
	@demo/venv demo
	@.venv/bin/python demo/kubernetes up

down-kubernetes:  ## remove the demo shop from the cluster of CONTEXT
	@python3 demo/kubernetes down

lint:  ## formatting, types, imports
	@demo/venv dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

unit:
	.venv/bin/python -m pytest -q -n 2 tests/unit tests/architecture

quick:  ## `lint` and the unit tests: what is run all day
	@demo/venv dev
	@$(MAKE) --no-print-directory --output-sync --jobs=2 lint unit

test: quick  ## everything, from nothing (two cores: some 20 minutes)
	.venv/bin/python tests/everything.py

lanes:  ## unit tests and one game day on the other Pythons that are here
	@demo/venv dev
	.venv/bin/python tests/lanes.py
