# Two commands for a newcomer: `make lab` and `make test`. Everything is installed into .venv; nothing needs root but the
# Debian packages of apt.txt, which only the tests use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NOTEBOOK ?= notebooks/Home.ipynb
# Where JupyterLab keeps its windows: the course starts with the file list folded, and then as you left it.
WORKSPACES := $(CURDIR)/$(VENV)/workspaces
# Workers of the test run; the machine's two cores by default.
JOBS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: lab test test-unit test-protocol test-notebooks test-browser lint prose types format bench fuzz docs site lite compare-linters notebooks-refresh tools pebble constraints \
  dist release-files version test-python clean

lab: $(VENV)/.runtime
	@$(BIN)/python deploy/get_pebble.py 2.4 || echo "Without Pebble everything works but ACME: notebooks 13 and 14, and some cases of the clinic."
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null
	@echo "JupyterLab prints its URL below; Ctrl-C twice stops it."
	@mkdir -p $(WORKSPACES); ls $(WORKSPACES)/*.jupyterlab-workspace >/dev/null 2>&1 || \
	  JUPYTERLAB_WORKSPACES_DIR=$(WORKSPACES) $(BIN)/jupyter lab workspaces import deploy/jupyter/workspace.json 2>/dev/null || true
	JUPYTERLAB_WORKSPACES_DIR=$(WORKSPACES) $(BIN)/jupyter lab $(NOTEBOOK) --ServerApp.ip=127.0.0.1 $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS)

test: $(VENV)/.dev tools pebble lint types
	$(BIN)/pytest -n $(JOBS) tests/unit tests/protocol tests/interop tests/notebooks
	$(MAKE) --no-print-directory test-notebooks test-browser

test-unit: $(VENV)/.dev
	$(BIN)/pytest -n $(JOBS) tests/unit

test-protocol: $(VENV)/.dev pebble
	$(BIN)/pytest -n $(JOBS) tests/protocol tests/interop

test-notebooks: $(VENV)/.dev pebble
	$(BIN)/python -m tests.support.notebooks -n $(JOBS)

test-browser: $(VENV)/.dev pebble
	$(BIN)/pytest -n $(JOBS) --dist loadgroup tests/browser

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff check --preview --select DOC501 pkikit
	$(BIN)/pydoclint --quiet pkikit
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# Everything that people read: grammar, spelling and old words (docs/style.md).
prose: $(VENV)/.dev
	$(BIN)/python -m tests.support.prose

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/api.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev pebble
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.decisions
	$(BIN)/python -m tests.bench.diagnose
	$(BIN)/python -m tests.bench.brought
	$(BIN)/python -m tests.bench.sockets
	$(BIN)/python -m tests.bench.acme
	$(BIN)/python -m tests.bench.workbook
	$(BIN)/python -m tests.bench.class_of_30 || [ $$? = 3 ]
	$(BIN)/python -m tests.bench.plans
	PLAN_PAIRS=200 $(BIN)/pytest -q tests/unit/test_plan_truth.py
	$(BIN)/python -m tests.bench.fleet

# A minute of mutated input for everything that reads what strangers made; what it finds lies in artifacts/fuzz.
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

compare-linters: $(VENV)/.dev
	$(BIN)/python -m tests.support.compare_linters

docs: $(VENV)/.dev
	$(BIN)/python -m tests.support.generate_docs
	$(BIN)/python -m tests.support.agreement

# Executes every notebook anew and shows what changed: not only which files, but the lines of their outputs.
notebooks-refresh: $(VENV)/.dev pebble
	cd notebooks && ls *.ipynb dashboards/*.ipynb | XDG_STATE_HOME=$$(mktemp -d) xargs -P $(JOBS) -n 1 ../$(BIN)/jupyter nbconvert --log-level WARN --to notebook --execute --inplace
	$(BIN)/python -m tests.support.clean_notebooks notebooks/*.ipynb notebooks/dashboards/*.ipynb
	git --no-pager diff --stat -- notebooks
	git --no-pager diff -U1 -- notebooks | grep -E '^[-+] +"' | grep -v 'svg' | head -200 || true

# The documents and the executed course as a site, in artifacts/site.
site: $(VENV)/.dev docs
	$(BIN)/python -m tests.support.site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict
	if [ -d artifacts/lite ]; then cp -r artifacts/lite artifacts/site/lite; fi

# The decisions in a browser: a folder of static files, in artifacts/lite (docs/browser.md). It needs npm. `make site` takes it
# along. PYODIDE=FOLDER, a full distribution of Pyodide, adds what reads certificates.
lite: $(VENV)/.runtime
	$(BIN)/python deploy/lite/build_lite.py $(if $(PYODIDE),--pyodide "$(PYODIDE)")

# The Debian packages that the tests use. As root they are installed; otherwise what is missing is named, the tests that
# need it are skipped with a reason, and under CI=true they fail.
tools:
	@missing=""; for p in $$(sed 's/#.*//' apt.txt); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ]; then \
	  echo "installing$$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	elif [ -n "$$missing" ]; then echo "not installed, so some tests are skipped:$$missing (sudo apt-get install$$missing)"; fi

