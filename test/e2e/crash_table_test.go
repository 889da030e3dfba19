package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// These tests are the lines of the table of crashes in docs/architecture.md. Each kills the program there, shows that it was there, starts the
// program again, and shows that the report arrives once.

// crash is a program of its own with the embedded broker and database, whose files a test looks into.
type crash struct {
	*fixture
	process *harness.Process
	data    string
	smtp    string

	unsent   []string          // mails that were not accepted
	mentions map[string]string // ids of the statuses that are to be boosted, by text
}

func newCrash(t *testing.T, prepare func(*mastodontest.Server)) *crash {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	if prepare != nil {
		prepare(instance)
	}
	c := harness.Config(t, mails)
	c.NATS.URL, c.NATS.Prefix, c.Database.URL = "", "", ""
	p := harness.NewProcess(t, c)
	p.Start()
	s := &fixture{t: t, mails: mails, instance: instance, admin: harness.NewBrowser(t, c.BaseURL), visitor: harness.NewBrowser(t, c.BaseURL)}
	s.admin.Register(mails, "zuerich", "Zürich")
	s.admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	s.admin.ConnectMastodon(instance, "zuerich")
	s.admin.ChooseBoosts("zuerich")
	return &crash{fixture: s, process: p, data: c.Data, smtp: c.SMTP, mentions: map[string]string{}}
}

// until kills the program with kill, which reports whether it was killed where it should be, and starts it again. kill gets another text each
// time, all of which have to arrive once.
func (c *crash) until(kill func(text string) bool) {
	c.t.Helper()
	var texts []string
	testkit.Eventually(c.t, "the program is killed there", func() bool {
		texts = append(texts, fmt.Sprintf("kontrolle tram %d", 10+len(texts)))
		there := kill(texts[len(texts)-1])
		c.process.Kill()
		c.process.Start()
		return there
	})
	for _, text := range c.unsent {
		if err := harness.TrySendMail(c.smtp, "zuerich", text); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, text := range texts {
		testkit.Eventually(c.t, text+" is posted", func() bool { return c.count(text) > 0 })
		c.visitor.WaitForText("/c/zuerich", text)
		testkit.Eventually(c.t, text+" is sent, as the ledger says", func() bool { return c.sent(text) })
		if n := c.count(text); n != 1 {
			c.t.Errorf("%s was posted %d times", text, n)
		}
		if n := strings.Count(c.visitor.Get("/c/zuerich"), text); n != 1 {
			c.t.Errorf("%s is shown %d times", text, n)
		}
	}
}

// count returns how often the instance shows a report.
func (c *crash) count(text string) (n int) {
	shown := c.posts()
	if id, ok := c.mentions[text]; ok {
		text, shown = id, c.instance.Boosts("zuerich")
	}
	for _, one := range shown {
		if strings.Contains(one, text) {
			n++
		}
	}
	return n
}

func (c *crash) waitKilled(text string) {
	c.t.Helper()
	waitKilled(c.t, c.process, func() bool { return c.count(text) > 0 })
}

// waitKilled waits until the program is killed. It kills it itself once a report has arrived: then strace has missed a thread that was started
// meanwhile.
func waitKilled(t *testing.T, p *harness.Process, arrived func() bool) {
	t.Helper()
	program, err := os.FindProcess(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = p.Wait(); close(ended) }()
	testkit.Eventually(t, "the program is killed", func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		if arrived() {
			_ = program.Kill()
		}
		return false
	})
}

// mention writes to the city on the network.
func (c *crash) mention(text string) {
	c.mentions[text] = c.instance.Mention("marta@elsewhere.example", "@zuerich "+text, "public")
}

// mail sends a report by mail, again after the next start if it is not accepted before the program is killed.
func (c *crash) mail(text string) {
	if harness.TrySendMail(c.smtp, "zuerich", text) != nil {
		c.unsent = append(c.unsent, text)
	}
}

// killAtWrite makes strace kill the program when it is about to write to one of the files, or to sync it, and returns once it will.
func killAtWrite(t *testing.T, p *harness.Process, calls string, paths ...string) {
	t.Helper()
	args := []string{"-f", "-p", fmt.Sprint(p.PID()), "-o", os.DevNull, "-e", "inject=" + calls + ":error=EIO:signal=SIGKILL"}
	for _, path := range paths {
		args = append(args, "-P", path)
	}
	strace := exec.Command("strace", args...)
	said, err := strace.StderrPipe()
	if err == nil {
		err = strace.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	attached := make(chan bool, 1)
	go func() {
		defer strace.Wait()
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if strings.Contains(lines.Text(), "attached") || strings.Contains(lines.Text(), "attach:") {
				select {
				case attached <- strings.Contains(lines.Text(), "attached"):
				default:
				}
			}
		}
	}()
	if !testkit.Next(t, attached) {
		t.Skip("strace may not trace processes here")
	}
}

