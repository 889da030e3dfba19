package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bots/bottest"
	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// fixture is a bot with a port, the program of zuerich, and what the bot hands in.
type fixture struct {
	*bottest.World
	*program
	current *tracker
	network *network
	got     chan handed
	refuse  atomic.Bool // whether nothing can be stored
}

// handed is a report that the bot handed in.
type handed struct {
	city string
	report.Report
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{current: &tracker{}, got: make(chan handed, 2000)}
	f.World = bottest.NewWorld(t, "external", f.current.plugin())
	f.network = newNetwork(t, f.World, f.current)
	f.network.Connect(t, f.World, "zuerich")
	f.program = f.network.programs["zuerich"]
	listening := f.current.Load()
	testkit.Background(t, func(ctx context.Context) {
		if err := listening.Listen(ctx, f.out); err != nil {
			t.Errorf("Listen returned %v", err)
		}
	})
	testkit.Eventually(t, "the bot answers", func() bool { return f.send(t, `{"type":"?"}`).Error != "" })
	return f
}

func (f *fixture) out(_ context.Context, city string, r report.Report) error {
	if f.refuse.Load() {
		return errors.New("the disk is full")
	}
	f.got <- handed{city, r}
	return nil
}

// send sends a message as it is, and checks that the answer is one that the schema allows.
func (f *fixture) send(t *testing.T, message string) answer {
	t.Helper()
	m, err := f.conn.Request(f.in, []byte(message), time.Minute)
	if errors.Is(err, nats.ErrNoResponders) {
		return answer{}
	}
	must(t, err)
	if err := schema(t, "answer").Validate(value(t, m.Data)); err != nil {
		t.Errorf("%s: %v", m.Data, err)
	}
	var a answer
	must(t, json.Unmarshal(m.Data, &a))
	return a
}

func (f *fixture) message(id string, more string) string {
	return fmt.Sprintf(`{"type":"report","id":%q,"text":"Kontrolle %s","at":%q%s}`, id, id, f.Time().UTC().Format(time.RFC3339), more)
}

func TestTheOriginOfAReportIsThatOfTheCredentials(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if a := f.send(t, f.message("1", `,"author":"marta-q7x"`)); !a.Stored {
		t.Fatalf("%+v", a)
	}
	r := testkit.Next(t, f.got)
	if r.city != "zuerich" || r.City != "" || r.Bot != "" || r.Author != f.Core.Author("zuerich", "marta-q7x", r.At) || r.ID != "1" || r.Ref != "1" {
		t.Errorf("%+v", r)
	}
	for _, field := range []string{"city", "bot", "ref", "means", "people", "ended", "withdrawn", "spam", "dropped"} {
		if a := f.send(t, f.message("2", fmt.Sprintf(`,%q:"ghent"`, field))); a.Stored || a.Field != field || a.RetryAfter != 0 {
			t.Errorf("%s: %+v", field, a)
		}
	}
}

func TestABadMessageIsAnsweredAndItsNeighboursAreStored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, message := range []string{f.message("1", ""), `{"type":"report","id":7}`, "not JSON", f.message("2", "")} {
		f.send(t, message)
	}
	for _, want := range []string{"1", "2"} {
		if r := testkit.Next(t, f.got); r.ID != want {
			t.Errorf("got %s, want %s", r.ID, want)
		}
	}
}

func TestMessagesThatAreSentWithoutWaitingAreStoredInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	answers, err := f.conn.SubscribeSync(f.inbox + ".all")
	must(t, err)
	for i := range 200 {
		must(t, f.conn.PublishRequest(f.in, f.inbox+".all", []byte(f.message(fmt.Sprint(i), ""))))
	}
	for i := range 200 {
		if r := testkit.Next(t, f.got); r.ID != fmt.Sprint(i) {
			t.Fatalf("report %d is %s", i, r.ID)
		}
		m, err := answers.NextMsg(time.Minute)
		must(t, err)
		if string(m.Data) != `{"stored":true}` {
			t.Fatalf("%s", m.Data)
		}
	}
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.refuse.Store(true)
	if a := f.send(t, f.message("1", "")); a.Stored || a.RetryAfter != 1 {
		t.Errorf("%+v", a)
	}
	f.refuse.Store(false)
	if a := f.send(t, f.message("1", "")); !a.Stored {
		t.Errorf("%+v", a)
	}
	if strings.Contains(f.World.Log.String(), "Kontrolle") {
		t.Error("the text is in the log")
	}
}

func TestAProgramOfACityThatIsOffWaits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SwitchOff(t, "zuerich")
	if a := f.send(t, f.message("1", "")); a.Stored || a.RetryAfter != 60 || !strings.Contains(a.Error, "switched this program off") {
		t.Errorf("%+v", a)
	}
	f.SetOption(t, "zuerich", "enabled", true)
	f.SetActive("zuerich", false)
	if a := f.send(t, f.message("1", "")); a.Stored || a.RetryAfter != 60 {
		t.Errorf("%+v", a)
	}
	f.SetActive("zuerich", true)
	if a := f.send(t, f.message("1", "")); !a.Stored {
		t.Errorf("%+v", a)
	}
}

