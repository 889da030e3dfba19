package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linienfunk/app"
)

func TestTheExampleForComposeLetsCitiesRegister(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../deploy/compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	legal := t.TempDir() // what the file mounts at /legal
	for _, name := range []string{"imprint.md", "contact.md"} {
		if err := os.WriteFile(filepath.Join(legal, name), []byte("Some Street 1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, found := range regexp.MustCompile(`(?m)^ +(LINIENFUNK_[A-Z_]+): (.+?)( #.*)?$`).FindAllStringSubmatch(string(file), -1) {
		environ = append(environ, found[1]+"="+strings.Replace(found[2], "/legal", legal, 1))
	}
	var out, failed bytes.Buffer
	if err := app.Main(t.Context(), []string{"config", "--data", t.TempDir()}, environ, &out, &failed); err != nil {
		t.Fatalf("%v: %s", err, failed.String())
	}
	for _, want := range []string{"https://linienfunk.example", legal + "/imprint.md", legal + "/contact.md"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the configuration does not have %s: %s", want, out.String())
		}
	}
	if !strings.Contains(string(file), "- ./legal:/legal:ro\n") {
		t.Error("the container does not see the files that its configuration names")
	}
}

func TestTheValuesOfNetworksAreCheckedBeforeAnythingIsOpened(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"[bots.email]\ngreylist = \"maybe\"\n":                         ":2: bots.email.greylist: wants on or off",
		"[bots.email]\n\nrelays = \"mx\"\n":                            ":3: bots.email.relays: ",
		"[bots.email]\nlmtp = \"24\"\n":                                ":2: bots.email.lmtp: \"24\" is neither",
		"[bots.email]\npostmaster = \"nobody\"\n":                      ":2: bots.email.postmaster: wants a mail address",
		"[bots.telegram]\nwebhook = \"maybe\"\n":                       ":2: bots.telegram.webhook: wants on, off or auto",
		"[bots.telegram]\napi = \"example.org\"\n":                     ":2: bots.telegram.api: wants a URL",
		"[bots.twitter]\npoll = \"1s\"\n":                              ":2: bots.twitter.poll: ",
		"[bots.twitter]\nconsumer_secret = \"hunter2\"\n":              ":2: bots.twitter.consumer_secret: consumer_key and consumer_secret belong together",
		"[bots.email]\ngreylist = \"x\"\n[bots.twitter]\npoll = \"y\"": ":4: bots.twitter.poll: ",
	} {
		path := filepath.Join(t.TempDir(), "linienfunk.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"config", "serve"} {
			var out bytes.Buffer
			err := app.Main(t.Context(), []string{command, "--config", path, "--data", filepath.Join(t.TempDir(), "none")}, nil, &out, &out)
			if err == nil || !strings.Contains(err.Error(), path+want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s of %q: %v", command, file, err)
			}
		}
	}
}
