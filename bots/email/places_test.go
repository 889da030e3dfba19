package email_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"linienfunk/bots"
	"linienfunk/mail/inbound/inboundtest"
)

const folder = "Meldungen/Fahrgäste & <b>Co</b>"

// choose sends the form for the folder, and returns what the page says then.
func (p *mailboxWorld) choose(name string) (done, failed string) {
	p.t.Helper()
	answer := settings(p.w, "zuerich", "/folder", url.Values{"folder": {name}}).Header()
	return answer.Get("X-Message"), answer.Get("X-Failed")
}

func (p *mailboxWorld) deliverTo(folder, text string) {
	p.server.DeliverTo(addressOf("zuerich"), folder, p.mail(text), p.w.Core.Now())
}

func newFolderWorld(t testing.TB) *mailboxWorld {
	t.Helper()
	server := inboundtest.New(t)
	server.Add(addressOf("zuerich"))
	server.AddFolder(addressOf("zuerich"), "Meldungen", imap.MailboxAttrNoSelect)
	server.AddFolder(addressOf("zuerich"), folder)
	server.AddFolder(addressOf("zuerich"), "Spam", imap.MailboxAttrJunk)
	return newMailboxWorld(t, server, unchanged, nil)
}

func TestAnAdminChoosesTheFolderThatIsRead(t *testing.T) {
	t.Parallel()
	p := newFolderWorld(t)
	page := p.w.Settings(t, "zuerich", "en")
	for _, want := range []string{`<option value="INBOX" selected>INBOX (inbox)</option>`, `<option value="Meldungen/Fahrgäste &amp; &lt;b&gt;Co&lt;/b&gt;">`, `<option value="Spam">Spam (spam)</option>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not offer %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, `value="Meldungen"`) {
		t.Error("the page offers a folder that holds no mails")
	}
	p.deliverTo(folder, "kontrolle von früher in diesem ordner")
	before := accountOf(t, p)
	if done, _ := p.choose(folder); !strings.Contains(done, folder) {
		t.Fatalf("choosing: %q", done)
	}
	if now := accountOf(t, p); now.Revision == before.Revision {
		t.Error("reading goes on in the folder before")
	}
	if page := p.w.Settings(t, "zuerich", "en"); !strings.Contains(page, `&lt;b&gt;Co&lt;/b&gt;" selected>`) {
		t.Errorf("the page does not show the choice:\n%s", page)
	}
	p.run()
	p.deliver(p.mail("kontrolle im posteingang"))
	p.deliverTo(folder, "kontrolle im ordner")
	p.next("kontrolle im ordner")
	if answer := settings(p.w, "zuerich", "/connect", mailboxForm(p.server, "zuerich")); answer.Header().Get("X-Message") == "" {
		t.Errorf("a new password: %v", answer.Header())
	}
	p.deliverTo(folder, "kontrolle nach dem neuen passwort")
	p.next("kontrolle nach dem neuen passwort")
	if done, _ := p.choose("inbox"); !strings.Contains(done, "INBOX") {
		t.Errorf("back to the inbox: %q", done)
	}
}

func accountOf(t testing.TB, p *mailboxWorld) bots.Account {
	t.Helper()
	accounts, err := p.w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.City == "zuerich" {
			return a
		}
	}
	t.Fatal("no account")
	return bots.Account{}
}

func TestAFolderCanBeTypedWhereNoListIsKnown(t *testing.T) {
	t.Parallel()
	p := newFolderWorld(t)
	p.w.Restart(t) // the lists of this world are in memory
	if page := p.w.Settings(t, "zuerich", "en"); !strings.Contains(page, `<input id="mailbox-folder" name="folder"`) || strings.Contains(page, `<select id="mailbox-folder"`) {
		t.Errorf("there is nowhere to type:\n%s", page)
	}
	p.server.Fail(inboundtest.HTML)
	if answer := settings(p.w, "zuerich", "/places", nil); !strings.Contains(answer.Header().Get("X-Failed"), "does not answer") {
		t.Errorf("reading the list: %v", answer.Header())
	}
	if _, failed := p.choose(folder); !strings.Contains(failed, "does not answer") {
		t.Errorf("choosing: %q", failed)
	}
	if page := p.w.Settings(t, "zuerich", "en"); !strings.Contains(page, `value="INBOX"`) {
		t.Errorf("something was changed:\n%s", page)
	}
	p.server.Heal()
	if done, failed := p.choose(" " + folder + " "); done == "" {
		t.Errorf("choosing: %q", failed)
	}
}

func TestAFolderThatCannotBeReadIsNotChosen(t *testing.T) {
	t.Parallel()
	p := newFolderWorld(t)
	for typed, want := range map[string]string{
		"Nirgends": "does not open this folder", "Meldungen": "does not open this folder", "a\x01b": "not the name of a folder", "\xff": "not the name of a folder",
		strings.Repeat("x", 1001): "not the name of a folder",
	} {
		if _, failed := p.choose(typed); !strings.Contains(failed, want) {
			t.Errorf("%.20q: %q", typed, failed)
		}
	}
	if page := p.w.Settings(t, "zuerich", "en"); !strings.Contains(page, `<option value="INBOX" selected>`) {
		t.Errorf("something was changed:\n%s", page)
	}
	w, _ := unconnected(t)
	if answer := settings(w, "zuerich", "/folder", url.Values{"folder": {"INBOX"}}); !strings.Contains(answer.Header().Get("X-Failed"), "No mailbox") {
		t.Errorf("without a mailbox: %v", answer.Header())
	}
}

func TestAFolderThatIsDeletedIsReportedToTheSupervisor(t *testing.T) {
	t.Parallel()
	p := newFolderWorld(t)
	if done, failed := p.choose(folder); done == "" {
		t.Fatal(failed)
	}
	p.server.RemoveFolder(addressOf("zuerich"), folder)
	err := p.recv(nil)
	if e := bots.AsError(err); e.Kind != bots.KindRetry || e.Say != "mailbox-no-folder" {
		t.Errorf("%+v", e)
	}
	if strings.Contains(err.Error(), "Fahrg") {
		t.Errorf("the error repeats the name: %v", err)
	}
	if answer := settings(p.w, "zuerich", "/places", nil); answer.Header().Get("X-Message") == "" {
		t.Errorf("the list: %v", answer.Header())
	}
	if page := p.w.Settings(t, "zuerich", "en"); !strings.Contains(page, `&lt;b&gt;Co&lt;/b&gt;" selected>`) {
		t.Errorf("the folder that should be read is not shown:\n%s", page)
	}
}
