package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/archive"
	"linienfunk/report"
)

// contents are what a backup says: how far a bot had read its network, and which of the reports until there are in it.
type contents struct {
	cursor int
	has    map[string]bool
}

func contentsOf(t *testing.T, file []byte) contents {
	t.Helper()
	c, about, rows := contents{has: map[string]bool{}}, backupAbout{}, map[string][][]any{}
	_, err := archive.Read(bytes.NewReader(file), &about, func(section string, line []byte) error {
		if table, ok := strings.CutPrefix(section, tableSection); ok {
			var row []any
			rows[table] = append(rows[table], row)
			return json.Unmarshal(line, &rows[table][len(rows[table])-1])
		}
		var m bus.Stored
		var reports []report.Report
		if err := json.Unmarshal(line, &m); err != nil || section != streamSection+"REPORTS" {
			return err
		}
		if err := json.Unmarshal(m.Data, &reports); err != nil { // a message has one, or a list
			var one report.Report
			if err := json.Unmarshal(m.Data, &one); err != nil {
				return err
			}
			reports = append(reports, one)
		}
		for _, r := range reports {
			c.has[r.Key()] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range about.Layout.Tables {
		for i, column := range table.Columns {
			for _, row := range rows[table.Name] {
				switch {
				case table.Name == "ledger_entries" && column == "key":
					c.has[row[i].(string)] = true
				case table.Name == "report_numbers" && column == "reports":
					c.cursor = int(row[i].(float64))
				}
			}
		}
	}
	return c
}

// Reports come, are judged and leave the stream while backups are made. A bot notes each report that the stream has, as its place in the network: a backup that has the note must
// have the report.
func TestABackupHasEveryReportThatItsCursorsAreBehind(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	cursor := db.Number{City: "zuerich", Period: 20261100, Kind: db.NumberOfLine, Name: "cursor"}
	if err := p.db.Create(&cursor).Error; err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() {
		_ = p.bus.ConsumeReports(ctx, func(m bus.Msg) { // until ctx ends
			if _, err := p.db.Record(ctx, db.Judged{Report: m.Value}); err == nil {
				m.Ack()
			}
		})
	})
	id := func(i int) report.Report {
		return report.Report{City: "zuerich", Bot: "email", ID: fmt.Sprint(i), Text: "kontrolle", At: time.Now()}
	}
	running.Go(func() {
		for i := 1; ctx.Err() == nil; i++ {
			if err := p.bus.PublishReport(ctx, id(i)); err != nil {
				return
			}
			if err := p.db.WithContext(ctx).Model(&db.Number{}).Where("name = 'cursor'").Update("reports", i).Error; err != nil {
				return
			}
		}
	})
	for last, rounds := 0, 0; rounds < 12; {
		var file bytes.Buffer
		if err := p.writeBackup(t.Context(), &file, false); err != nil {
			t.Fatal(err)
		}
		c := contentsOf(t, file.Bytes())
		for i := 1; i <= c.cursor; i++ {
			if r := id(i); !c.has[r.Key()] {
				t.Fatalf("the cursor is at %d, and report %d is neither in the stream nor in the ledger", c.cursor, i)
			}
		}
		if c.cursor > last {
			last, rounds = c.cursor, rounds+1
		}
	}
}
