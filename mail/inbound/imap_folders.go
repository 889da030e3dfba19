package inbound

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"
)

// MaxFolders is how many folders of a mailbox are listed.
const MaxFolders = 1000

// Folder is a folder of a mailbox.
type Folder struct {
	Name   string // in full, decoded; Account.Folder takes it
	Parent string // Name of the folder in which it is; empty at the top
	Use    Use
	Holds  bool // mails can be in it: it can be read
}

// Use is what a folder is for (RFC 6154, section 2).
type Use string

// The uses; others have none.
const (
	UseInbox   Use = "inbox"
	UseAll     Use = "all"
	UseArchive Use = "archive"
	UseDrafts  Use = "drafts"
	UseFlagged Use = "flagged"
	UseJunk    Use = "junk"
	UseSent    Use = "sent"
	UseTrash   Use = "trash"
)

var uses = map[imap.MailboxAttr]Use{
	imap.MailboxAttrAll: UseAll, imap.MailboxAttrArchive: UseArchive, imap.MailboxAttrDrafts: UseDrafts, imap.MailboxAttrFlagged: UseFlagged,
	imap.MailboxAttrJunk: UseJunk, imap.MailboxAttrSent: UseSent, imap.MailboxAttrTrash: UseTrash,
}

// Folders lists the folders of a mailbox over a connection of its own, first the inbox, then by name; more is set if there are more than MaxFolders. The error is an *IMAPError.
func (f *Fetcher) Folders(ctx context.Context, a Account) (folders []Folder, more bool, err error) {
	a.Folder = ""
	m, err := f.open(ctx, a, func(m *MailboxConn) error {
		// Servers with special uses return them without being asked (RFC 6154, section 2); RETURN (SPECIAL-USE) needs LIST-EXTENDED as well.
		command := m.client.List("", "*", nil)
		seen := map[string]bool{} // some servers list a folder twice
		for {
			data := command.Next()
			if data == nil {
				return command.Close()
			}
			one, ok := folderOf(data)
			switch {
			case !ok || seen[one.Name]:
			case len(folders) == MaxFolders:
				more = true
			default:
				seen[one.Name] = true
				folders = append(folders, one)
			}
		}
	})
	if err != nil {
		return nil, false, err
	}
	m.Close()
	slices.SortStableFunc(folders, func(a, b Folder) int {
		if (a.Use == UseInbox) != (b.Use == UseInbox) {
			return map[bool]int{true: -1, false: 1}[a.Use == UseInbox]
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return folders, more, nil
}

// folderOf returns a folder as the server lists it; false for a name with which nobody could ask for it.
func folderOf(data *imap.ListData) (f Folder, ok bool) {
	f = Folder{Name: data.Mailbox, Holds: true}
	if f.Name == "" || !utf8.ValidString(f.Name) || strings.ContainsAny(f.Name, "\x00\r\n") {
		return f, false
	}
	if strings.EqualFold(f.Name, inboxFolder) { // in any case (RFC 9051, section 5.1)
		f.Name, f.Use = inboxFolder, UseInbox
	}
	if data.Delim != 0 {
		f.Name = strings.TrimSuffix(f.Name, string(data.Delim))
		if i := strings.LastIndex(f.Name, string(data.Delim)); i > 0 {
			f.Parent = f.Name[:i]
		}
	}
	for _, attr := range data.Attrs {
		if strings.EqualFold(string(attr), string(imap.MailboxAttrNoSelect)) || strings.EqualFold(string(attr), string(imap.MailboxAttrNonExistent)) {
			f.Holds = false
		}
		for known, use := range uses {
			if strings.EqualFold(string(attr), string(known)) {
				f.Use = use
			}
		}
	}
	return f, f.Name != ""
}