# The ACME CA of the lab, in its two generations. Nothing else in this project fetches a program.
pebble: $(VENV)/.runtime
	@$(BIN)/python deploy/get_pebble.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: install a newer Python, or say which with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
	  else echo "Python's venv module is missing: sudo apt-get install python3-venv"; exit 1; fi; }

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[workbook,explore]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.runtime

# Take newer versions deliberately: upgrade, run the tests, commit the file.
constraints: | $(BIN)/python
	$(BIN)/python -m pip install -q -U -e '.[dev]'
	$(BIN)/python -m tests.support.freeze > constraints.txt

# The unit tests on another Python, in an environment of its own: `make test-python PYTHON=python3.14`.
OTHER := .cache/test-$(notdir $(PYTHON))
test-python:
	@test -x $(OTHER)/bin/python || $(PYTHON) -m venv $(OTHER)
	$(OTHER)/bin/python -m pip install -q -c constraints.txt -e '.[dev]'
	PATH=$(CURDIR)/$(OTHER)/bin:$$PATH $(OTHER)/bin/python -m pytest -n $(JOBS) tests/unit

# Wheel and sdist in dist/: the same commit gives the same bytes. CONTRIBUTING.md says how to cut a release.
dist: $(VENV)/.dev
	$(BIN)/python deploy/release/build_dist.py

# What the release workflow publishes: both distributions, checked, with an SBOM of what an installation has and the checksums.
# PYTHON is any Python; nothing is installed into it.
RELEASE := .cache/release
release-files:
	rm -rf dist $(RELEASE)
	$(PYTHON) -m venv $(RELEASE)/tools
	$(RELEASE)/tools/bin/python -m pip install -q -c constraints.txt hatchling twine check-wheel-contents cyclonedx-bom
	$(RELEASE)/tools/bin/python deploy/release/build_dist.py dist
	$(RELEASE)/tools/bin/twine check --strict dist/*
	$(RELEASE)/tools/bin/check-wheel-contents dist/*.whl
	$(RELEASE)/tools/bin/python -m venv $(RELEASE)/installed
	$(RELEASE)/installed/bin/python -m pip install -q -c constraints.txt "$$(ls dist/*.whl)[workbook,explore]"
	$(RELEASE)/installed/bin/pkikit --version
	$(RELEASE)/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible \
	  --of JSON -o dist/sbom.cdx.json $(RELEASE)/installed/bin/python
	cd dist && sha256sum *.whl *.tar.gz sbom.cdx.json > SHA256SUMS

# The version in every file that states it, and the heading in the changelog: `make version VERSION=1.0.0`.
version:
	@$(PYTHON) deploy/release/version.py cut $(VERSION) $$(date -u +%F)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artifacts
