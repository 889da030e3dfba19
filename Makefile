.PHONY: linienfunk demo test bench fuzz generate lint

# A static binary: no cgo, no paths of this machine.
linienfunk:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o linienfunk .

demo:
	go run . demo

test:
	go test ./...

bench:
	go test -run '^$$' -bench . -benchmem ./censor ./settings ./test/e2e

# Every fuzz target for a while: make fuzz TIME=1m
TIME ?= 20s
fuzz:
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9]+).*/\1/p' $$file); do \
			echo "== $$(dirname $$file) $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(TIME) ./$$(dirname $$file) || exit 1; \
		done; \
	done

generate:
	go generate ./bots/...

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@latest ./...
