# Everything starts from a fresh clone: each target installs what it needs first (build/setup.sh).
# Needed beforehand: git, make, Go and Node 20.19 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
DRY := $(findstring n,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS += --no-builtin-rules

WINDOW_TAGS := desktop,production,webkit2_41
# What makes a key of a passphrase is slow on purpose, and six times as slow under the race detector, which has no business in it.
RACE := -race -gcflags=golang.org/x/crypto/scrypt=-race=false
GOLANGCI := v2.15.0
FRONTEND := $(shell find frontend/src frontend/wailsjs frontend/public -type f) \
	$(addprefix frontend/,index.html package-lock.json svelte.config.js tsconfig.json vite.config.ts)

# BRAND=folder: every go command below reads that brand in place of our own. A make inside of this one has it already,
# and a dry run builds nothing.
ifdef BRAND
ifeq ($(BRAND_CHECKED)$(DRY),)
BRAND_SAID := $(shell build/brand.sh '$(subst ','\'',$(BRAND))')
ifneq ($(firstword $(BRAND_SAID)),ok)
$(error $(BRAND_SAID))
endif
export BRAND_CHECKED := yes
export GOFLAGS := $(shell go env GOFLAGS) '-overlay=$(CURDIR)/$(lastword $(BRAND_SAID))'
endif
endif

# What make was given, and not what a shell happens to have under so common a name.
given = $(if $(findstring command,$(origin $1)),$($1))

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

.PHONY: demo
demo: setup programs ## sign in on a private network, in a real window; EMAIL=1 by email, BRAND=folder
	build/bin/demo -story $(if $(call given,EMAIL),email,handle) -window build/bin/latchkey-window-devnet -cli build/bin/latchkey-devnet -dir build/demo

.PHONY: run
run: ## build the window and open it on the public network; BRAND=folder
	build/setup.sh go-window frontend
	$(MAKE) --no-print-directory frontend/dist/index.html
	go build -tags $(WINDOW_TAGS) -ldflags '-s -w' -o build/bin/latchkey-window .
	build/bin/latchkey-window

.PHONY: dev
dev: ## open the window on a private network and show edits at once; NETWORK=public, ACCOUNT=alice.test, PORT=34115, BRAND=folder
	build/setup.sh go
	go build -o build/bin/dev ./backend/devnet/cmd/dev
	build/bin/dev $(if $(call given,NETWORK),-network '$(NETWORK)') $(if $(call given,ACCOUNT),-account '$(ACCOUNT)') $(if $(call given,PORT),-address 'localhost:$(PORT)')

.PHONY: network
network: ## start the private network alone
	build/setup.sh go
	go build -o build/bin/dev ./backend/devnet/cmd/dev
	build/bin/dev -alone

# Several targets at once, and a table of their times at the end. What has to be done before a target stands after its colon.
STEPS = go build -o build/bin/steps ./backend/internal/steps && MAKE='$(MAKE)' build/bin/steps
STORIES := handle email sessions keyless terminal rescue scheme

.PHONY: check
check: ## a quick look, offline and without a window: format, vet, types, and the tests that need no more
	build/setup.sh frontend
	$(STEPS) -at-once 2 test-page format vet check-go types

.PHONY: check-go
check-go: # without cgo no compiler is needed; the race detector, which needs one, is in "make test"
	CGO_ENABLED=0 go test ./...

.PHONY: test
test: $(if $(PKG)$(value RUN),test-some,test-all) ## run every test there is, the window's too; PKG=./backend/oauth RUN=TestX for some of them, BRAND=folder

.PHONY: test-some
test-some: setup frontend/dist/index.html
	build/test.sh '$(or $(PKG),./...)' '$(value RUN)'

.PHONY: test-all
test-all: setup
	$(STEPS) -at-once 2 lint programs test-go:programs test-release test-brand test-fuzz:programs test-page test-pictures $(patsubst %,story-%:programs,$(STORIES))

.PHONY: test-page
test-page:
	npm --prefix frontend test

.PHONY: test-pictures
test-pictures:
	npm --prefix frontend run screenshots

.PHONY: test-release
test-release: # without the private network
	go test $(RACE) -count=1 ./backend/config ./backend/cmd/latchkey

.PHONY: test-brand
test-brand: # the tests that another brand changes something for, under another brand
	$(MAKE) --no-print-directory test-branded BRAND=build/package/testdata/brand

.PHONY: test-branded
test-branded:
	go test -count=1 ./backend/config ./backend/clientid ./backend/loopback
	go test -count=1 -run '^(TestDoctor|TestAccountsWatch|TestClientMetadata|TestPrivateNetwork)' ./backend/cmd/latchkey
	go test -count=1 -tags devnet -run '^(TestWrongSettings|TestDoctorWithWrong|TestClientMetadata|TestPrivateNetwork)' ./backend/cmd/latchkey

.PHONY: test-fuzz
test-fuzz:
	build/bin/fuzzrun -tags devnet -each 2000x

.PHONY: test-go
test-go:
	go test $(RACE) -tags devnet -count=1 -timeout 20m -json ./... | build/bin/testreport -rows 66

.PHONY: $(addprefix story-,$(STORIES))
$(addprefix story-,$(STORIES)): story-%:
	build/bin/demo -headless -story $* -window build/bin/latchkey-window-devnet -cli build/bin/latchkey-devnet -dir build/demo/$*

# SOAK=1 makes some of the tests of "make test" longer. One package after the other: each keeps a machine busy.
.PHONY: soak
soak: ## kill -9 a thousand times and let a hundred tokens end: ten minutes at most
	build/setup.sh go-window headless network
	go build -o build/bin/testreport ./backend/internal/testreport
	SOAK=1 timeout 10m go test $(RACE) -tags devnet -count=1 -p 1 -json -run '^(TestKilled|TestCrowd)' ./backend/internal/soak ./backend/wire \
		| build/bin/testreport

.PHONY: fuzz
fuzz: setup ## try each fuzz target for FUZZTIME, ten seconds unless set
	go run ./backend/internal/fuzzrun -tags devnet -each $(or $(FUZZTIME),10s)

.PHONY: screenshots
screenshots: ## picture and check every state of the window; README=1 renews the README's pictures
	build/setup.sh screenshots
	npm --prefix frontend run screenshots$(if $(README), -- --readme)

.PHONY: lint
lint: setup format vet types ## check the sources without running them
	go mod tidy -diff
	GOOS=darwin CGO_ENABLED=0 go vet ./backend/...
	GOOS=windows CGO_ENABLED=0 go vet ./backend/...
	linter=$(CURDIR)/build/bin/golangci-lint-$(GOLANGCI)-$$(go env GOVERSION); test -x $$linter/golangci-lint || \
		GOBIN=$$linter go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI); $$linter/golangci-lint run ./...
	rm -rf build/bin/wailsjs
	mkdir -p build/bin/wailsjs/frontend
	cp wails.json build/bin/wailsjs
	go build -tags bindings -o build/bin/bindings .
	cd build/bin/wailsjs && ../bindings >/dev/null
	diff -r frontend/wailsjs build/bin/wailsjs/frontend/wailsjs || { echo "The bindings are not those of package app; run: make bindings"; exit 1; }
	$(MAKE) --no-print-directory licences

