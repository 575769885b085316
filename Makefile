# Two commands for a newcomer: `make run` and `make test`. Everything is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8080
PIP_FLAGS := --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run host npm-clients npm-tools test test-uncached test-aiohttp coverage oracle fuzz lint format examples bench bench-micro bench-http bench-smoke \
  bench-profile bench-peers clean

run: $(VENV)/.installed-run ## serve the example pacts
	$(BIN)/stubserver serve examples/pacts --watch --port $(PORT)

host: $(VENV)/.installed-run ## serve what is published, kept in ./stubserver-data
	$(BIN)/stubserver host --port $(PORT)

# Tests of several servers and of what goes wrong among them have the machine to themselves.
JOBS ?= 2

test: $(VENV)/.installed-test ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --ignore=tests/fleet
	$(BIN)/python -m pytest tests/fleet

# The tests that need a server, but for those of the caches and of the fast path themselves.
SERVER_TESTS := tests/web tests/hosted tests/clients/test_pact_stub.py tests/conformance/test_specification_socket.py tests/test_cli.py tests/test_docs.py \
  $(foreach name,replays connections lost_clients plain_lines cached_is_uncached access_log,--ignore=tests/web/test_$(name).py)

test-uncached: $(VENV)/.installed-test ## the tests of the server with the caches off, and with everything left to aiohttp
	STUBSERVER_HOT_CACHE=0 $(BIN)/python -m pytest $(SERVER_TESTS)
	STUBSERVER_HOT_CACHE=0 STUBSERVER_FAST_PATH=false $(BIN)/python -m pytest $(SERVER_TESTS)

test-aiohttp: $(VENV)/.installed-test ## the tests of the hot path with every supported version of aiohttp
	$(BIN)/python -m tests.every_aiohttp

# The tests of the core, those that need no server.
CORE_TESTS := tests/matching tests/generators tests/conformance/test_specification.py tests/test_matching_docs.py

coverage: $(VENV)/.installed-test ## the branch coverage of the matching core by its own tests
	$(BIN)/python -m pytest $(CORE_TESTS) --cov=matching --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=98

COUNT ?= 100000
SEED ?= 1

oracle: $(VENV)/.installed-test ## compare the core with the Rust core on random pacts and requests
	$(BIN)/python -m tests.oracle --count $(COUNT) --seed $(SEED)

TARGETS ?= rule_path date_pattern expression regex xml multipart request pact
SECONDS ?= 60

fuzz: $(VENV)/.installed-fuzz ## feed the core with bytes that look for trouble
	for target in $(TARGETS); do \
	  $(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) -timeout=5 -rss_limit_mb=1500 -max_len=1000 \
	    -artifact_prefix=$(VENV)/ || exit 1; \
	done

lint: $(VENV)/.installed-lint ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-lint ## put everything into house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

examples: $(VENV)/.installed-examples ## write examples/pacts anew with the consumer tests
	$(BIN)/python -m pytest -p no:cacheprovider -c /dev/null --rootdir=. -q examples/contracts

BENCH ?=
PEERS := benchmarks/.peers

bench: bench-micro bench-http ## all benchmarks, in less than a quarter of an hour

bench-micro: $(VENV)/.installed-bench ## what parsing, compiling, looking up, matching and explaining cost
	$(BIN)/python -m benchmarks.micro
	$(BIN)/python -m benchmarks.kinds

bench-http: $(VENV)/.installed-bench ## everything over the wire beside its floors and peers; BENCH=… are options of python -m benchmarks
	$(BIN)/python -m benchmarks run $(BENCH)

bench-smoke: $(VENV)/.installed-test ## whether the benchmarks work, and whether ours costs the same among few and many
	$(BIN)/python -m benchmarks.smoke

bench-profile: $(VENV)/.installed-bench ## where the time goes under the first three rows
	$(BIN)/python -m benchmarks.profiles

npm-clients: ## install the Pact clients from npm, whose tests are skipped without them
	for version in 18.1.2 16.1.7; do \
	  npm install --prefix $(VENV)/npm-clients/$${version%%.*} --no-audit --no-fund --loglevel=error --save-exact \
	    @pact-foundation/pact-cli@$$version || exit 1; \
	done

npm-tools: ## install the judges from npm, of pages and of OpenAPI, whose tests are skipped without them
	npm install --prefix $(VENV)/npm-tools --no-audit --no-fund --loglevel=error --save-exact \
	  axe-core@4.11.0 @stoplight/prism-cli@5.16.0

bench-peers: $(VENV)/.installed-bench ## install the servers to compare with; WireMock also needs Java
	mkdir -p $(PEERS)
	npm install --prefix $(PEERS) --no-audit --no-fund --loglevel=error --save-exact \
	  wiremock@3.13.2 @mockoon/cli@9.9.0 mountebank@2.9.1 @stoplight/prism-cli@5.16.0

clean: ## remove what make made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .coverage

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stubserver needs Python 3.11 or later; name one with make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-run: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python $(VENV)/.installed-ruby-client
	$(BIN)/pip install $(PIP_FLAGS) -e '.[test]'
	@touch $@

# The Ruby client is an older release of the same package as the Rust one, so it has an environment of its own.
$(VENV)/.installed-ruby-client: | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/ruby-client
	$(VENV)/ruby-client/bin/pip install --quiet --disable-pip-version-check 'pact-python-cli==2.6.4.0'
	@touch $@

$(VENV)/.installed-fuzz: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) -e '.[fuzz]'
	@touch $@

$(VENV)/.installed-bench: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) -e '.[bench]'
	@touch $@

$(VENV)/.installed-lint: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) -e '.[test,lint]'
	@touch $@

$(VENV)/.installed-examples: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install $(PIP_FLAGS) -e '.[examples]'
	@touch $@
