# `make run` and `make test` set up what they need; everything else is a part of them.
.DELETE_ON_ERROR:
.PHONY: run dev admin backup restore test lint format test-backend test-frontend build size e2e browser bench bench-browser bench-scaling wrk nginx pgbouncer openapi lock clean

VENV := backend/.venv
BIN := .venv/bin
FRONTEND := $(shell find frontend/src frontend/public -type f 2>/dev/null) \
	frontend/index.html frontend/vite.config.ts frontend/tsconfig.json

run: $(VENV)/.installed frontend/dist/index.html ## Serve the app with the demo data on http://localhost:5000
	@cd backend && exec $(BIN)/python app.py --demo

dev: $(VENV)/.installed-dev frontend/node_modules/.installed ## Serve with reload: http://localhost:3000
	@(cd frontend && API_URL=http://127.0.0.1:$${PORT:-5000} exec npm run --silent dev) & pages=$$!; \
	(cd backend && exec $(BIN)/python app.py --demo --reload); status=$$?; \
	kill $$pages 2>/dev/null; wait; exit $$status

admin: $(VENV)/.installed ## Make an admin, who can invite others
	@cd backend && exec $(BIN)/python admin.py

backup: $(VENV)/.installed ## Save everything in one file: FILE, or a new one in backups/
	@$(VENV)/bin/python backend/backup.py save $(if $(FILE),"$(FILE)")

restore: $(VENV)/.installed ## Make the database what it was at a backup: FILE; REPLACE=1 deletes what it has now
	@[ -n "$(FILE)" ] || { echo "Name the backup: make restore FILE=backups/…" >&2; exit 1; }
	@$(VENV)/bin/python backend/backup.py restore "$(FILE)" $(if $(filter 1,$(REPLACE)),--replace)

test: lint test-backend test-frontend size e2e ## Everything

lint: $(VENV)/.installed-dev frontend/node_modules/.installed ## Style, types, what must agree, known vulnerabilities
	cd backend && $(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy
	cd frontend && npm run --silent lint && npm run --silent types && npm run --silent check:api
	cd backend && $(BIN)/python audit.py

format: $(VENV)/.installed-dev frontend/node_modules/.installed
	cd backend && $(BIN)/ruff check --fix && $(BIN)/ruff format
	cd frontend && npm run --silent format

test-backend: $(VENV)/.installed-dev nginx pgbouncer
	cd backend && $(BIN)/pytest

# An installed nginx, else Debian's; without one, the tests of several hosts are left out, and say so.
nginx:
	@if command -v nginx >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's nginx …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null \
			|| echo "nginx cannot be installed: the tests of several hosts are left out."; \
	fi

# An installed PgBouncer, else Debian's; without one, its tests are left out, and say so.
pgbouncer:
	@if PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's PgBouncer …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null \
			|| echo "PgBouncer cannot be installed: its tests are left out."; \
	fi

test-frontend: frontend/node_modules/.installed
	cd frontend && npm run --silent test

build: $(VENV)/.installed frontend/dist/index.html ## All that serving needs

size: frontend/dist/index.html ## The budgets of what a browser loads
	cd frontend && npm run --silent size

e2e: $(VENV)/.installed-dev frontend/dist/index.html browser ## The browser, against the real server
	cd frontend && npm run --silent e2e

bench-browser: browser ## What a browser's frames are like: BASE_URL names a running server
	@[ -n "$(BASE_URL)" ] || { \
		echo "Name a running server, best one with a million incidents: make bench-browser BASE_URL=http://localhost:5000" >&2; exit 1; }
	cd frontend && BASE_URL="$(BASE_URL)" npm run --silent bench:browser

# An installed Chromium, else Debian's, else Playwright's own.
browser: frontend/node_modules/.installed
	@if [ -n "$$CHROMIUM_PATH" ] || command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's Chromium …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else cd frontend && npx playwright install chromium; fi

bench: $(VENV)/.installed-dev wrk ## How fast it is; docs/benchmark.md says what SIZE, ONLY, ROUNDS, SECONDS and REUSE do
	@cd backend && $(BIN)/python -m bench $(if $(SIZE),--size "$(SIZE)") $(if $(ONLY),--only "$(ONLY)") \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(filter 1,$(REUSE)),--reuse)

bench-scaling: $(VENV)/.installed-dev wrk nginx ## What further processes, hosts and a replica buy; SIZE, ROUNDS, SECONDS
	@cd backend && $(BIN)/python -m bench.scaling $(if $(SIZE),--size "$(SIZE)") \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

# An installed wrk, else Debian's.
wrk:
	@if command -v wrk >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's wrk …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq wrk >/dev/null; \
	else echo "The benchmark needs wrk: install it (Debian: apt install wrk; macOS: brew install wrk)." >&2; exit 1; fi

openapi: $(VENV)/.installed-dev frontend/node_modules/.installed ## After a change of the API: what the front end knows of it
	cd backend && $(BIN)/flask --app tracker openapi write ../frontend/openapi.json
	cd frontend && npm run --silent gen:api

lock: $(VENV)/.installed-dev ## After a change of the dependencies in pyproject.toml
	cd backend && $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header pyproject.toml -o requirements.txt
	cd backend && $(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header pyproject.toml --extra dev \
		--no-emit-package pip -c requirements.txt -o requirements-dev.txt

clean: ## Remove what was installed and built; the data stays
	rm -rf $(VENV) frontend/node_modules frontend/dist

# --- What the targets above need. Each is made again only when its inputs changed. ---

$(VENV)/bin/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Setting up Python ($$("$$python" --version)) …"; \
			rm -rf $(VENV); \
			"$$python" -m venv $(VENV) || { rm -rf $(VENV); \
				echo "Python cannot make a virtual environment: install its venv package (Debian: apt install python3-venv)." >&2; exit 1; }; \
			exit 0; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed: install it from https://www.python.org, or name it with make PYTHON=/path/to/python3." >&2; exit 1

$(VENV)/.installed: backend/requirements.txt | $(VENV)/bin/python
	@echo "Installing the Python packages …"
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r $< || { \
		echo "The Python packages could not be installed: the lines above say why." >&2; exit 1; }
	@touch $@

$(VENV)/.installed-dev: backend/requirements-dev.txt $(VENV)/.installed
	@echo "Installing the development packages …"
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -r $< || { \
		echo "The Python packages could not be installed: the lines above say why." >&2; exit 1; }
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null || { \
		echo "Node.js 20.19 or newer (22.12 or newer of the later ones) is needed: install it from https://nodejs.org." >&2; exit 1; }
	@command -v npm >/dev/null || { echo "npm is needed: it comes with Node.js from https://nodejs.org." >&2; exit 1; }
	@echo "Installing the front end's packages …"
	@cd frontend && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error || { \
		echo "The front end's packages could not be installed: the lines above say why." >&2; exit 1; }
	@touch $@

frontend/dist/index.html: frontend/node_modules/.installed $(FRONTEND)
	@echo "Building the browser pages …"
	@cd frontend && npm run --silent build -- --logLevel warn || { \
		echo "The browser pages could not be built: the lines above say why." >&2; exit 1; }
	@touch $@
