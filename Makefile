# `make` lists what there is. Everything is installed into .venv in this directory; nothing outside of it is changed.

PYTHON =# an interpreter instead of the newest suitable one on PATH: make run PYTHON=python3.12
SRVMAINT_CRASHES ?= 20# how often the tests kill the daemon; .ci/run does it 200 times
ARGS =# more arguments: make run ARGS="--listen 127.0.0.1:9000", make test ARGS="-k disk"

export SRVMAINT_CRASHES
IN_VENV = .venv/bin
# When the interpreter behind .venv has gone (a distribution upgrade), .venv is made again.
GONE = $(if $(realpath $(IN_VENV)/python),,gone)

.DEFAULT_GOAL = help
.PHONY: help run test check lint format types imports generated generate wheel bench gone

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

run: .venv/.program ## start the daemon: built-in defaults, or ./srvmaint.toml where there is one
	@$(IN_VENV)/python -m srvmaint serve $(ARGS)

test: .venv/.tools ## run the tests
	$(IN_VENV)/python -m pytest -n auto --dist worksteal -m "not benchmark" $(ARGS)

check: lint format types imports generated test wheel ## everything a change has to pass

lint: .venv/.tools ## ruff, every rule
	$(IN_VENV)/ruff check .

format: .venv/.tools ## is everything formatted? (`.venv/bin/ruff format .` does it)
	$(IN_VENV)/ruff format --check .

types: .venv/.tools ## mypy, strict, the tests too
	$(IN_VENV)/python -m mypy srvmaint tests

imports: .venv/.tools ## the import law
	$(IN_VENV)/lint-imports --no-cache

generated: .venv/.tools ## are the generated files current?
	$(IN_VENV)/python -m srvmaint.config --check

generate: .venv/.tools ## write the generated files
	$(IN_VENV)/python -m srvmaint.config --write

wheel: .venv/.tools ## build the wheel and use it in an environment of its own
	@sh .ci/wheel

bench: .venv/.tools ## run the benchmarks
	$(IN_VENV)/python -m pytest -m benchmark -p no:xdist -s $(ARGS)

.venv/.program: pyproject.toml .ci/setup $(GONE)
	@PYTHON='$(PYTHON)' sh .ci/setup program

.venv/.tools: pyproject.toml .ci/setup $(GONE)
	@PYTHON='$(PYTHON)' sh .ci/setup tools
