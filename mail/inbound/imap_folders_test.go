package inbound_test

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	"linienfunk/mail/inbound"
	"linienfunk/mail/inbound/inboundtest"
)

func TestTheFoldersOfAMailboxAreListed(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, inboundtest.New(t))
	m.server.AddFolder(mailboxAddress, "Verkehr", imap.MailboxAttrNoSelect)
	m.server.AddFolder(mailboxAddress, "Verkehr/Züge & \"Trams\" 🚋")
	m.server.AddFolder(mailboxAddress, "Gesendet", imap.MailboxAttrSent)
	m.server.AddFolder(mailboxAddress, "inbox/alt", "\\JUNK", "\\XUnknown")
	m.server.AddFolder(mailboxAddress, "fort", imap.MailboxAttrNonExistent)
	m.server.AddFolder(mailboxAddress, "Gesendet", imap.MailboxAttrSent)
	folders, more, err := m.Folders(t.Context(), m.account)
	if err != nil || more {
		t.Fatal(err, more)
	}
	want := []inbound.Folder{
		{Name: "INBOX", Use: inbound.UseInbox, Holds: true},
		{Name: "fort"},
		{Name: "Gesendet", Use: inbound.UseSent, Holds: true},
		{Name: "inbox/alt", Parent: "inbox", Use: inbound.UseJunk, Holds: true},
		{Name: "Verkehr"},
		{Name: "Verkehr/Züge & \"Trams\" 🚋", Parent: "Verkehr", Holds: true},
	}
	if fmt.Sprint(folders) != fmt.Sprint(want) {
		t.Errorf("%+v\nnot\n%+v", folders, want)
	}
	for i := range inbound.MaxFolders {
		m.server.AddFolder(mailboxAddress, fmt.Sprintf("Archiv/%d", i))
	}
	folders, more, err = m.Folders(t.Context(), m.account)
	if err != nil || !more || len(folders) != inbound.MaxFolders {
		t.Errorf("%d folders, more: %t, %v", len(folders), more, err)
	}
}

func TestAnotherFolderThanTheInboxIsRead(t *testing.T) {
	t.Parallel()
	const folder = "Züge & Trams"
	m := newMailbox(t, inboundtest.New(t), func(m *mailbox) {
		m.server.AddFolder(mailboxAddress, folder)
		m.account.Folder = folder
	})
	m.run()
	m.add(m.mail("kontrolle im posteingang"))
	m.server.DeliverTo(mailboxAddress, folder, m.mail("kontrolle im ordner"), m.clock.Now())
	m.next("kontrolle im ordner")
	other := m.account
	other.Folder = "Nirgends"
	_, err := m.Open(t.Context(), other)
	wantReason(t, err, inbound.NoFolder)
}

func TestAServerThatFailsListsNoFolders(t *testing.T) {
	t.Parallel()
	for fault, want := range map[inboundtest.Fault]inbound.IMAPReason{inboundtest.Revoke: inbound.LoginRefused, inboundtest.HTML: inbound.Unreachable, inboundtest.Internal: inbound.Unreachable} {
		m := newMailbox(t, inboundtest.New(t))
		m.server.Fail(fault)
		_, _, err := m.Folders(t.Context(), m.account)
		wantReason(t, err, want)
	}
}
