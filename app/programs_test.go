package app_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/test/harness"
)

func TestThePermissionsOfProgramsArePrinted(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.NATS.URL, c.NATS.Prefix, c.NATS.Listen = "", "", "127.0.0.1:0"
	program, stop := harness.Start(t, c)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	page := admin.Post("/city/zuerich/bot/external/connect", "name", "forum")
	if !strings.Contains(page, "report.in.zuerich.forum") {
		t.Fatalf("the page is\n%s", page)
	}
	stop()
	print := func(environ ...string) (string, error) {
		var out bytes.Buffer
		err := app.Main(context.Background(), []string{"nats", "permissions", "--config", "/dev/null"}, append(environ, "LINIENFUNK_DATA="+c.Data, "LINIENFUNK_DATABASE_URL="+c.Database.URL), &out, io.Discard)
		return out.String(), err
	}
	if _, err := print(); err == nil || !strings.Contains(err.Error(), "nats.url is not set") {
		t.Errorf("with the embedded server: %v", err)
	}
	out, err := print("LINIENFUNK_NATS_URL=nats://127.0.0.1:1", "LINIENFUNK_NATS_PREFIX=lf")
	for _, want := range []string{`user: "zuerich.forum"`, `password: "$2a$`, `["lf.remote.report.in.zuerich.forum"]`, `["lf.remote.report.out.zuerich.forum", "_INBOX.lf.remote.zuerich.forum.>"]`} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %s (%v):\n%s", want, err, out)
		}
	}
}
