package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/mail/text"
)

// Block is an entry of the instance's list of those from whom nothing is taken.
type Block struct {
	ID        uint       `gorm:"primaryKey"`
	Kind      string     `gorm:"size:16;not null;uniqueIndex:idx_command_blocks_what,priority:1"`
	Target    string     `gorm:"size:260;not null;uniqueIndex:idx_command_blocks_what,priority:2"` // a domain, or the keyed digest of who it is
	Network   string     `gorm:"size:32;not null;default:''"`                                      // of an account
	Reason    string     `gorm:"not null;default:''"`                                              // for operators
	At        time.Time  `gorm:"not null"`
	ExpiresAt *time.Time `gorm:"index"` // nil for never
}

// TableName is the table's name for gorm.
func (Block) TableName() string { return "command_blocks" }

// The kinds of entries. A person is stored as a keyed digest, so that the list names nobody.
const (
	blockAddress  = "address"  // of a person who mails
	blockDomain   = "domain"   // of mail addresses, with its subdomains
	blockInstance = "instance" // a server of people on other networks, with its subdomains
	blockAccount  = "account"  // of a person in a network
)

// InstanceBlocks is the result of "instance blocks", the newest first.
type InstanceBlocks struct {
	Blocks []InstanceBlock `json:"blocks"`
	Next   int             `json:"next,omitempty" doc:"The value of before for the next page; missing on the last one."`
}

// InstanceBlock is an entry of the instance's list.
type InstanceBlock struct {
	Entry   int       `json:"entry" doc:"The number that instance unblock takes."`
	Kind    string    `json:"kind" doc:"address (of mail), domain (of mail), instance or account."`
	Whom    string    `json:"whom" doc:"The domain; empty for an address or an account, of which only a keyed digest is kept."`
	Network string    `json:"network" doc:"Of an account."`
	Remark  string    `json:"remark" doc:"Why, for operators."`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until" doc:"0001-01-01 if it does not end by itself."`
}

var (
	blockParam  = Param{Name: "kind", Kind: Choice, Required: true, Choices: []string{blockAddress, blockInstance, blockAccount}}
	remarkParam = Param{Name: "remark", Kind: Text, Max: 500}
)

var ofBlocks = []Command{
	{Name: "instance blocks", Level: Operator, Reads: true, NoCity: true, Result: InstanceBlocks{}, run: listBlocks,
		Params: []Param{{Name: "whom", Kind: Text, Max: 300}, {Name: "limit", Kind: Number, Min: 1, Max: 200, Default: 50}, {Name: "before", Kind: Number, Min: 1, Max: 1 << 40}}},
	{Name: "instance block", Level: Operator, NoCity: true, Result: InstanceBlock{}, run: block,
		Params: []Param{blockParam, {Name: "whom", Kind: Text, Required: true, Min: 3, Max: 300}, {Name: "term", Kind: Number, Min: 1, Max: 3650}, remarkParam}},
	{Name: "instance unblock", Level: Operator, NoCity: true, Result: InstanceBlock{}, run: unblock, Params: []Param{{Name: "entry", Kind: Number, Required: true, Min: 1, Max: 1 << 40}}},
}

// blocks is the list as reports are compared with it: when each entry ends, by kind and target; zero for never.
type blocks map[string]time.Time

func blockKey(kind, target string) string { return kind + " " + target }

// ReadBlocks brings the list on this node up to what is stored, and reports whether it has changed.
func (c *Commands) ReadBlocks(ctx context.Context) (changed bool, err error) {
	var rows []Block
	if err := c.Tables.WithContext(ctx).Find(&rows).Error; err != nil {
		return false, fmt.Errorf("read the instance's list of blocks: %w", err)
	}
	now := blocks{}
	for _, row := range rows {
		until := time.Time{}
		if row.ExpiresAt != nil {
			until = *row.ExpiresAt
		}
		now[blockKey(row.Kind, row.Target)] = until
	}
	before := c.blocks.Swap(&now)
	return before != nil && !maps.EqualFunc(*before, now, time.Time.Equal), nil
}

// SenderBlocked is that of bots.Cities: name is what the network gives to Core.Author.
func (c *Commands) SenderBlocked(network, name string) bool {
	if !c.anyBlocked() {
		return false
	}
	if c.MailNetworks[network] && c.AddressBlocked(name) {
		return true
	}
	_, server, remote := strings.Cut(strings.TrimPrefix(name, "@"), "@")
	return c.blocked(blockAccount, c.personDigest(network, name)) || remote && !c.MailNetworks[network] && c.ServerBlocked(server)
}

// AddressBlocked reports whether nothing is taken from a mail address, nor from its domain.
func (c *Commands) AddressBlocked(address string) bool {
	return c.anyBlocked() && (c.blocked(blockAddress, c.addressDigest(address)) || c.domainBlocked(blockDomain, text.Domain(address)))
}

// ServerBlocked is that of bots.Cities: host may have a port.
func (c *Commands) ServerBlocked(host string) bool {
	return c.anyBlocked() && c.domainBlocked(blockInstance, host)
}

func (c *Commands) anyBlocked() bool {
	all := c.blocks.Load()
	return all != nil && len(*all) > 0
}

func (c *Commands) blocked(kind, target string) bool {
	until, found := (*c.blocks.Load())[blockKey(kind, target)]
	return found && (until.IsZero() || c.Now().Before(until))
}

// domainBlocked reports whether a domain, or one above it, is in the list.
func (c *Commands) domainBlocked(kind, name string) bool {
	for name = plainDomain(name); name != ""; _, name, _ = strings.Cut(name, ".") {
		if c.blocked(kind, name) {
			return true
		}
	}
	return false
}

