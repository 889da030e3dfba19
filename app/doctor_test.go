package app

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// openWard opens an instance that does not run, with a city.
func openWard(t *testing.T) *Program {
	t.Helper()
	c := config.Default()
	c.Data = filepath.Join(t.TempDir(), "data")
	c.NATS.URL, c.NATS.Prefix = testkit.NATS(t)
	if url := testkit.DatabaseURL(t, t.TempDir()); strings.HasPrefix(url, "postgres") {
		c.Database.URL = url
	}
	p, err := openStores(t.Context(), c, nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.openBus(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.db.Create(&db.City{Name: "zuerich"}).Error; err != nil {
		t.Fatal(err)
	}
	return p
}

// findings are what the doctor finds, one a line.
func findings(t *testing.T, p *Program, mend bool) string {
	t.Helper()
	found, err := p.examine(t.Context(), mend)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		if !strings.Contains(f.What, " MB left of ") && mend == f.Mended { // the disk is the machine's
			lines = append(lines, f.What)
		}
	}
	return strings.Join(lines, "\n")
}

// relayed records a report that passed, with deliveries.
func relayed(t *testing.T, p *Program, city, id string, bots ...string) db.Entry {
	t.Helper()
	entries, err := p.db.Record(t.Context(), db.Judged{Report: report.Report{City: city, Bot: "email", ID: id, Text: "kontrolle", At: time.Now()}, Verdict: report.Verdict{Passed: true}, Status: db.Queued, Bots: bots})
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

func TestTheDoctorFindsAndMendsWhatIsWrongInTheDatabase(t *testing.T) {
	t.Parallel()
	long := time.Now().Add(-72 * time.Hour)
	for want, harm := range map[string]func(t *testing.T, p *Program) error{
		"1 deliveries wait for cities that do not exist": func(t *testing.T, p *Program) error { relayed(t, p, "gone", "1", "web"); return nil },
		"1 deliveries wait for networks that the program does not have": func(t *testing.T, p *Program) error {
			relayed(t, p, "zuerich", "1", "web", "pigeons")
			return nil
		},
		"2 deliveries wait for longer than any city's limit": func(t *testing.T, p *Program) error {
			return p.db.Model(&db.Entry{}).Where("id = ?", relayed(t, p, "zuerich", "1", "web", "telegram").ID).Update("created_at", long).Error
		},
		"1 posts are still to be deleted or edited, although it is too late": func(t *testing.T, p *Program) error {
			return p.db.Model(&db.Delivery{}).Where("entry_id = ?", relayed(t, p, "zuerich", "1", "web").ID).Updates(map[string]any{"status": db.Sent, "recall_until": long}).Error
		},
		"1 reports passed and have no delivery, unlike those before and after them": func(t *testing.T, p *Program) error {
			relayed(t, p, "zuerich", "1", "web")
			relayed(t, p, "zuerich", "2")
			relayed(t, p, "zuerich", "3", "web")
			return nil
		},
		"1 rows of report_numbers are of cities that do not exist": func(t *testing.T, p *Program) error {
			return p.db.Create(&db.Number{City: "gone", Period: 20261100, Kind: db.NumberOfLine, Name: "U8", Reports: 7}).Error
		},
		"1 mails are being delivered for more than an hour to come, as after a change of the clock": func(t *testing.T, p *Program) error {
			key, hour := "k", time.Now().Add(24*time.Hour).UnixMilli()
			return p.db.Exec("INSERT INTO mail_messages (key, sealed, open, due_at, lease, attempts, expires_at) VALUES (?, ?, ?, ?, 'l', 0, ?)", key,
				sql.Null[[]byte]{V: p.box.Seal(sealedColumns()[1].Cell([]string{key}), []byte("{}")), Valid: true}, true, hour, hour).Error
		},
		"1 messages in the stream REPORTS are judged and not removed": func(t *testing.T, p *Program) error {
			r := report.Report{City: "zuerich", Bot: "email", ID: "1", Text: "kontrolle", At: time.Now()}
			relayed(t, p, "zuerich", "1", "web")
			if err := p.bus.PublishReport(t.Context(), r); err != nil {
				return err
			}
			p.now = func() time.Time { return time.Now().Add(time.Hour) }
			r.ID = "2" // not judged
			return p.bus.PublishReport(t.Context(), r)
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			p := openWard(t)
			if got := findings(t, p, false); got != "" {
				t.Fatalf("before: %s", got)
			}
			if err := harm(t, p); err != nil {
				t.Fatal(err)
			}
			if got := findings(t, p, false); got != want {
				t.Errorf("found %q", got)
			}
			if got := findings(t, p, true); got != want {
				t.Errorf("mended %q", got)
			}
			if got := findings(t, p, false); got != "" {
				t.Errorf("after mending: %s", got)
			}
			if left, err := p.bus.CountStored(t.Context(), bus.KeptReports); err != nil || strings.Contains(want, "REPORTS") && left != 1 {
				t.Errorf("%d messages are left, %v: what is not judged must stay", left, err)
			}
		})
	}
}

func TestTheDoctorCountsWhatTheKeyDoesNotOpen(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	if err := p.db.Exec("INSERT INTO external_accounts (city, revision, name, hash) VALUES ('zuerich', 'r', 'n', ?)", "no cell").Error; err != nil {
		t.Fatal(err)
	}
	if got := findings(t, p, false); got != "the instance key does not open 1 values of external_accounts.hash" {
		t.Error(got)
	}
}

func TestTheDoctorClosesTheDataDirectoryToOthers(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	key := filepath.Join(p.config.Data, keyFile)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := findings(t, p, true); !strings.Contains(got, "instance.key has the mode 644") {
		t.Error(got)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestTheDoctorExaminesAProgramThatDoesNotRun(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	relayed(t, p, "gone", "1", "web")
	c := p.config
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := doctor(t.Context(), c, doctorFlags{}, &out, t.Output()); err == nil || !strings.Contains(out.String(), "with --mend they are closed as failed") {
		t.Errorf("%v, %s", err, out.String())
	}
}

// notSealed are the columns of bytes whose values are in clear.
var notSealed = []string{"sessions.data", "transit_networks.data"}

func TestEverySealedColumnIsKnown(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	columns, err := p.db.BytesColumns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, c := range sealedColumns() {
		known = append(known, c.Table+"."+c.Name)
		if err := p.db.EachSealed(t.Context(), c, func([]string, []byte) error { return nil }); err != nil {
			t.Error(err)
		}
		if !c.Base64 && !slices.Contains(columns, c.Table+"."+c.Name) {
			t.Errorf("%s.%s is not a column of bytes", c.Table, c.Name)
		}
	}
	for _, column := range columns {
		if !slices.Contains(known, column) && !slices.Contains(notSealed, column) {
			t.Errorf("%s is neither in Plugin.Sealed or sealedColumns nor in notSealed", column)
		}
	}
}
