package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/smtp"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// mailbox is a mail server that takes everything: the smarthost, and behind it the mailboxes of all people.
type mailbox struct {
	address string
	mu      sync.Mutex
	mails   []letter
	login   string // user:password that is wanted; the user is the one sender then. Empty for none
	conns   map[*gosmtp.Conn]bool
}

// setLogin makes the server one for submission.
func (b *mailbox) setLogin(login string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.login = login
}

// hangUp ends all connections.
func (b *mailbox) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.conns {
		conn.Conn().Close()
	}
}

type letter struct{ from, to, messageID, subject, text, raw string } // from the sender in the envelope, raw the whole message

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	box := &mailbox{conns: map[*gosmtp.Conn]bool{}}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.conns[c] = true
		return &delivery{box: box}, nil
	}))
	server.AllowInsecureAuth = true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box.address = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	t.Cleanup(func() { server.Close(); serving.Wait() })
	return box
}

type delivery struct {
	box  *mailbox
	from string
	to   string
	user string
}

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		d.box.mu.Lock()
		defer d.box.mu.Unlock()
		if user+":"+password != d.box.login {
			return gosmtp.ErrAuthFailed
		}
		d.user = user
		return nil
	}), nil
}

func (d *delivery) Mail(from string, _ *gosmtp.MailOptions) error {
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.from = from
	if d.box.login != "" && d.user != from {
		return &gosmtp.SMTPError{Code: 553, EnhancedCode: gosmtp.EnhancedCode{5, 7, 1}, Message: "not yours"}
	}
	return nil
}
func (d *delivery) Rcpt(to string, _ *gosmtp.RcptOptions) error { d.to = to; return nil }
func (d *delivery) Reset()                                      {}
func (d *delivery) Logout() error                               { return nil }

func (d *delivery) Data(r io.Reader) error {
	var raw bytes.Buffer
	m, err := mail.CreateReader(io.TeeReader(r, &raw))
	if err != nil {
		return err
	}
	one := letter{from: d.from, to: d.to}
	one.subject, _ = m.Header.Subject()
	one.messageID, _ = m.Header.MessageID()
	part, err := m.NextPart()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(part.Body)
	one.text, one.raw = strings.ReplaceAll(string(text), "\r\n", "\n"), raw.String()
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	d.box.mails = append(d.box.mails, one)
	return err
}

// to lists the mails to an address whose text contains what.
func (b *mailbox) to(address, what string) []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []letter
	for _, one := range b.mails {
		if one.to == address && strings.Contains(one.subject+"\n"+one.text, what) {
			found = append(found, one)
		}
	}
	return found
}

// link waits for a mail to an address and returns the path and query of the link in it that contains what.
func (b *mailbox) link(t testing.TB, address, what string) string {
	t.Helper()
	var link string
	links := regexp.MustCompile(`https?://[^/\s]+(\S*` + regexp.QuoteMeta(what) + `\S*)`)
	testkit.Eventually(t, "a mail with the link "+what+" reaches "+address, func() bool {
		for _, one := range b.to(address, "") {
			if found := links.FindStringSubmatch(one.text); found != nil {
				link = found[1]
			}
		}
		return link != ""
	})
	return link
}

// freePort is the address of a port on loopback that was free just now: one that the system does not give to connections
// (net.ipv4.ip_local_port_range begins at 32768), so that it is still free in a moment.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// testConfig is a program on loopback with a data directory of its own, and a smarthost.
func testConfig(t testing.TB, box *mailbox) config.Config {
	t.Helper()
	c := config.Default()
	c.Data = filepath.Join(t.TempDir(), "data")
	c.HTTP, c.SMTP = freePort(t), freePort(t)
	c.BaseURL = "http://" + c.HTTP
	c.Mail.Domain = "linienfunk.example"
	c.Mail.Smarthost = "smtp://" + box.address
	c.Outgoing.AllowPrivate = true
	c.NATS.URL, c.NATS.Prefix = testkit.NATS(t)
	if url := testkit.DatabaseURL(t, t.TempDir()); strings.HasPrefix(url, "postgres") {
		c.Database.URL = url
	}
	return c
}

