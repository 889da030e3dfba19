package db

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Node is a running program. Several share a database; each runs the accounts of the cities in its shards.
type Node struct {
	ID      string    `gorm:"primaryKey;size:64"` // new with each start
	Host    string    `gorm:"size:250;not null"`
	Version string    `gorm:"size:100;not null"`
	Roles   string    `gorm:"size:100;not null;default:''"` // what it does, separated by commas; empty for everything
	Schema  int       `gorm:"not null;default:0"`           // set by Claim; 0 for a version that had none
	Started time.Time `gorm:"not null"`
	Until   time.Time `gorm:"not null"` // its shards are free after this time of the database's clock, unless it renews
	Shards  []int     `gorm:"-"`        // set by Nodes
	Judges  bool      `gorm:"-"`        // set by Nodes: it judges the reports of all cities
}

// TableName is the table's name for gorm.
func (Node) TableName() string { return "nodes" }

// BotsRole is the role in Node.Roles of nodes that run accounts, CensorRole that of those that may judge reports.
const (
	BotsRole   = "bots"
	CensorRole = "censor"
)

// RunsAccounts reports whether the node takes shards.
func (n Node) RunsAccounts() bool { return n.Has(BotsRole) }

// Has reports whether the node has a role.
func (n Node) Has(role string) bool {
	return n.Roles == "" || slices.Contains(strings.Split(n.Roles, ","), role)
}

// Shard says which node runs the cities of a shard, or judges reports.
type Shard struct {
	Number int    `gorm:"primaryKey;autoIncrement:false"` // from 0; or judging
	Node   string `gorm:"size:64;not null"`               // empty if it is free
}

// judging is the number of the row that says which node judges the reports of all cities.
const judging = -1

// TableName is the table's name for gorm.
func (Shard) TableName() string { return "shards" }

// Claim renews a node's lease for ttl, takes free shards up to its share, and returns the shards that it holds. Those above its share,
// because other nodes have come, are the last ones; the node should end what it runs in them and Release them. A node that runs no accounts
// gets none. All times are those of the database's clock, so that it does not matter what the nodes' clocks say.
func (d *DB) Claim(ctx context.Context, node Node, shards int, ttl time.Duration) (held []int, share int, err error) {
	err = d.Transaction(ctx, func(tx *gorm.DB) error {
		now, err := d.clock(tx)
		if err != nil {
			return err
		}
		node.Started, node.Until, node.Schema = Time(node.Started), Time(now.Add(ttl)), d.schema
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&node).Error; err != nil {
			return err
		}
		if !node.RunsAccounts() {
			return nil
		}
		live, err := liveHolders(tx, now)
		if err != nil {
			return err
		}
		share = (shards + len(live) - 1) / len(live)
		var rows []Shard
		if err := tx.Order("number").Find(&rows, "number >= 0").Error; err != nil {
			return err
		}
		held, err = takeShards(tx, node.ID, shards, share, live, rows)
		return err
	})
	return held, share, wrap("claim shards", err)
}

// Renew renews a node's lease for ttl, by one statement, and keeps what it holds. It returns false if the lease has run out: then other nodes may
// have taken its shards, and only Claim says which are left.
func (d *DB) Renew(ctx context.Context, node string, ttl time.Duration) (renewed bool, err error) {
	tx := d.WithContext(ctx)
	if d.isSQLite() {
		tx = tx.Exec("UPDATE nodes SET until = ? WHERE id = ? AND until > ?", Time(d.now().Add(ttl)), node, Time(d.now()))
	} else {
		tx = tx.Exec("UPDATE nodes SET until = clock_timestamp() + make_interval(secs => ?) WHERE id = ? AND until > clock_timestamp()", ttl.Seconds(), node)
	}
	return tx.RowsAffected > 0, wrap("renew lease", tx.Error)
}