// plainDomain returns a host without its port, as domains are stored.
func plainDomain(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimSpace(host), ".")
	if ascii, err := text.ASCIIDomain(host); err == nil {
		return ascii
	}
	return strings.ToLower(host)
}

// addressDigest leaves out what is behind a plus: it leads to the same mailbox.
func (c *Commands) addressDigest(address string) string {
	local, domain := text.SplitAddress(text.Canonical(address))
	local, _, _ = strings.Cut(local, "+")
	return c.Box.Digest("blocked address", local+"@"+domain)
}

func (c *Commands) personDigest(network, name string) string {
	return c.Box.Digest("blocked account", network+" "+strings.ToLower(strings.TrimPrefix(name, "@")))
}

// blockOf reads whom an operator means.
func (c *Commands) blockOf(kind, whom string) (row Block, mistake *Refusal) {
	row.Kind = kind
	switch kind {
	case blockAddress:
		if domain, all := strings.CutPrefix(whom, "@"); all {
			row.Kind = blockDomain
			row.Target, mistake = c.foreignDomain(domain)
			return row, mistake
		}
		address, err := text.ParseAddress(whom)
		if err != nil {
			return row, wrong("whom", "refused-block-address")
		}
		row.Target = c.addressDigest(address)
	case blockInstance:
		whom = whom[strings.LastIndexByte(whom, '@')+1:]
		if u, err := url.Parse(whom); err == nil && u.Host != "" {
			whom = u.Host
		}
		row.Target, mistake = c.foreignDomain(whom)
	case blockAccount:
		network, name, ok := strings.Cut(whom, ":")
		network, name = strings.ToLower(strings.TrimSpace(network)), strings.TrimSpace(name)
		if !ok || name == "" || !slices.Contains(c.Senders, network) {
			return row, wrong("whom", "refused-block-account", "Networks", strings.Join(c.Senders, ", "))
		}
		row.Network, row.Target = network, c.personDigest(network, name)
	}
	return row, mistake
}

// foreignDomain is a domain that can be blocked: not one of all servers below a top-level domain, and not our own.
func (c *Commands) foreignDomain(typed string) (string, *Refusal) {
	domain := plainDomain(typed)
	if _, err := text.ParseAddress("x@" + domain); err != nil {
		return "", wrong("whom", "refused-block-domain")
	}
	ours := []string{plainDomain(c.Domain)}
	if u, err := url.Parse(c.BaseURL); err == nil {
		ours = append(ours, plainDomain(u.Host))
	}
	for _, one := range ours {
		if one == domain || strings.HasSuffix(one, "."+domain) {
			return "", wrong("whom", "refused-block-ours")
		}
	}
	return domain, nil
}

// shown is an entry as operators see it.
func (b Block) shown() InstanceBlock {
	one := InstanceBlock{Entry: int(b.ID), Kind: b.Kind, Network: b.Network, Remark: b.Reason, At: b.At}
	if b.Kind == blockDomain || b.Kind == blockInstance {
		one.Whom = b.Target
	}
	if b.ExpiresAt != nil {
		one.Until = *b.ExpiresAt
	}
	return one
}

// block adds an entry. The same one again changes its reason and its end.
func block(ctx context.Context, c *Commands, call Call) (any, error) {
	row, mistake := c.blockOf(call.Text("kind"), call.Text("whom"))
	if mistake != nil {
		return nil, mistake
	}
	row.Reason, row.At = call.Text("remark"), db.Time(c.Now())
	if days := call.Number("term"); days > 0 {
		until := db.Time(c.Now().AddDate(0, 0, days))
		row.ExpiresAt = &until
	}
	err := c.Tables.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Where("kind = ? AND target = ?", row.Kind, row.Target).Delete(&Block{}).Error; err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return nil, err
	}
	call.Args["whom"] = cmp.Or(row.shown().Whom, fmt.Sprintf("#%d", row.ID)) // the log, too, names nobody
	c.instanceChanged(ctx)
	return row.shown(), nil
}

func unblock(ctx context.Context, c *Commands, call Call) (any, error) {
	var row Block
	err := c.Tables.WithContext(ctx).Where("id = ?", call.Number("entry")).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, &Refusal{Reason: NotFound, Param: "entry", Say: "refused-block-unknown"}
	}
	if err == nil {
		err = c.Tables.WithContext(ctx).Delete(&row).Error
	}
	if err != nil {
		return nil, err
	}
	c.instanceChanged(ctx)
	return row.shown(), nil
}

// listBlocks lists the entries; with whom only those that stop this address, server or account, since nobody can read whom a digest is of.
func listBlocks(ctx context.Context, c *Commands, call Call) (any, error) {
	limit, whom := call.Number("limit"), call.Text("whom")
	query := c.Tables.WithContext(ctx).Where("expires_at IS NULL OR expires_at > ?", db.Time(c.Now()))
	if before := call.Number("before"); before > 0 {
		query = query.Where("id < ?", before)
	}
	if whom != "" {
		targets := []string{c.addressDigest(whom)}
		if network, name, ok := strings.Cut(whom, ":"); ok {
			targets = append(targets, c.personDigest(network, name))
			whom = name
		}
		for domain := plainDomain(whom[strings.LastIndexByte(whom, '@')+1:]); domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			targets = append(targets, domain)
		}
		query = query.Where("target IN ?", targets)
	}
	var rows []Block
	if err := query.Order("id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the instance's list of blocks: %w", err)
	}
	list := InstanceBlocks{Blocks: []InstanceBlock{}}
	if len(rows) > limit {
		rows = rows[:limit]
		list.Next = int(rows[limit-1].ID)
	}
	for _, row := range rows {
		list.Blocks = append(list.Blocks, row.shown())
	}
	return list, nil
}