// start runs a program in process until the test ends or stop is called.
func start(t testing.TB, c config.Config) (p *Program, stop func()) {
	t.Helper()
	log := &logBuffer{}
	ctx, cancel := context.WithCancel(context.Background())
	p, err := Open(ctx, c, io.MultiWriter(t.Output(), log))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := errors.Join(p.Run(ctx), p.Close()); err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		for _, secret := range []string{riderAddress, "hermannplatz", readerAddress} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
	})
	t.Cleanup(stop)
	return p, stop
}

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// browser visits the program's pages and keeps cookies.
type browser struct {
	t    testing.TB
	base string
	http *http.Client
}

func newBrowser(t testing.TB, base string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, base, &http.Client{Jar: jar}}
}

// get returns the page, which must be there.
func (b *browser) get(path string) string {
	b.t.Helper()
	return b.read(b.http.Get(b.base + path))
}

func (b *browser) post(path string, pairs ...string) string {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.read(b.http.PostForm(b.base+path, form))
}

func (b *browser) read(answer *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s\n%s", answer.Request.URL, answer.Status, body)
	}
	return html.UnescapeString(string(body))
}

// sees waits until a page contains a text.
func (b *browser) sees(path, text string) {
	b.t.Helper()
	testkit.Eventually(b.t, fmt.Sprintf("%s shows %q", path, text), func() bool { return strings.Contains(b.get(path), text) })
}

const (
	riderAddress  = "marta.rider@example.net"
	readerAddress = "reader@example.net"
	adminPassword = "a tram named desire"
)

// register makes a city through the pages and the confirmation mail. The browser is logged in then.
func (b *browser) register(box *mailbox, city, title string) {
	b.t.Helper()
	admin := "admin-" + city + "@example.net"
	b.post("/register", "address", admin, "password", adminPassword, "city", city, "title", title)
	link := box.link(b.t, admin, "/confirm/")
	b.get(link)
	if page := b.post(link, "password", adminPassword); !strings.Contains(page, title) {
		b.t.Fatalf("the settings do not name %s:\n%s", title, page)
	}
}

var hidden = regexp.MustCompile(`name="base" value="([^"]*)"`)

// setLists saves a city's lists.
func (b *browser) setLists(city, title, triggers, blocked string) {
	b.t.Helper()
	found := hidden.FindStringSubmatch(b.get("/city/" + city))
	if found == nil {
		b.t.Fatal("the settings have no version")
	}
	b.post("/city/"+city, "base", found[1], "title", title, "lang", "de", "active", "on", "listed", "on",
		"triggers", triggers, "blocked", blocked, "freshness_minutes", "30", "retention_hours", "24")
}

// subscribe makes a confirmed subscriber of a city.
func (b *browser) subscribe(box *mailbox, city, address string) {
	b.t.Helper()
	b.post("/c/"+city+"/email/subscribe", "address", address)
	link, err := url.Parse(box.link(b.t, address, "/c/"+city+"/email/confirm"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.get(link.String())
	b.post(link.Path, "t", link.Query().Get("t"))
}

// writeMail sends a rider's mail to a city.
func writeMail(t testing.TB, p *Program, city, text string) {
	t.Helper()
	if err := tryMail(p.SMTPAddr(), city, text); err != nil {
		t.Fatal(err)
	}
}

func tryMail(server, city, text string) error {
	body := fmt.Sprintf("From: Marta <%s>\r\nTo: %s@linienfunk.example\r\nSubject: \r\nMessage-ID: <%x@example.net>\r\n\r\n%s\r\n",
		riderAddress, city, text, text)
	return smtp.SendMail(server, nil, riderAddress, []string{city + "@linienfunk.example"}, []byte(body))
}

var fields = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)

// formOf returns the hidden fields of a form as names and values.
func formOf(page, action string) []string {
	_, form, _ := strings.Cut(page, `action="`+action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	var pairs []string
	for _, field := range fields.FindAllString(form, -1) {
		name := regexp.MustCompile(`name="([^"]*)"`).FindStringSubmatch(field)
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(field)
		if name != nil && value != nil {
			pairs = append(pairs, name[1], value[1])
		}
	}
	return pairs
}
