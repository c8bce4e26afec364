# Every recipe calls one script; the scripts run on their own as well.
# Arguments: make demo ARGS=--json

.DEFAULT_GOAL := help
.PHONY: help setup build demo test bench proto drift lint imports race fuzz clean

help: ## Lists every target.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Checks and installs what is needed (all of it: make setup ARGS=--all).
	@scripts/setup $(ARGS)

build: ## Builds hallmarkd, hallmark-gateway and hallmark-testnet into build/.
	@scripts/build

demo: ## Shows the whole line on a local network of real processes.
	@scripts/demo $(ARGS)

test: ## Runs every test, beside the code and over the wire.
	@scripts/test $(ARGS)

bench: ## Measures decisions, proofs and revocations beside their peers.
	@scripts/bench $(ARGS)

proto: ## Generates the Go code of proto/.
	@scripts/proto

drift: ## Fails when the generated code is not what make proto writes.
	@scripts/drift

lint: ## Runs gofmt, go vet and staticcheck.
	@scripts/lint

imports: ## Checks who may import whom; the gateway is free of the Cosmos SDK.
	@scripts/imports

race: ## Runs the tests free of the Cosmos SDK under the race detector.
	@scripts/race $(ARGS)

fuzz: ## Runs every fuzz target for a while (30 s each: make fuzz ARGS=30s).
	@scripts/fuzz $(ARGS)

clean: ## Removes build/ and the local network.
	@scripts/clean
