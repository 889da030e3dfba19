package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/internal/testkit"
)

func TestAMistakeOnTheCommandLinePrintsTheUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"frob":       "unexpected argument frob",
		"--frob":     "unknown flag --frob",
		"mail":       `expected one of "check", "queue"`,
		"mail count": "unexpected argument count",
	} {
		var stdout, stderr bytes.Buffer
		err := app.Main(t.Context(), strings.Fields(line), nil, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(stderr.String(), "Usage: linienfunk") || stdout.Len() > 0 {
			t.Errorf("%s: %v\n%s%s", line, err, &stdout, &stderr)
		}
	}
}

func TestTheMailQueueOfADirectoryWithoutOneIsAnError(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{"nothing": nil, "an empty file": {}, "another file": bytes.Repeat([]byte("no database "), 1000)} {
		dir := t.TempDir()
		path := filepath.Join(dir, "linienfunk.db")
		if file != nil {
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := app.Main(t.Context(), []string{"mail", "queue", "--data", dir}, nil, t.Output(), t.Output())
		if err == nil || !regexp.MustCompile("no database at|damaged or no database").MatchString(err.Error()) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, file) {
			t.Errorf("%s: %d bytes afterwards", name, len(after))
		}
	}
}

func TestTheDemoPrintsThePortsThatItListensOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, done := &testkit.LogBuffer{}, make(chan error, 1)
	go func() {
		done <- app.Main(ctx, []string{"demo", "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data")}, nil, out, out)
	}()
	testkit.Eventually(t, "the demo prints its addresses", func() bool { return strings.Contains(out.String(), "/outbox.") })
	cancel()
	<-done
	if !regexp.MustCompile(`page, .* http://127\.0\.0\.1:[1-9]\d*/c/demo`).MatchString(out.String()) || strings.Contains(out.String(), ":0/") {
		t.Error(out.String())
	}
}
