.PHONY: linienfunk demo test bench recognition shots fuzz generate lint

# A static binary: no cgo, no paths of this machine.
linienfunk:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o linienfunk .

demo:
	go run . demo

test:
	go test ./...

# Go benchmarks of single packages. docs/benchmarks.md measures whole binaries.
bench:
	go test -run '^$$' -bench . -benchmem ./censor ./mail/text ./settings ./test/e2e

# How much of our collections of mails, bounces and posts is recognised: the table of docs/recognition.md.
recognition:
	@go test -count=1 -v ./mail/... ./test/peers | grep -o '| .* |$$' | sort

# Screenshots of all pages: see frontend and test/e2e.
shots:
	SHOTS=$(CURDIR)/shots go test -count=1 -tags shots -run Screenshots ./frontend ./test/e2e

# Every fuzz target: make fuzz TIME=1m JOBS=2
TIME ?= 20s
JOBS ?= 2
fuzz:
	.ci/fuzz $(TIME) $(JOBS)

generate:
	go generate ./bots/...

lint:
	.ci/lint