// blocks are the files of REPORTS: those that are there, and the next ones.
func blocks(data string) (paths []string) {
	dir := filepath.Join(data, "nats/jetstream/$G/streams/REPORTS/msgs")
	paths, _ = filepath.Glob(filepath.Join(dir, "*.blk"))
	last := 0
	for _, path := range paths {
		number, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk"))
		last = max(last, number)
	}
	for i := range 20 {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("%d.blk", last+1+i)))
	}
	return paths
}

// inStream reports whether the stream REPORTS has the text. The program must not run.
func inStream(data, text string) bool {
	return slices.ContainsFunc(blocks(data), func(path string) bool {
		content, _ := os.ReadFile(path)
		return bytes.Contains(content, []byte(text))
	})
}

// entry returns the ledger's entry with the text, if there is one.
func (c *crash) entry(text string) (found db.Entry, ok bool) {
	c.t.Helper()
	d, err := db.Open(c.t.Context(), filepath.Join(c.data, "linienfunk.db"), time.Now)
	if err != nil {
		c.t.Fatal(err)
	}
	defer d.Close()
	var all []db.Entry
	if err := d.Preload("Deliveries").Where("text LIKE ?", "%"+text+"%").Find(&all).Error; err != nil {
		c.t.Fatal(err)
	}
	if len(all) == 0 {
		return found, false
	}
	return all[0], true
}

// sent reports whether the ledger says that the text is on the instance.
func (c *crash) sent(text string) bool {
	e, _ := c.entry(text)
	return slices.ContainsFunc(e.Deliveries, func(d db.Delivery) bool { return d.Bot == "mastodon" && d.Status == db.Sent })
}

func TestAfterACrashBeforeReportsHasTheReportTheBotReceivesItAgain(t *testing.T) {
	t.Parallel()
	c := newCrash(t, nil)
	c.until(func(text string) bool {
		killAtWrite(c.t, c.process, "write,pwrite64", blocks(c.data)...)
		c.mention(text)
		c.waitKilled(text)
		_, recorded := c.entry(text)
		return !inStream(c.data, text) && !recorded
	})
}

func TestAfterACrashBeforeTheCursorMovesTheBotHandsTheReportInAgainAndTheLedgerKnowsIt(t *testing.T) {
	t.Parallel()
	c := newCrash(t, nil)
	var before string
	c.until(func(text string) bool {
		before = c.position()
		killAtWrite(c.t, c.process, "write,pwrite64", filepath.Join(c.data, "linienfunk.db-wal"))
		c.mention(text)
		c.waitKilled(text)
		return inStream(c.data, text) && c.position() == before
	})
	if c.position() == before {
		t.Error("the cursor has not moved")
	}
}

func TestAfterACrashBetweenTheLedgerAndTheOrderTheDeliveriesAreDueInTheLedger(t *testing.T) {
	t.Parallel()
	c := newCrash(t, nil)
	c.until(func(text string) bool {
		killAtWrite(c.t, c.process, "fsync,fdatasync", filepath.Join(c.data, "linienfunk.db-wal")) // the commit is written: a kill leaves it to the system
		c.mail(text)
		c.waitKilled(text)
		e, recorded := c.entry(text)
		return recorded && len(e.Deliveries) > 0 && !c.sent(text) && inStream(c.data, text) && c.count(text) == 0
	})
}

func TestAfterACrashBetweenTheOrderAndTheAcknowledgementTheLedgerHasTheReport(t *testing.T) {
	t.Parallel()
	c := newCrash(t, nil)
	c.until(func(text string) bool {
		files := blocks(c.data)
		killAtWrite(c.t, c.process, "rename,renameat,renameat2,unlink,unlinkat", append(files, filepath.Dir(files[0]))...) // removes what is acknowledged
		c.mail(text)
		c.waitKilled(text)
		_, recorded := c.entry(text)
		return recorded && inStream(c.data, text)
	})
}

func TestAfterACrashBetweenTheNetworkAndTheLedgerTheReportIsSentAgainWithTheSameKey(t *testing.T) {
	t.Parallel()
	var killed atomic.Pointer[harness.Process]
	c := newCrash(t, func(instance *mastodontest.Server) {
		instance.AfterPost = func(ctx context.Context) { killWith(ctx, &killed) }
	})
	c.until(func(text string) bool {
		killed.Store(c.process)
		c.mail(text)
		_ = c.process.Wait()
		return c.count(text) == 1 && !c.sent(text)
	})
}

// killWith kills the process that is waiting for it, and returns when its connection has ended.
func killWith(ctx context.Context, waiting *atomic.Pointer[harness.Process]) {
	if p := waiting.Swap(nil); p != nil {
		p.Signal(os.Kill)
		<-ctx.Done()
	}
}

// position is the cursor of the account.
func (c *crash) position() (position string) {
	c.t.Helper()
	d, err := db.Open(c.t.Context(), filepath.Join(c.data, "linienfunk.db"), time.Now)
	if err != nil {
		c.t.Fatal(err)
	}
	defer d.Close()
	if err := d.SQL().QueryRow("SELECT position FROM mastodon_accounts").Scan(&position); err != nil {
		c.t.Fatal(err)
	}
	return position
}
