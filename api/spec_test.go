package api_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
	"time"
)

// specFile is the description from which test/apiclient is generated: that in OpenAPI 3.0.
const specFile = "../test/apiclient/openapi.json"

// TestTheClientIsGeneratedFromThisDescription fails if the file is stale. With LINIENFUNK_TEST_UPDATE=1, as `go generate ./test/apiclient` runs it, it writes the file.
func TestTheClientIsGeneratedFromThisDescription(t *testing.T) {
	t.Parallel()
	registry, err := commands.New(commands.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := api.New(api.Deps{Commands: registry, Keys: &api.Keys{}, Limits: limits.NewGroup(time.Now), BaseURL: "https://linienfunk.example", Log: testkit.Log(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, a.Description30(), "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if os.Getenv("LINIENFUNK_TEST_UPDATE") != "" {
		if err := os.WriteFile(specFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(specFile); err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%s is stale (%v): run go generate ./test/apiclient", specFile, err)
	}
}
