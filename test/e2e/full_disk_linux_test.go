package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestOnAFullDiskMailIsToldToComeBackAndAfterwardsAllIsRelayedWithoutARestart(t *testing.T) {
	t.Parallel()
	disk, mails := testkit.NewSmallDisk(t, "64m"), harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.Data = filepath.Join(disk.Dir, "data")
	c.Database.URL, c.NATS.URL = "", ""
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	health := func() int {
		answer, err := http.Get(program.URL() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}

	disk.Fill(t)
	var accepted []string
	count := 0
	send := func() error {
		count++
		text := fmt.Sprintf("kontrolle nummer %d. %s", count, strings.Repeat("männer in grau ", 300))
		err := harness.TrySendMail(program.SMTPAddr(), "zuerich", text)
		if err == nil {
			accepted = append(accepted, fmt.Sprintf("kontrolle nummer %d.", count))
		}
		return err
	}
	testkit.Eventually(t, "mails are refused for now", func() bool {
		var reply *textproto.Error
		return errors.As(send(), &reply) && reply.Code == 451
	})
	testkit.Eventually(t, "the health check fails", func() bool { return health() == http.StatusServiceUnavailable })

	disk.Free(t)
	testkit.Eventually(t, "the program is healthy again", func() bool { return health() == http.StatusOK })
	testkit.Eventually(t, "mails are accepted again", func() bool { return send() == nil })
	for _, text := range accepted {
		visitor.WaitForText("/c/zuerich", text)
		if n := strings.Count(visitor.Get("/c/zuerich"), text); n != 1 {
			t.Errorf("%q is shown %d times", text, n)
		}
	}
}
