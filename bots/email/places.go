package email

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/bots/places"
	"linienfunk/mail/inbound"
)

var _ places.Network = (*Bot)(nil)

// UsePlaces implements places.Network.
func (b *Bot) UsePlaces(lists places.Lists) { b.places = lists }

// Places implements places.Network: the folders of the city's own mailbox.
func (b *Bot) Places(ctx context.Context, city string) ([]places.Place, error) {
	m, password, err := b.mailboxes.Load(ctx, city)
	if errors.Is(err, kit.ErrNoAccount) {
		return nil, bots.Permanent("mailbox-none", err)
	}
	if err != nil {
		return nil, err
	}
	folders, _, err := b.fetcher.Folders(ctx, m.account(password)) // both have the same limit
	if err != nil {
		return nil, mailboxError(err)
	}
	var found []places.Place
	for _, folder := range folders {
		found = append(found, placeOf(folder))
	}
	return found, nil
}

func placeOf(folder inbound.Folder) places.Place {
	p := places.Place{ID: folder.Name, Kind: places.Folder, Name: folder.Name, Parent: folder.Parent}
	if folder.Holds {
		p.Rights = []places.Right{places.Read}
	}
	switch {
	case !folder.Holds:
		p.Note = "folder-empty"
	case folder.Use != "":
		p.Note = "folder-" + string(folder.Use)
	}
	return p
}

// Chosen implements places.Network: the folder that is read.
func (b *Bot) Chosen(ctx context.Context, city string) ([]string, error) {
	m, connected, err := b.findMailbox(ctx, city)
	if err != nil || !connected {
		return nil, err
	}
	return []string{m.folder()}, nil
}

// folder is the folder that is read, by its name.
func (m *Mailbox) folder() string {
	if m.Folder == "" {
		return inboxName
	}
	return m.Folder
}

// inboxName is how the inbox is listed.
const inboxName = "INBOX"

// maxFolder is the longest name of a folder, in bytes.
const maxFolder = 1000

// chooseFolder has another folder read, from now on. It must open.
func (b *Bot) chooseFolder(w http.ResponseWriter, r *http.Request) {
	m, password, err := b.mailboxes.Load(r.Context(), bots.MountOf(r).City.Name)
	if errors.Is(err, kit.ErrNoAccount) {
		b.core.Pages.Failed(w, r, b.text(r, "mailbox-none"))
		return
	}
	if err != nil {
		b.mailboxChanged(w, r, err, "")
		return
	}
	folder := strings.TrimSpace(r.PostFormValue("folder"))
	if strings.EqualFold(folder, inboxName) {
		folder = ""
	}
	if len(folder) > maxFolder || !utf8.ValidString(folder) || strings.ContainsFunc(folder, unicode.IsControl) {
		b.core.Pages.Failed(w, r, b.text(r, "form-folder"))
		return
	}
	if folder == m.Folder {
		b.core.Pages.Done(w, r, b.text(r, "folder-chosen", "Folder", m.folder()))
		return
	}
	m.Folder = folder
	now := b.core.Now()
	box, err := b.fetcher.Open(r.Context(), m.account(password))
	if err != nil {
		b.mailboxFailed(w, r, mailboxError(err))
		return
	}
	position := box.Position(now)
	box.Close()
	err = b.mailboxes.Renew(r.Context(), m, map[string]any{"folder": folder, "validity": position.UIDValidity, "last_uid": position.LastUID, "last_at": position.LastAt})
	if err != nil {
		b.mailboxChanged(w, r, err, "")
		return
	}
	b.core.Changed(m.City)
	b.refreshPlaces(r.Context(), m.City)
	b.core.Pages.Done(w, r, b.text(r, "folder-chosen", "Folder", m.folder()))
}

// refreshPlaces fills the list of folders for the page, after the mailbox was changed. If that fails, the page offers to do so again.
func (b *Bot) refreshPlaces(ctx context.Context, city string) {
	if _, err := b.places.Refresh(ctx, city); err != nil {
		b.core.Log.Warn("list of folders not read", "city", city, "err", err)
	}
}

// folderChoice is a folder that can be read, for the page.
type folderChoice struct {
	Name, Use string // Use is the id of a text, or empty
	Chosen    bool
}

// folderChoices are the folders that can be chosen, with the one that is read; none if they are not known.
func (b *Bot) folderChoices(ctx context.Context, m Mailbox) (all []folderChoice, err error) {
	known, err := b.places.Known(ctx, m.City)
	if err != nil || known.At.IsZero() {
		return nil, err
	}
	if _, listed := known.Place(m.folder()); !listed {
		all = append(all, folderChoice{Name: m.folder(), Chosen: true})
	}
	for _, p := range known.Places {
		if len(p.Rights) > 0 || p.ID == m.folder() {
			all = append(all, folderChoice{p.ID, p.Note, p.ID == m.folder()})
		}
	}
	return all, nil
}
