package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/app"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/db"
	"linienfunk/internal/archive"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/test/harness"
)

// operate runs a command with a program's configuration.
func operate(t *testing.T, c config.Config, args ...string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = app.Main(t.Context(), append(args, "--config", configFile(t, c)), nil, &out, &out)
	t.Log(args[0], out.String(), err)
	return out.String(), err
}

// answered are the texts of reports that a program has accepted.
type answered struct {
	mu    sync.Mutex
	texts []string
}

func (a *answered) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.texts)
}

// load sends about fifty reports a second by mail, each by another rider, until ctx ends.
func load(ctx context.Context, c config.Config, a *answered) {
	var sending sync.WaitGroup
	defer sending.Wait()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		<-every.C
		sending.Go(func() {
			text, from := fmt.Sprintf("kontrolle meldung x%04dx", i), fmt.Sprintf("rider%d@example%d.net", i, i)
			mail := fmt.Sprintf("From: <%s>\r\nTo: zuerich@linienfunk.example\r\nMessage-ID: <%d@example.net>\r\n\r\n%s\r\n", from, i, text)
			if smtp.SendMail(c.SMTP, nil, from, []string{"zuerich@linienfunk.example"}, []byte(mail)) == nil {
				a.mu.Lock()
				a.texts = append(a.texts, text)
				a.mu.Unlock()
			}
		})
	}
}

// Fifty reports a second come and are posted while the backup is made. Then the program is killed, and another one, with another database and broker, goes on with the backup.
func TestABackupUnderLoadLosesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	c, elsewhere := harness.Config(t, mails), harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "email", Name: "author_limit", Value: "100000"}, {Network: "email", Name: "network_limit", Value: "100000"}}
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")

	var sent answered
	ctx, stop := context.WithCancel(t.Context())
	var loading sync.WaitGroup
	loading.Go(func() { load(ctx, c, &sent) })
	testkit.Eventually(t, "a hundred reports are answered", func() bool { return len(sent.all()) >= 100 })
	before := sent.all()
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	_, err := operate(t, c, "backup", file)
	during := len(sent.all()) - len(before)
	stop()
	loading.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d reports before the backup, %d while it was made, %d in all", len(before), during, len(sent.all()))
	p.Kill()

	if _, err := operate(t, elsewhere, "restore", file); err == nil || !strings.Contains(err.Error(), "--key") {
		t.Errorf("without its key: %v", err)
	}
	if _, err := operate(t, elsewhere, "restore", file, "--key", filepath.Join(c.Data, "instance.key")); err != nil {
		t.Fatal(err)
	}
	q := harness.NewProcess(t, elsewhere)
	q.Start()
	database := harness.Database(t, elsewhere)
	posted := func(text string) (n int) {
		for _, status := range instance.Timeline("zuerich") {
			if strings.Contains(status.Text, text) {
				n++
			}
		}
		return n
	}
	for _, text := range before {
		testkit.Eventually(t, text+" is in the ledger and posted", func() bool {
			return harness.Count(t, database, "", "ledger_entries", "text = ?", text) == 1 && posted(text) > 0
		})
	}
	testkit.Eventually(t, "nothing waits", func() bool {
		return harness.Count(t, database, "", "ledger_deliveries", "status IN ('queued', 'retrying')") == 0
	})
	for _, text := range sent.all() {
		if n := posted(text); n > 1 {
			t.Errorf("%s is posted %d times", text, n)
		}
		if n := harness.Count(t, database, "", "ledger_entries", "text = ?", text); n > 1 {
			t.Errorf("%s is in the ledger %d times", text, n)
		}
	}
	if cities, err := settings.VerifyAll(t.Context(), database); cities != 1 || err != nil {
		t.Errorf("%d cities, %v", cities, err)
	}
	if page := admin.On(elsewhere.BaseURL).Get("/city/zuerich"); !strings.Contains(page, `name="base"`) {
		t.Error("the admin is not logged in any more")
	}
	if err := harness.TrySendMail(elsewhere.SMTP, "zuerich", "kontrolle am neuen ort"); err != nil {
		t.Error(err)
	}
	testkit.Eventually(t, "the restored program relays", func() bool { return posted("kontrolle am neuen ort") == 1 })
}