// liveHolders lists the ids of the nodes that run accounts.
func liveHolders(tx *gorm.DB, now time.Time) (ids []string, err error) {
	var nodes []Node
	err = tx.Select("id", "roles").Where("until > ?", Time(now)).Find(&nodes).Error
	for _, n := range nodes {
		if n.RunsAccounts() {
			ids = append(ids, n.ID)
		}
	}
	return ids, err
}

// takeShards takes free shards until node has its share, and returns those that it holds. Another node may take one at the same time: a
// shard is taken only from the holder that was seen.
func takeShards(tx *gorm.DB, node string, shards, share int, live []string, rows []Shard) (held []int, err error) {
	holders := make(map[int]string, len(rows))
	for _, row := range rows {
		if holders[row.Number] = row.Node; row.Node == node && row.Number < shards {
			held = append(held, row.Number)
		}
	}
	for number := 0; number < shards && len(held) < share; number++ {
		holder, known := holders[number]
		if slices.Contains(live, holder) {
			continue
		}
		var taken *gorm.DB
		if known {
			taken = tx.Model(&Shard{}).Where("number = ? AND node = ?", number, holder).Update("node", node)
		} else {
			taken = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Shard{Number: number, Node: node})
		}
		if taken.Error != nil {
			return held, taken.Error
		}
		if taken.RowsAffected > 0 {
			held = append(held, number)
		}
	}
	return held, nil
}

// ClaimJudging reports whether a node, whose lease Claim has just renewed, is the one that judges reports. It becomes that if no other node is.
func (d *DB) ClaimJudging(ctx context.Context, node string) (judges bool, err error) {
	err = d.Transaction(ctx, func(tx *gorm.DB) error {
		now, err := d.clock(tx)
		if err != nil {
			return err
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Shard{Number: judging}).Error; err != nil {
			return err
		}
		others := tx.Model(&Node{}).Select("id").Where("until > ? AND id <> ?", Time(now), node)
		taken := tx.Model(&Shard{}).Where("number = ? AND node NOT IN (?)", judging, others).Update("node", node)
		judges = taken.RowsAffected > 0
		return taken.Error
	})
	return judges, wrap("claim judging", err)
}

// Release gives shards of a node back.
func (d *DB) Release(ctx context.Context, node string, shards []int) error {
	return wrap("release shards", d.WithContext(ctx).Model(&Shard{}).Where("node = ? AND number IN ?", node, shards).Update("node", "").Error)
}

// Leave gives all shards of a node back, which ends.
func (d *DB) Leave(ctx context.Context, node string) error {
	return wrap("leave", d.Transaction(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&Shard{}).Where("node = ?", node).Update("node", "").Error; err != nil {
			return err
		}
		return tx.Where("id = ?", node).Delete(&Node{}).Error
	}))
}

// Nodes lists the nodes with their shards, and how late it is by the database's clock. It deletes nodes that have been gone for a day.
func (d *DB) Nodes(ctx context.Context) (nodes []Node, now time.Time, err error) {
	err = d.Transaction(ctx, func(tx *gorm.DB) error {
		if now, err = d.clock(tx); err != nil {
			return err
		}
		if err := tx.Where("until < ?", Time(now.Add(-24*time.Hour))).Delete(&Node{}).Error; err != nil {
			return err
		}
		if err := tx.Order("started, id").Find(&nodes).Error; err != nil {
			return err
		}
		var shards []Shard
		if err := tx.Order("number").Find(&shards).Error; err != nil {
			return err
		}
		for i := range nodes {
			for _, shard := range shards {
				switch {
				case shard.Node != nodes[i].ID:
				case shard.Number == judging:
					nodes[i].Judges = true
				default:
					nodes[i].Shards = append(nodes[i].Shards, shard.Number)
				}
			}
		}
		return nil
	})
	return nodes, now, wrap("list nodes", err)
}

// clock returns the time of the clock that all nodes share: that of PostgreSQL. A SQLite database has one node.
func (d *DB) clock(tx *gorm.DB) (now time.Time, err error) {
	if d.isSQLite() {
		return d.now(), nil
	}
	return now, tx.Raw("SELECT clock_timestamp()").Scan(&now).Error
}
