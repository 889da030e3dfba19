package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// IsPostgres reports whether an address of Open names a PostgreSQL database.
func IsPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// execModes are the values of default_query_exec_mode, a parameter of pgx, that keep no prepared statement on the server, the default first.
// A pooler such as pgbouncer gives each transaction another connection, without the statement; a statement that was prepared before another
// node changed the table fails; and after a canceled query pgx may fail to deallocate one. describe_exec describes and runs a statement in two
// transactions.
var execModes = []string{"cache_describe", "exec", "simple_protocol"}

const execMode = "default_query_exec_mode"

// parsePostgres adds our defaults to an address. No error quotes the address, which may have a password.
func parsePostgres(address string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("database.url is not an address")
	}
	query := u.Query()
	if !query.Has(execMode) {
		query.Set(execMode, execModes[0])
		u.RawQuery = query.Encode()
	}
	if mode := query.Get(execMode); !slices.Contains(execModes, mode) {
		return nil, fmt.Errorf("database.url: %s wants %s, not %q: other modes fail behind a pooler, and while another node changes the tables",
			execMode, strings.Join(execModes, " or "), mode)
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("database.url is not an address of PostgreSQL")
	}
	config.DialFunc = dialer.DialContext
	return config, nil
}

// DefaultConnections is how many connections to PostgreSQL a DB has at most, unless Connections sets another number.
const DefaultConnections = 16

// idleTime is how long a connection to PostgreSQL is kept that nobody uses: many nodes that have little to do need few connections.
const idleTime = time.Minute

func openPostgres(address string) (*DB, error) {
	config, err := parsePostgres(address)
	if err != nil {
		return nil, err
	}
	conn := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(limitSilentClients))
	conn.SetConnMaxIdleTime(idleTime)
	d := &DB{sql: conn, dialector: func() gorm.Dialector { return postgres.New(postgres.Config{Conn: conn}) }}
	d.Connections(DefaultConnections)
	return d, nil
}

// Connections sets the highest number of connections to PostgreSQL. SQLite's stays as it is.
func (d *DB) Connections(n int) {
	if d.dialector == nil || d.group != nil {
		return
	}
	d.sql.SetMaxOpenConns(n)
	d.sql.SetMaxIdleConns(n)
}

// limitSilentClients has the server undo a transaction whose node says nothing more, because it was stopped or cut off: another node may be
// waiting for its locks, and takes its cities over after 6 to 8 seconds. It is a statement, since poolers refuse settings in the address. One that
// is in the address takes precedence.
func limitSilentClients(ctx context.Context, conn *pgx.Conn) error {
	if _, set := conn.Config().RuntimeParams["idle_in_transaction_session_timeout"]; set {
		return nil
	}
	_, err := conn.Exec(ctx, "SET idle_in_transaction_session_timeout = '8s'; SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3")
	return err
}

// explainPostgres adds to PostgreSQL's errors what an operator can do about them.
func explainPostgres(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	switch {
	case refused.Code == "53300":
		return fmt.Errorf("PostgreSQL takes no more connections: lower database.connections, raise max_connections, or put a pooler in front: %w", err)
	case refused.Code == "08P01" && strings.Contains(refused.Message, "unsupported startup parameter"):
		return fmt.Errorf("the pooler refuses a parameter of database.url: remove it there, and set it for the user with ALTER ROLE, "+
			"or name it in pgbouncer's ignore_startup_parameters if it may be ignored: %w", err)
	}
	return err
}
