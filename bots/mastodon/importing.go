package mastodon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/importing"
	"linienfunk/bots/kit"
	"linienfunk/db"
)

var _ importing.Network = (*bot)(nil)

// SeenMention is a mention that the program has reported from which an account was imported. They are deleted once the account has its read position.
type SeenMention struct {
	City string `gorm:"primaryKey;size:32"`
	URI  string `gorm:"primaryKey;size:64"` // its keyed digest
}

// importedID stands for the id of an account that was imported until its instance has been asked whose the token is.
func importedID(city string) string { return "imported " + city }

// imported reports whether the account is such a one.
func (a Account) imported() bool { return a.AccountID == importedID(a.City) }

// Import implements importing.Network. Only Ticketfrei knew Mastodon.
func (b *bot) Import(ctx context.Context, tx *gorm.DB, city string, old importing.City) (r importing.Result, err error) {
	if old.Program != importing.Ticketfrei {
		return r, nil
	}
	accounts, err := old.All(ctx, "SELECT * FROM mastodon_accounts WHERE user_id = ? ORDER BY active DESC, id DESC", old.ID)
	if err != nil {
		return r, err
	}
	for i, account := range accounts {
		if i > 0 {
			r.Lose("further Mastodon accounts (%d): a city has one here, and the newest active one comes along", len(accounts)-1)
			break
		}
		if err := b.importAccount(ctx, tx, city, account, old, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// importAccount stores an account without asking its instance: see identify.
func (b *bot) importAccount(ctx context.Context, tx *gorm.DB, city string, account importing.Row, old importing.City, r *importing.Result) error {
	instances, err := old.All(ctx, "SELECT * FROM mastodon_instances WHERE id = ?", account.Number("instance_id"))
	if err != nil {
		return err
	}
	token := account.Text("access_token")
	if len(instances) == 0 || token == "" {
		r.Lose("the Mastodon account: it has no token, or no instance; connect it on the city's page of settings")
		return nil
	}
	instance, err := parseInstance(instances[0].Text("instance"), b.plain)
	if err != nil {
		r.Lose("the Mastodon account: its instance is no address; connect it on the city's page of settings")
		return nil
	}
	handle := db.In(ctx, b.Core.DB, tx)
	rows := b.Rows
	rows.DB = handle
	_, host, _ := strings.Cut(instance, "://")
	row := Account{Base: kit.Base{City: city}, Instance: instance, AccountID: importedID(city), Domain: host, URL: instance, Position: "0"}
	if err := rows.Connect(ctx, row, token); err != nil {
		return err
	}
	s := b.store
	s.db = handle
	if id, secret := instances[0].Text("client_id"), instances[0].Text("client_secret"); id != "" && secret != "" {
		// It serves to revoke the token one day; a login registers anew, since the address to come back to is another one.
		if err := s.saveApp(ctx, App{Instance: instance, ClientID: id}, secret, ""); err != nil {
			return err
		}
	}
	r.Bring(1, "Mastodon accounts")
	r.Options = bots.Options{"repost": "boost"} // as the program did
	if !account.On("active") {
		r.Options[kit.Enabled] = false
		r.Lose("the Mastodon account was switched off, and stays so until it is switched on in the settings")
	}
	return b.importSeen(ctx, handle, city, old, r)
}

// importSeen stores which mentions were reported.
func (b *bot) importSeen(ctx context.Context, handle *gorm.DB, city string, old importing.City, r *importing.Result) error {
	var seen []SeenMention
	err := old.Each(ctx, func(row importing.Row) error {
		if uri := row.Text("toot_uri"); uri != "" {
			seen = append(seen, SeenMention{city, b.seenDigest(uri)})
		}
		return nil
	}, "SELECT * FROM seen_toots WHERE user_id = ?", old.ID)
	if err != nil || len(seen) == 0 {
		return err
	}
	r.Bring(len(seen), "mentions on Mastodon that are not reported again")
	return wrap("store seen mentions", handle.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(seen, 500).Error)
}

func (b *bot) seenDigest(uri string) string {
	return b.Core.Box.Digest("mastodon seen mention", uri)[:32]
}

// errImported says that nobody has asked the instance about an imported account yet, which Recv does first.
var errImported = errors.New("the imported account is not identified yet")

// identify asks the instance of an imported account whose the token is, and sets the read position behind the newest mention that was reported before the import; behind all, if none of
// them is among the newest pages.
func (b *bot) identifyImported(ctx context.Context, row Account, c *client, d serverProfile) (Account, error) {
	found, err := b.identify(ctx, c)
	if err != nil {
		return row, c.explain(ctx, "identify imported account", err)
	}
	var rows []SeenMention
	if err := b.Rows.DB.WithContext(ctx).Where("city = ?", row.City).Find(&rows).Error; err != nil {
		return row, fmt.Errorf("read seen mentions: %w", err)
	}
	seen := make(map[string]bool, len(rows))
	for _, one := range rows {
		seen[one.URI] = true
	}
	p := &pager{client: c, types: []string{"mention"}, newestFirst: d.newestFirst(), wait: newLimiter(b.timing).Wait}
	err = p.newestPages(ctx, maxPages, func(one page) (more bool) {
		known := slices.DeleteFunc(slices.Clone(one.notifications), func(n *masto.Notification) bool { return n.Status == nil || !seen[b.seenDigest(n.Status.URI)] })
		if len(known) > 0 {
			found.Position = string(slices.MaxFunc(known, byID).ID)
		}
		return len(known) == 0 && len(seen) > 0
	})
	if err != nil {
		return row, c.explain(ctx, "read notifications", err)
	}
	err = b.Rows.Renew(ctx, row, map[string]any{
		"account_id": found.AccountID, "acct": found.Acct, "domain": found.Domain, "url": found.URL, "is_bot": found.IsBot, "limited": found.Limited, "position": found.Position,
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return row, bots.Revoked("login-taken", err)
	}
	if err != nil {
		return row, err
	}
	if err := b.Rows.DB.WithContext(ctx).Where("city = ?", row.City).Delete(&SeenMention{}).Error; err != nil {
		return row, fmt.Errorf("delete seen mentions: %w", err)
	}
	b.Core.Changed(row.City) // under its own name now
	row, _, err = b.Rows.Load(ctx, row.City)
	return row, err
}
