package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/commands"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestTheCommandLineRunsCommandsOfTheRunningProgram(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	p, _ := harness.Start(t, c)
	harness.NewBrowser(t, p.URL()).Register(mails, "bern", "Bern")
	run := func(args ...string) (string, error) {
		t.Helper()
		var out, errs bytes.Buffer
		err := app.Main(t.Context(), append(args, "--data", c.Data), nil, &out, &errs)
		return out.String(), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := run(args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := must("city", "list"); out != "bern: Bern\n" {
		t.Errorf("cities: %q", out)
	}
	must("lists", "add", "triggers", "kontrolle am bahnhof", "--city", "bern")
	if out := must("lists", "--city", "bern"); !strings.Contains(out, "kontrolle am bahnhof") {
		t.Errorf("lists: %q", out)
	}
	var stored commands.ReportStored
	for range 2 {
		if err := json.Unmarshal([]byte(must("report", "kontrolle am bahnhof", "--city", "bern", "--json", "--key", "1")), &stored); err != nil || stored.ID == "" {
			t.Fatal(stored, err)
		}
	}
	testkit.Eventually(t, "the report is relayed", func() bool { return strings.Contains(must("reports", "--city", "bern", "--limit", "5"), "relayed") })
	must("withdraw", stored.ID, "--city", "bern")
	testkit.Eventually(t, "the report is withdrawn", func() bool {
		out := must("reports", "--city", "bern", "--lang", "de")
		return strings.Contains(out, "zurückgezogen") && strings.Count(out, "#") == 1
	})
	for line, want := range map[string]string{
		"status --city nowhere":                "There is no city nowhere.",
		"status":                               "missing flags: --city=STRING",
		"release x --city bern":                "report: must be the number of a report",
		"lists add foo bar --city bern":        "list: must be one of: triggers, blocked",
		"reports --limit 1000 --city bern":     "limit: must be from 1 to 100",
		"subscribe fax 1 --city bern":          "network: must be one of:",
		"pause --city bern --key 2 --lang fr":  "",
		"report again --city bern --key 1":     "This key was used for another call.",
		"status --city bern --config /nowhere": "/nowhere",
	} {
		if out, err := run(strings.Fields(line)...); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %s", line, err, out)
		}
	}
	if file, err := os.Stat(filepath.Join(c.Data, "commands.sock")); err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", file, err)
	}
}

func TestACommandWithoutARunningProgramSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	err := app.Main(t.Context(), []string{"city", "list", "--data", t.TempDir()}, nil, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "it must be running, with the same data directory") {
		t.Error(err)
	}
}
