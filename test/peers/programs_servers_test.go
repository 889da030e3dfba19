package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/app"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// natsServer is nats-server itself, of the version in go.mod, with a configuration that can be changed.
type natsServer struct {
	t       *testing.T
	file    string
	address string
	process *exec.Cmd
}

func newNATSServer(t *testing.T) *natsServer {
	t.Helper()
	const module = "github.com/nats-io/nats-server/v2"
	dir := t.TempDir()
	install := exec.Command("go", "install", module+"@"+run(t, "go", "list", "-m", "-f", "{{.Version}}", module))
	install.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("install nats-server: %v\n%s", err, out)
	}
	s := &natsServer{t: t, file: filepath.Join(dir, "nats.conf"), address: harness.FreePort(t)}
	s.configure("")
	s.process = exec.Command(filepath.Join(dir, "nats-server"), "-c", s.file)
	s.process.Stdout, s.process.Stderr = t.Output(), t.Output()
	must(t, s.process.Start())
	t.Cleanup(func() {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	})
	testkit.Eventually(t, "NATS listens", func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return s
}

// configure writes the configuration, with more users.
func (s *natsServer) configure(users string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.file, fmt.Appendf(nil, "listen: %q\njetstream { store_dir: %q }\nauthorization { users = [\n{ user: linienfunk, password: hunter2 }\n%s] }\n",
		s.address, filepath.Join(filepath.Dir(s.file), "store"), users), 0o600))
}

// TestAProgramReportsOverServersOfTheOperatorAndCanDoNothingElse gives nats-server the users that linienfunk nats permissions prints.
func TestAProgramReportsOverServersOfTheOperatorAndCanDoNothingElse(t *testing.T) {
	t.Parallel()
	server, mails := newNATSServer(t), harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.NATS = config.NATS{URL: "nats://linienfunk:hunter2@" + server.address, Prefix: "lf", Shards: 4, Replicas: 1}
	c.Networks = []config.Key{{Network: "external", Name: "address", Value: "nats://" + server.address}}
	program, _ := harness.Start(t, c)
	admin := harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	page := admin.Post("/city/zuerich/bot/external/connect", "name", "forum")
	password := regexp.MustCompile(`<code id="external-password">([^<]+)</code>`).FindStringSubmatch(page)
	if password == nil || !strings.Contains(page, "_INBOX.lf.remote.zuerich.forum") {
		t.Fatalf("the page is\n%s", page)
	}
	violations := make(chan error, 100)
	connect := func() (*nats.Conn, error) {
		return nats.Connect("nats://"+server.address, nats.UserInfo("zuerich.forum", password[1]), nats.CustomInboxPrefix("_INBOX.lf.remote.zuerich.forum"),
			nats.Timeout(time.Minute), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { violations <- err }))
	}
	if _, err := connect(); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("without a user at the servers: %v", err)
	}
	var users bytes.Buffer
	must(t, app.Main(context.Background(), []string{"nats", "permissions", "--config", os.DevNull}, []string{"LINIENFUNK_DATA=" + c.Data, "LINIENFUNK_DATABASE_URL=" + c.Database.URL,
		"LINIENFUNK_NATS_URL=" + c.NATS.URL, "LINIENFUNK_NATS_PREFIX=lf"}, &users, io.Discard))
	server.configure(users.String())
	must(t, server.process.Process.Signal(syscall.SIGHUP))
	var conn *nats.Conn
	testkit.Eventually(t, "the servers know the user", func() (ok bool) {
		var err error
		conn, err = connect()
		return err == nil
	})
	t.Cleanup(conn.Close)
	got := make(chan string, 10)
	_, err := conn.Subscribe("lf.remote.report.out.zuerich.forum", func(m *nats.Msg) {
		got <- string(m.Data)
		_ = m.Respond([]byte(`{"taken":true}`))
	})
	must(t, err, conn.Flush())
	hand := func(message string) (answer string) {
		testkit.Eventually(t, "Linienfunk answers", func() bool {
			m, err := conn.Request("lf.remote.report.in.zuerich.forum", []byte(message), 10*time.Second)
			if err == nil {
				answer = string(m.Data)
			}
			return err == nil
		})
		return answer
	}
	if a := hand(fmt.Sprintf(`{"type":"report","id":"post-1","text":"kontrolle","at":%q}`, time.Now().UTC().Format(time.RFC3339))); a != `{"stored":true}` {
		t.Fatalf("answer %s", a)
	}
	var delivered struct{ Type, Yours string }
	must(t, json.Unmarshal([]byte(testkit.Next(t, got)), &delivered))
	if delivered.Type != "report" || delivered.Yours != "post-1" {
		t.Errorf("got %+v", delivered)
	}
	for _, subject := range []string{
		"lf.report.in.zuerich.external", "lf.report.in._._", "lf.remote.report.in.zuerich.other", "lf.remote.report.in.ghent.forum", "lf.report.out.3.zuerich", "lf.remote.report.out.zuerich.other",
		"lf.settings.update.abc", "lf.settings.latest", "lf.account.external.zuerich", "lf.bot.web.zuerich", "lf.limits.login", "lf.mail.queued", "report.in.zuerich.forum",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.PURGE.lf-REPORTS", "$JS.API.STREAM.MSG.GET.lf-REPORTS", "_INBOX.lf.remote.zuerich.other.a", "_INBOX.a",
	} {
		must(t, conn.Publish(subject, []byte("{}")), conn.Flush())
		wantRefused(t, violations, "Publish", subject)
		_, err := conn.SubscribeSync(subject)
		must(t, err, conn.Flush())
		wantRefused(t, violations, "Subscription", subject)
	}
	for _, subject := range []string{">", "lf.>", "lf.remote.>", "lf.settings.>", "lf.report.out.>", "lf.remote.report.out.*.forum", "$SYS.>", "$JS.>", "_INBOX.>", "_INBOX.*.*"} {
		_, err := conn.SubscribeSync(subject)
		must(t, err, conn.Flush())
		wantRefused(t, violations, "Subscription", subject)
	}
	admin.Post("/city/zuerich/bot/external/disconnect")
	if a := hand(`{"type":"withdrawal","id":"post-1"}`); !strings.Contains(a, "have disconnected this program") || strings.Contains(a, "retry_after") {
		t.Errorf("answer %s", a)
	}
}

func wantRefused(t *testing.T, violations <-chan error, what, subject string) {
	t.Helper()
	if err := testkit.Next(t, violations); !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), subject) {
		t.Errorf("%s on %s: %v", what, subject, err)
	}
}
