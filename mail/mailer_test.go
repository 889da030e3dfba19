package mail

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	"github.com/emersion/go-smtp"
)

// refuseAt returns a sink.refuse for one stage.
func refuseAt(stage string, err error) func(at, address string) error {
	return func(at, _ string) error {
		if at == stage {
			return err
		}
		return nil
	}
}

func smtpReply(code, class int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, 0, 0}, Message: "text of the server"}
}

// noSuchUser is the reply for an address that does not exist.
var noSuchUser = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}

func TestAMessageIsDeliveredOnceWithAllItsFields(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	got := w.deliver(s, newMessage("1"))
	s.none()
	if got.From != "zuerich@linienfunk.example" || got.To != "rider@example.org" {
		t.Errorf("envelope %s to %s", got.From, got.To)
	}
	e, err := message.Read(bytes.NewReader(got.Message))
	must(t, err)
	subject, _ := e.Header.Text("Subject")
	from, _ := e.Header.Text("From")
	var text bytes.Buffer
	text.ReadFrom(e.Body)
	for what, ok := range map[string]bool{
		"subject":     subject == "[Zürich] kontrolle u8 größer",
		"from":        from == `"Zürich" <zuerich@linienfunk.example>` || from == "Zürich <zuerich@linienfunk.example>",
		"to":          e.Header.Get("To") == "<rider@example.org>",
		"date":        e.Header.Get("Date") != "",
		"id":          strings.HasSuffix(e.Header.Get("Message-Id"), "@linienfunk.example>"),
		"reactions":   e.Header.Get("X-Ms-Reactions") == "disallow",
		"auto":        e.Header.Get("Auto-Submitted") == "auto-generated",
		"one-click":   e.Header.Get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click",
		"unsubscribe": e.Header.Get("List-Unsubscribe") == newMessage("").Header["List-Unsubscribe"],
		"mime":        e.Header.Get("Mime-Version") == "1.0",
		"charset":     strings.Contains(e.Header.Get("Content-Type"), "charset=utf-8"),
		"encoding":    e.Header.Get("Content-Transfer-Encoding") == "quoted-printable",
		"text":        text.String() == strings.ReplaceAll(newMessage("").Text, "\n", "\r\n"),
		"ascii only":  bytes.IndexFunc(got.Message, func(r rune) bool { return r > '~' }) < 0,
	} {
		if !ok {
			t.Errorf("%s is wrong in\n%s\n%q %q", what, got.Message, from, text.String())
		}
	}
	if rows := w.items(); len(rows) != 1 || rows[0].Open || rows[0].Sealed != nil {
		t.Errorf("after delivery the row is %+v", rows)
	}
}

func TestAMessageIsRetriedAfterATemporaryError(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"MAIL", "RCPT", "DATA"} {
		s := newSink(t)
		s.refuse = refuseAt(stage, smtpReply(451, 4))
		w := newWorld(t, Config{Smarthost: s.address})
		w.run(w.Mailer)
		w.enqueue(newMessage("1"))
		<-w.retried
		<-w.retried
		s.set(func() { s.refuse = nil })
		s.next()
	}
}

func TestAMessageIsDroppedAfterAPermanentError(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	s.refuse = func(at, address string) error {
		if at == "RCPT" && address == "gone@example.org" {
			return smtpReply(550, 5)
		}
		return nil
	}
	w := newWorld(t, Config{Smarthost: s.address})
	stop := w.run(w.Mailer)
	gone := newMessage("1")
	gone.To = "gone@example.org"
	w.enqueue(gone)
	w.deliversOnly(s, newMessage("2"), stop)
}

func TestAMessageIsRetriedWhileTheSmarthostIsDown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	listener.Close()
	w := newWorld(t, Config{Smarthost: address})
	w.run(w.Mailer)
	w.enqueue(newMessage("1"))
	<-w.retried
	newSinkAt(t, address).next()
}

func TestANodeThatDeliversNothingAnnouncesWhatItHasStored(t *testing.T) {
	t.Parallel()
	s, w := newSinkAndWorld(t)
	w.run(w.Mailer)
	w.config.Queued = w.Mailer.Wake
	other := w.mailer()
	must(t, other.Enqueue(t.Context(), Message{Key: "1", To: "a@example.net", Subject: "s", Text: "from the other node"}))
	if got := s.next(); !strings.Contains(string(got.Message), "from the other node") {
		t.Errorf("got %q", got.Message)
	}
}