func TestAProgramThatSendsTooMuchIsToldSoAndThenDisconnected(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	closed := make(chan struct{}, 1)
	f.conn.SetDisconnectErrHandler(func(*nats.Conn, error) {
		select {
		case closed <- struct{}{}:
		default:
		}
	})
	told := make(chan struct{}, 1)
	answers, err := f.conn.Subscribe(f.inbox+".all", func(m *nats.Msg) {
		if strings.Contains(string(m.Data), `too many messages: 600 at once, then 10 a second","retry_after":5`) {
			select {
			case told <- struct{}{}:
			default:
			}
		}
	})
	must(t, err)
	must(t, answers.SetPendingLimits(-1, -1))
	hours, start := 0, time.Now()
	for open := true; open; {
		select {
		case <-closed:
			open = false
		default:
			_ = f.conn.PublishRequest(f.in, f.inbox+".all", []byte("{}")) // fails once the connection is closed
		}
	}
	<-told
	testkit.Eventually(t, "it may connect and report again", func() bool {
		f.Advance(time.Hour) // what it had sent before it was disconnected, or holds back until it is connected again, may use up one hour's share
		hours++
		m, err := f.conn.Request(f.in, []byte(f.message("1", "")), 10*time.Second)
		return err == nil && string(m.Data) == `{"stored":true}`
	})
	most := 1 + hours + int(time.Since(start)/(10*time.Millisecond))
	if n := strings.Count(f.World.Log.String(), "sends too much and is disconnected"); n > most {
		t.Errorf("it was disconnected %d times instead of %d: again for what it had sent before", n, most)
	}
}

func TestAFloodOfOneProgramDoesNotStopAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.network.Connect(t, f.World, "ghent")
	other := &fixture{World: f.World, program: f.network.programs["ghent"]}
	flood, stop := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for flood.Err() == nil {
			_ = f.conn.PublishRequest(f.in, f.inbox+".all", []byte("{}"))
		}
	})
	for i := range 20 {
		if a := other.send(t, other.message(fmt.Sprint(i), "")); !a.Stored {
			t.Errorf("%+v", a)
		}
	}
	stop()
	flooding.Wait()
}

func TestPasswordsEndAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	address := fmt.Sprintf("nats://127.0.0.1:%d", f.network.port)
	login := func(user, password string) error {
		conn, err := nats.Connect(address, nats.UserInfo(user, password), nats.Timeout(time.Minute))
		if err == nil {
			conn.Close()
		}
		return err
	}
	password := connect(t, f.World, "ghent", "forum")
	for user, password := range map[string]string{"ghent.forum": "wrong", "ghent.other": password, "zuerich.forum": password, "ghent": password, "": password, ".": "",
		"ghent.forum.x": password, "ghent.forum ": password} {
		if err := login(user, password); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%q with %q: %v", user, password, err)
		}
	}
	must(t, login("ghent.forum", password))
	kicked := make(chan struct{}, 2)
	conn, err := nats.Connect(address, nats.UserInfo("ghent.forum", password), nats.NoReconnect(), nats.Timeout(time.Minute), nats.ClosedHandler(func(*nats.Conn) { kicked <- struct{}{} }))
	must(t, err)
	defer conn.Close()
	renewed := f.Submit(t, "ghent", "/password", nil)
	<-kicked
	second := between(t, renewed.Body.String(), `<code id="external-password">`, "</code>")
	if err := login("ghent.forum", password); !errors.Is(err, nats.ErrAuthorization) || second == password {
		t.Errorf("the old password: %v", err)
	}
	conn, err = nats.Connect(address, nats.UserInfo("ghent.forum", second), nats.NoReconnect(), nats.Timeout(time.Minute), nats.ClosedHandler(func(*nats.Conn) { kicked <- struct{}{} }))
	must(t, err)
	defer conn.Close()
	if done := f.Submit(t, "ghent", "/disconnect", nil); done.Code != http.StatusSeeOther {
		t.Errorf("disconnect: %d", done.Code)
	}
	<-kicked
	if err := login("ghent.forum", second); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("after it was disconnected: %v", err)
	}
	if !f.conn.IsConnected() {
		t.Error("another program was disconnected")
	}
}

func TestLoginsFromOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "external", Plugin())
	w.Programs = listen(t, nil)
	w.Restart(t)
	b := w.Bot.(*bot)
	now := time.Now()
	b.logins = limits.NewGroup(func() time.Time { return now }).New("external.logins", loginRate)
	password := connect(t, w, "zuerich", "forum")
	try := func(password, address string) bool {
		ok, err := b.Authenticate(t.Context(), "zuerich.forum", password, address)
		must(t, err)
		return ok
	}
	for range loginRate.Burst {
		if try("wrong", "192.0.2.1:1234") {
			t.Fatal("a wrong password")
		}
	}
	if try(password, "192.0.2.1:4321") || !try(password, "192.0.2.2:1") {
		t.Error("the limit is not that of the address")
	}
	now = now.Add(loginRate.Every)
	if !try(password, "192.0.2.1:4321") {
		t.Error("the limit does not end")
	}
}