.PHONY: format
format:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }

.PHONY: vet
vet:
	CGO_ENABLED=0 go vet ./...
	CGO_ENABLED=0 go vet -tags devnet ./...

.PHONY: types
types:
	npm --prefix frontend run check

.PHONY: licences
licences: setup ## list the licences of all that we ship, in build/bin/licences.txt
	mkdir -p build/bin
	go run ./build/licences build/bin/licences.txt

# The packager's own keys are named in the environment; see build/README.md.
PACKAGE = $(if $(BRAND),-brand '$(BRAND)') $(if $(VERSION),-version '$(VERSION)')
.PHONY: package
package: ## build and sign what is shipped; TEST_KEYS=1, UNSIGNED=1 SIGNATURES=folder, BRAND=folder, VERSION=1.2.3, MACOS=folder
	build/setup.sh go-window frontend package
	go run ./build/package build -keys $(if $(UNSIGNED),none,$(if $(TEST_KEYS),test,environment)) $(if $(SIGNATURES),-signatures '$(SIGNATURES)') $(if $(MACOS),-macos '$(MACOS)') $(PACKAGE) build/dist

.PHONY: macos
macos: ## on a Mac: build, sign and notarize the disk image; UNSIGNED=1, BRAND=folder, VERSION=1.2.3
	build/setup.sh frontend
	go run ./build/package macos -keys $(if $(UNSIGNED),none,environment) $(PACKAGE) build/dist-macos

.PHONY: verify
verify: ## verify what "make package" built, as a receiver and as an attacker would
	build/setup.sh go-window headless network frontend package
	go run ./build/package verify $(PACKAGE) build/dist

.PHONY: compare
compare: ## compare what "make package UNSIGNED=1" built with what was published in WITH=folder
	build/setup.sh go
	go run ./build/package compare $(PACKAGE) -with '$(WITH)' build/dist

.PHONY: brand
brand: ## build both programs of the brand in BRAND=folder, in build/bin, to try them
	build/setup.sh go-window frontend
	go run ./build/package try $(PACKAGE) build/bin

.PHONY: bindings
bindings: ## generate frontend/wailsjs from the methods of package app
	build/setup.sh go
	go build -tags bindings -o build/bin/bindings .
	build/bin/bindings >/dev/null

.PHONY: setup
setup: ## install what is missing on this machine
	build/setup.sh

# The programs of the private network: development builds (tag devnet), beside the demo itself.
.PHONY: programs
programs: setup frontend/dist/index.html
	go build -tags $(WINDOW_TAGS),devnet -o build/bin/latchkey-window-devnet .
	CGO_ENABLED=0 go build -tags devnet -o build/bin/latchkey-devnet ./backend/cmd/latchkey
	go build -tags devnet -o build/bin/demo ./backend/devnet/cmd/demo
	go build -o build/bin/testreport ./backend/internal/testreport
	go build -o build/bin/fuzzrun ./backend/internal/fuzzrun

frontend/dist/index.html: $(FRONTEND)
	npm --prefix frontend run build