func TestWhatWaitedInABackupIsSentOrExpiredAsTheOperatorWants(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	var down atomic.Bool
	instance.BeforePost = func(ctx context.Context) {
		if down.Load() {
			<-ctx.Done()
		}
	}
	c := harness.Config(t, mails)
	p := harness.NewProcess(t, c)
	p.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	admin.ConnectMastodon(instance, "zuerich")
	down.Store(true)
	if err := harness.TrySendMail(c.SMTP, "zuerich", "kontrolle die wartet"); err != nil {
		t.Fatal(err)
	}
	database := harness.Database(t, c)
	testkit.Eventually(t, "it is judged", func() bool {
		return harness.Count(t, database, "", "ledger_deliveries", "bot = 'mastodon' AND status IN ('queued', 'retrying')") == 1
	})
	p.Kill()
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	if said, err := operate(t, c, "backup", file, "--with-key"); err != nil || !strings.Contains(said, "and instance.key") { // of a program that does not run
		t.Fatal(said, err)
	}
	if _, err := operate(t, c, "backup", file); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("a file that exists: %v", err)
	}
	down.Store(false)
	for _, want := range []string{"expired", "sent"} {
		elsewhere := harness.Config(t, mails)
		args := []string{"restore", file}
		if want == "expired" {
			args = append(args, "--expire-queued")
		}
		said, err := "", error(nil)
		testkit.Eventually(t, "no node has a lease", func() bool {
			said, err = operate(t, elsewhere, args...)
			return err == nil || !strings.Contains(err.Error(), "a node runs on")
		})
		if err != nil {
			t.Fatal(err)
		}
		if want == "expired" && (!strings.Contains(said, "Not sent any more: ") || strings.Contains(said, " 0 deliveries")) {
			t.Error(said)
		}
		if _, err := operate(t, elsewhere, "restore", file); err == nil || !strings.Contains(err.Error(), "is not empty") {
			t.Errorf("restoring again: %v", err)
		}
		q := harness.NewProcess(t, elsewhere)
		q.Start()
		there := harness.Database(t, elsewhere)
		testkit.Eventually(t, "the report is "+want, func() bool {
			return harness.Count(t, there, "", "ledger_deliveries", "bot = 'mastodon' AND status = ?", want) == 1
		})
		if posts := len(instance.Timeline("zuerich")); (want == "sent") != (posts == 1) {
			t.Errorf("%s, and %d posts", want, posts)
		}
		q.Kill()
	}
}

