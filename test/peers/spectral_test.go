package peers

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"linienfunk/api"
	"linienfunk/commands"
	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
)

const spectralPackage = "@stoplight/spectral-cli@6.16.3"

// TestTheDescriptionOfTheAPIIsValid has spectral check it against its rules for OpenAPI, in both versions.
func TestTheDescriptionOfTheAPIIsValid(t *testing.T) {
	t.Parallel()
	needs(t, "node", "npm")
	dir := t.TempDir()
	run(t, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", spectralPackage)
	registry, err := commands.New(commands.Deps{})
	must(t, err)
	a, err := api.New(api.Deps{Commands: registry, Keys: &api.Keys{}, Limits: limits.NewGroup(time.Now), BaseURL: "https://linienfunk.example", Log: testkit.Log(t), Now: time.Now})
	must(t, err)
	rules := filepath.Join(dir, "rules.yaml")
	must(t, os.WriteFile(rules, []byte("extends: [\"spectral:oas\"]\n"), 0o600))
	for name, text := range map[string][]byte{"openapi.json": a.Description(), "openapi-3.0.json": a.Description30()} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, text, 0o600))
		run(t, filepath.Join(dir, "node_modules/.bin/spectral"), "lint", "--fail-severity", "warn", "--ruleset", rules, path)
	}
}
