package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

const natsPackage = "@nats-io/transport-node@3.4.0"

func TestMain(m *testing.M) { harness.Main(m) }

// foreign is a program of a city that knows nothing but docs/report-protocol.md.
type foreign struct {
	t       *testing.T
	dir     string
	command []string
	environ []string
	process *exec.Cmd
}

// nodeProgram installs npm's NATS client and the program that the page has.
func nodeProgram(t *testing.T) *foreign {
	t.Helper()
	page, err := os.ReadFile("../../docs/report-protocol.md")
	must(t, err)
	example := regexp.MustCompile("(?ms)^```js\n(.*?)^```$").FindSubmatch(page)
	if example == nil || !bytes.Contains(page, []byte("npm install "+natsPackage)) {
		t.Fatal("the page has no program, or names another package")
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "program.mjs"), example[1], 0o600))
	run(t, "npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", natsPackage)
	return &foreign{t: t, dir: dir, command: []string{"node", "program.mjs"}}
}

// goProgram compiles testdata/program.
func goProgram(t *testing.T) *foreign {
	t.Helper()
	dir := t.TempDir()
	run(t, "go", "build", "-o", filepath.Join(dir, "program"), "./testdata/program")
	return &foreign{t: t, dir: dir, command: []string{filepath.Join(dir, "program")}}
}

// connect connects the program to a city, as an admin and its author do.
func (f *foreign) connect(admin *harness.Browser, city, address string) {
	f.t.Helper()
	page := admin.Post("/city/"+city+"/bot/external/connect", "name", "forum")
	password := regexp.MustCompile(`<code id="external-password">([^<]+)</code>`).FindStringSubmatch(page)
	if password == nil {
		f.t.Fatalf("no password on the page:\n%s", page)
	}
	f.environ = append(os.Environ(), "NATS_URL="+address, "NATS_USER="+city+".forum", "NATS_PASSWORD="+password[1])
}

func (f *foreign) start() {
	f.t.Helper()
	f.process = exec.Command(f.command[0], f.command[1:]...)
	f.process.Dir, f.process.Env, f.process.Stderr = f.dir, f.environ, f.t.Output()
	must(f.t, f.process.Start())
	f.t.Cleanup(f.kill)
}

func (f *foreign) kill() {
	if f.process != nil {
		_ = f.process.Process.Kill()
		_ = f.process.Wait()
		f.process = nil
	}
}

// lines are those of a file of the program.
func (f *foreign) lines(name string) []string {
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if os.IsNotExist(err) {
		return nil
	}
	must(f.t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// foreignReports is how many reports pass in each direction while the program is killed so many times.
const (
	foreignReports = 500
	foreignKills   = 10
)

func TestANodeProgramLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	needs(t, "node", "npm")
	f := nodeProgram(t)
	passes(t, f)
	refuses(t, f)
}

func TestAGoProgramLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	passes(t, goProgram(t))
}

// passes has a program hand in reports and get them back, since it gets its own as well, while it and Linienfunk are killed again and again.
func passes(t *testing.T, f *foreign) {
	t.Helper()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.NATS = config.NATS{Listen: harness.FreePort(t)}
	linienfunk := harness.NewProcess(t, c)
	linienfunk.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	f.connect(admin, "zuerich", "nats://"+c.NATS.Listen)
	var outbox, want strings.Builder
	for i := range foreignReports {
		fmt.Fprintf(&outbox, `{"type":"report","id":"post-%d","text":"kontrolle nummer %d","at":%q,"author":"rider-%d"}`+"\n", i, i, time.Now().UTC().Format(time.RFC3339), i)
		fmt.Fprintf(&want, "post-%d\n", i)
	}
	must(t, os.WriteFile(filepath.Join(f.dir, "outbox"), []byte(outbox.String()), 0o600))
	f.start()
	for i := range foreignKills {
		testkit.Eventually(t, "it goes on after a kill", func() bool { return len(f.lines("stored")) > (i+1)*foreignReports/(foreignKills+2) })
		f.kill()
		if i%3 == 1 {
			linienfunk.Kill()
			linienfunk.Start()
		}
		f.start()
	}
	testkit.Eventually(t, "everything has passed", func() bool {
		return len(f.lines("stored")) >= foreignReports && len(f.lines("got")) >= foreignReports
	})
	got, ids := "", map[string]bool{}
	for _, line := range f.lines("got") {
		var m struct{ ID, Type, Yours string }
		must(t, json.Unmarshal([]byte(line), &m))
		if m.Type != "report" || ids[m.ID] {
			t.Errorf("got %s again, or something else: %s", m.ID, m.Type)
		}
		ids[m.ID] = true
		got += m.Yours + "\n"
	}
	if got != want.String() {
		t.Errorf("got, in this order:\n%s", strings.Join(strings.Fields(got), " "))
	}
	d := harness.Database(t, c)
	var entries, sent int64
	must(t, d.Model(&db.Entry{}).Where("bot = ?", "external").Count(&entries).Error)
	testkit.Eventually(t, "all are sent", func() bool {
		must(t, d.Model(&db.Delivery{}).Where("bot = ? AND status = ?", "external", db.Sent).Count(&sent).Error)
		return sent == foreignReports
	})
	if entries != foreignReports {
		t.Errorf("the ledger has %d reports", entries)
	}
	f.kill()
}

// refuses tries what the user of a program must not do, with npm's client.
func refuses(t *testing.T, f *foreign) {
	t.Helper()
	subjects := []string{
		"report.in.zuerich.other", "report.in.ghent.forum", "report.in._._", "report.in.zuerich.forum.more", "report.out.zuerich.other", "report.out.ghent.forum",
		"report.out.3.zuerich", "settings.update.abc", "settings.latest", "account.mastodon.zuerich", "bot.web.zuerich", "limits.login", "mail.queued",
		"remote.report.in.zuerich.forum", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.PURGE.REPORTS",
		"_INBOX.zuerich.other.abc", "_INBOX.abc",
	}
	script, err := os.ReadFile("testdata/subjects.mjs")
	must(t, err, os.WriteFile(filepath.Join(f.dir, "subjects.mjs"), script, 0o600))
	wildcards := []string{">", "*.>", "report.>", "report.in.>", "report.out.>", "report.out.*.forum", "settings.>", "$SYS.>", "$JS.>", "_INBOX.>"}
	command := exec.Command("node", "subjects.mjs")
	command.Dir, command.Env, command.Stderr = f.dir, f.environ, t.Output()
	command.Stdin = strings.NewReader(strings.Join(slices.Concat(subjects, wildcards), "\n"))
	out, err := command.Output()
	must(t, err)
	refused := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, subject := range slices.Concat(subjects, wildcards) {
		for _, what := range []string{"publish", "subscription"} {
			if what == "publish" && strings.ContainsAny(subject, "*>") {
				continue
			}
			if !slices.Contains(refused, what+" "+subject) {
				t.Errorf("%s on %s was not refused", what, subject)
			}
		}
	}
}
