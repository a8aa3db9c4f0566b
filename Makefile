# Everything one does with Parley; `make` alone lists it.
#
# Each target first makes what it needs, once: a virtual environment with the locked
# packages and, for what serves or chats, .env and the database. Once installed, all of it works
# offline. Written for GNU Make 3.81 (which macOS has) and a POSIX shell.

VENV := .venv
PY   := $(VENV)/bin/python
# The Python that makes the virtual environment: empty means the first that will do.
PYTHON ?=
# More arguments for the program that a target runs: make test ARGS="-k script"
ARGS ?=

LOCK := pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help chat server terminal worker test chaos bench check format coverage lock clients clean runtime dev venv database

help: ## List these targets
	@echo "Parley. Some of what follows takes ARGS, as in: make test ARGS=-x"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

chat: runtime .env database ## Chat in the browser, history, the API: http://127.0.0.1:8501
	@exec $(PY) -m streamlit run app.py $(ARGS)

server: runtime .env database ## The API alone, for programs, at http://127.0.0.1:8000/v1
	@exec $(PY) -m server $(ARGS)

terminal: runtime .env database ## Chat in this terminal
	@exec $(PY) terminal-chat.py $(ARGS)

worker: runtime .env database ## Execute runs of other processes that share a PostgreSQL database
	@exec $(PY) -m setup.worker $(ARGS)

test: dev clients ## Run the tests
	@exec $(PY) -m pytest $(ARGS)

chaos: dev ## Kill, freeze and end processes by the hundred, and look at what they leave
	@exec $(PY) -m tests.chaos $(ARGS)

bench: dev ## Measure the core, ten minutes long; ARGS=--quick for a rough look
	@exec $(PY) -m benchmarks.core $(ARGS)

check: dev ## Check style, types, imports, locks and documented settings, as CI does
	$(PY) .ci/locks.py check
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as main; main()'
	$(PY) -m pytest --quiet tests/unit/test_settings_documented.py

format: dev ## Put the code into shape
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

coverage: dev clients ## Run the tests and hold them to the coverage we promise
	$(PY) -m pytest --cov --cov-report= $(ARGS)
	$(PY) -m coverage report --include='conversation/*,mediator/*' --fail-under=100
	$(PY) -m coverage report --fail-under=90

lock: venv ## Lock the dependencies of pyproject.toml; ARGS=--upgrade for newer ones
	@$(find_uv); set -ex; head="make lock (dependencies $$($(PY) .ci/locks.py))"; \
	$$uv $(LOCK) $(ARGS) --custom-compile-command "$$head" -o requirements.txt; \
	$$uv $(LOCK) $(ARGS) --custom-compile-command "$$head" -o requirements-dev.txt \
		--group dev --constraints requirements.txt

clean: ## Remove the virtual environments and all caches; never .env or your data
	rm -rf $(VENV) .venv-clients .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		.hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What the targets above stand on ---

runtime: venv
	@$(call install,requirements.txt,runtime)

dev: venv
	@$(call install,requirements-dev.txt,dev)

database: runtime .env
	@$(PY) -m setup.db_setup

# Clients that tests prove the API with, from locks of their own. Where a registry or Node is
# missing, this says so and goes on.
clients: dev
	@$(PY) -m tests.server.clients

# It will hold keys, so it is its owner's alone. An existing one is never touched.
.env:
	@umask 077 && cp .env_sample .env && echo "Made .env from .env_sample: your keys go there."

# `.unmade` stands in a virtual environment whose making was interrupted. One that a person
# made is as good as ours, if its Python runs and is new enough.
venv:
	@[ ! -e $(VENV)/.unmade ] && $(PY) -S -c '$(new_enough)' 2>/dev/null || { \
		$(find_python); set -e; \
		echo "Making $(VENV) with $$python ($$version)"; \
		rm -rf $(VENV); mkdir $(VENV); : > $(VENV)/.unmade; \
		$$python -m venv $(VENV); rm $(VENV)/.unmade; }

new_enough := import sys; sys.exit(sys.version_info < (3, 11))

# Sets $python and $version, or ends with one line that says what is wrong.
find_python = \
	python=; why="$(or $(PYTHON),python3) was not found"; \
	for one in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
		version=$$($$one -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) \
			|| continue; \
		if ! $$one -c '$(new_enough)'; then \
			[ -n "$$bare" ] || why="$$one is $$version"; \
		elif ! $$one -c 'import ensurepip, venv' 2>/dev/null; then \
			bare=1; why="$$one has no venv (on Debian and Ubuntu: apt install python3-venv)"; \
		else \
			python=$$one; break; \
		fi; \
	done; \
	[ -n "$$python" ] || { echo "Parley needs Python 3.11 or newer, with venv: $$why." \
		"To choose one: make PYTHON=/path/to/python3" >&2; exit 1; }

# Sets $uv: the one on PATH unless it is older than 0.8, else one in the virtual environment.
find_uv = \
	uv=uv; \
	case "$$(uv --version 2>/dev/null)" in '' | 'uv 0.'[0-7].*) \
		uv="$(PY) -m uv"; \
		$$uv --version >/dev/null 2>&1 || \
			$(PY) -m pip install --quiet --disable-pip-version-check 'uv>=0.8' || exit 1 ;; \
	esac

# $(call install,<lock>,<stamp>): install a lock, unless its stamp says that this was done.
# `.installing` outlives an install that was killed: no stamp counts then, and what is half
# written is replaced. `.failed` is left by one that gave up, say for want of a network: what
# was there still works. Packages are only added or changed, and the lock for development
# holds all of the runtime's, so neither target undoes the other.
define install
	state="$$($(PY) -V) $$(cksum < $(1))"; \
	if [ -e $(VENV)/.installing ] || [ "$$state" != "$$(cat $(VENV)/.$(2) 2>/dev/null)" ]; then \
		$(find_uv); \
		again=; [ ! -e $(VENV)/.installing ] && [ ! -e $(VENV)/.failed ] || again=--reinstall; \
		echo "Installing $(1) (a minute or two, the first time)"; \
		: > $(VENV)/.installing; \
		$$uv pip install --quiet --python $(PY) --require-hashes $$again -r $(1) || { \
			[ $$? -ge 128 ] || mv $(VENV)/.installing $(VENV)/.failed; exit 1; }; \
		rm -f $(VENV)/.runtime $(VENV)/.dev $(VENV)/.failed; \
		[ $(2) = runtime ] || echo "$$($(PY) -V) $$(cksum < requirements.txt)" > $(VENV)/.runtime; \
		echo "$$state" > $(VENV)/.$(2); \
		rm $(VENV)/.installing; \
	fi
endef