func TestABackupThatIsDamagedChangesNothing(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c, elsewhere := harness.Config(t, mails), harness.Config(t, mails)
	_, stop := harness.Start(t, c)
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	if _, err := operate(t, c, "backup", file, "--with-key"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var piped, said bytes.Buffer
	if err := app.Main(t.Context(), []string{"backup", "-", "--config", configFile(t, c)}, nil, &piped, &said); err != nil || !strings.Contains(said.String(), "is complete") {
		t.Errorf("to standard output: %v, %s", err, said.String())
	}
	if _, err := archive.Read(&piped, &struct{}{}, func(string, []byte) error { return nil }); err != nil {
		t.Errorf("what was written to standard output: %v", err)
	}
	stop()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for name, text := range map[string][]byte{"cut off": whole[:len(whole)-1], "changed": append(append(bytes.Clone(whole[:len(whole)/2]), whole[len(whole)/2]^1), whole[len(whole)/2+1:]...), "empty": nil} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := operate(t, elsewhere, "restore", file); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(elsewhere.Data); !os.IsNotExist(err) {
		t.Errorf("the data directory: %v", err)
	}
}

func TestTheDoctorExaminesARunningProgram(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	harness.Start(t, c)
	if err := harness.Database(t, c).Create(&db.CityAdmin{City: "gone", AdminID: 1}).Error; err != nil {
		t.Fatal(err)
	}
	if said, err := operate(t, c, "doctor"); err == nil || !strings.Contains(said, "1 rows of city_admins are of cities that do not exist\n    with --mend they are deleted\n") {
		t.Errorf("%v, %s", err, said)
	}
	if said, _ := operate(t, c, "doctor", "--mend"); !strings.Contains(said, "\n    mended: they are deleted\n") { // the disk may be full
		t.Error(said)
	}
	if said, _ := operate(t, c, "doctor"); strings.Contains(said, "city_admins") {
		t.Error(said)
	}
}

func TestTheSocketOfARunningProgramIsThereHoweverLongTheNameOfTheTestIsThatHasStartedIt(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	harness.Start(t, c)
	if _, err := os.Stat(filepath.Join(c.Data, "commands.sock")); err != nil {
		t.Error(err)
	}
}

func TestTheOperatorCutsABrokenHistoryOfSettings(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	_, stop := harness.Start(t, c)
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	if _, err := operate(t, c, "settings", "cut", "zuerich"); err == nil || !strings.Contains(err.Error(), "is sound") {
		t.Errorf("a sound history: %v", err)
	}
	if _, err := operate(t, c, "settings", "cut", "atlantis"); err == nil || !strings.Contains(err.Error(), `no city "atlantis"`) {
		t.Error(err)
	}
	database := harness.Database(t, c)
	spoil := func(number int) {
		t.Helper()
		testkit.Eventually(t, "the history is written", func() bool {
			return database.Exec("UPDATE settings_links SET note = 'x' WHERE number = ?", number).RowsAffected == 1
		})
		if said, err := operate(t, c, "doctor"); err == nil || !strings.Contains(said, "linienfunk settings cut zuerich") {
			t.Errorf("%v, %s", err, said)
		}
	}
	spoil(2)
	if said, err := operate(t, c, "settings", "cut", "zuerich"); err != nil || !strings.Contains(said, "link") {
		t.Fatal(said, err)
	}
	admin.SetLists("zuerich", "Zürich", "kontrolle\nkontrolleure", "")
	stop()
	spoil(2)
	if said, err := operate(t, c, "settings", "cut", "zuerich"); err != nil { // of a program that does not run
		t.Fatal(said, err)
	}
	if cities, err := settings.VerifyAll(t.Context(), database); cities != 1 || err != nil {
		t.Errorf("%d cities, %v", cities, err)
	}
	if kept, err := filepath.Glob(filepath.Join(c.Data, "settings-zuerich-*.json")); err != nil || len(kept) == 0 {
		t.Errorf("%q, %v", kept, err)
	}
}

func TestEverythingGoesOnUnderANewInstanceKey(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	s := newFixtureOf(t, mails, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle vor dem wechsel")
	s.waitEverywhere("kontrolle vor dem wechsel")
	if _, err := operate(t, c, "secrets", "rotate"); err == nil {
		t.Error("the key of a running program is rotated")
	}
	s.stop()
	if said, err := operate(t, c, "secrets", "rotate"); err != nil || !strings.Contains(said, "email_subscribers.address") || !strings.Contains(said, "mastodon_accounts.token") {
		t.Fatal(said, err)
	}
	s.program, _ = harness.Start(t, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle nach dem wechsel")
	s.waitEverywhere("kontrolle nach dem wechsel")
	harness.SendMail(t, s.program, "zuerich", "kontrolle vor dem wechsel") // a repetition: the ledger knows it still
	harness.SendMail(t, s.program, "zuerich", "kontrolle ganz am ende")
	s.waitEverywhere("kontrolle ganz am ende")
	if posts := strings.Join(s.posts(), "\n"); strings.Count(posts, "vor dem wechsel") != 1 {
		t.Errorf("posted:\n%s", posts)
	}
}
