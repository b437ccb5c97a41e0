# Colloque: two commands do everything. `make run` starts a demo clinic; `make test` checks the whole house.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
# Test databases live in memory where it is roomy: on a slow disk half of the unit tests' time is waiting for it.
ROOMY = $(shell [ -w /dev/shm ] && [ "$$(df --output=avail -m /dev/shm 2>/dev/null | tail -1)" -gt 4000 ] && echo TMPDIR=/dev/shm)

.PHONY: help run setup setup-test test check unit trips bench-peers clean

help: ## Say what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup ## Install what is missing, migrate, seed a demo clinic when empty, start everything
	@exec $(VENV)/bin/colloque serve

setup: ## Install into .venv, fetch and convert the speech weights once, compile the translations
	@scripts/setup

setup-test: setup ## Also install what the tests need (Debian packages where root)
	@scripts/setup-test

test: setup-test check unit trips ## Everything: style, types, contracts, unit tests, trips in real browsers

check: ## ruff, mypy strict, import contracts, tsc on the JSDoc types, untranslated strings
	@scripts/check

unit: ## Unit tests and guards, but for the texts (check has them)
	@$(ROOMY) $(PY) -m pytest tests --ignore=tests/trips --ignore=tests/guards/test_translations.py -n 2 --dist loadfile --no-loadscope-reorder

trips: ## Whole visits: real browsers, media, Whisper, SMTP, Caddy
	@$(ROOMY) $(PY) -m pytest tests/trips -n 2 --dist loadfile --no-loadscope-reorder

bench-peers: setup-test ## Install what `bench media` and `bench speech` compare with, and recorded speech (Debian packages)
	@scripts/bench-peers

clean: ## Remove the environment and the demo clinic's data
	rm -rf $(VENV) .venv-peer var
