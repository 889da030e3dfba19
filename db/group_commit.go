package db

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"gorm.io/gorm"

	"linienfunk/internal/observe"
)

// SQLite has one writer at a time, and each commit waits for the disk. So transactions that come while another commit runs share the next
// one: they run one after the other on the same connection, each behind a savepoint, and all of them return from Commit together. What a
// transaction has changed is seen by others of its group; if the commit fails, or the program dies, all of the group is undone.

// groupSize is the highest number of transactions that share a commit.
const groupSize = 256

// groupCommit is gorm's connection pool for SQLite: it reads on any connection, and writes in shared transactions.
type groupCommit struct {
	pool     *sql.DB
	conn     *sql.Conn // of the writer
	requests chan *member
	stop     context.CancelFunc
	stopped  chan struct{}

	reading, writing *statements
	disk             diskState
	observer         *observe.Observer // set before the first transaction
}

// newGroupCommit starts the writer, which runs until Close.
func newGroupCommit(ctx context.Context, pool *sql.DB) (*groupCommit, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	g := &groupCommit{pool: pool, conn: conn, requests: make(chan *member), stop: stop, stopped: make(chan struct{}),
		reading: newStatements(pool), writing: newStatements(conn)}
	go func() {
		defer close(g.stopped)
		g.write(ctx)
	}()
	return g, nil
}

// Close waits for the group that is being written.
func (g *groupCommit) Close() error {
	g.stop()
	<-g.stopped
	g.forgetStatements()
	return g.conn.Close()
}

// forgetStatements closes all prepared statements: after a change of a table one that was prepared before returns the old columns.
func (g *groupCommit) forgetStatements() {
	for _, s := range []*statements{g.reading, g.writing} {
		s.mu.Lock()
		s.close()
		s.mu.Unlock()
	}
}

// write runs one group after the other until ctx ends.
func (g *groupCommit) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-g.requests:
			g.writeGroup(first)
		}
	}
}

// writeGroup begins a transaction, gives it to the first member and to all that ask for it meanwhile, and commits it.
func (g *groupCommit) writeGroup(first *member) {
	err := g.execute("BEGIN IMMEDIATE")
	var committed []*member
	for next, size := first, 1; next != nil; size++ {
		next.turn <- err
		if err == nil && <-next.over {
			committed = append(committed, next)
		}
		next = nil
		if err == nil && size < groupSize {
			select {
			case next = <-g.requests:
			default:
			}
		}
	}
	if err == nil {
		end := g.observer.Commit()
		err = g.execute("COMMIT")
		end(err)
		if err != nil {
			_ = g.execute("ROLLBACK") // fails if SQLite has rolled back by itself, as after a full disk
		}
	}
	g.disk.note(err)
	for _, m := range committed {
		m.result <- err
	}
}

// execute runs a statement of the group itself. It cannot be canceled: SQLite would undo the whole group.
func (g *groupCommit) execute(statement string) error {
	_, err := g.writing.exec(context.Background(), statement)
	return err
}

// member is one transaction of a group. It implements gorm.Tx but for Stmt.
type member struct {
	group  *groupCommit
	turn   chan error // receives once the member may write, or why it cannot
	over   chan bool  // tells the writer that the member has ended; true if it wants its changes to be committed
	result chan error // receives the outcome of the group's commit
	ended  bool
}

// BeginTx implements gorm.ConnPoolBeginner. It waits for the transactions that came before, unless it only reads.
func (g *groupCommit) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	if options != nil && options.ReadOnly {
		return g.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // sees one state of the database in any case
	}
	m, err := g.join(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.execute("SAVEPOINT member"); err != nil {
		m.end(false)
		return nil, err
	}
	return m, nil
}

// join waits for the turn of a new member.
func (g *groupCommit) join(ctx context.Context) (*member, error) {
	m := &member{group: g, turn: make(chan error, 1), over: make(chan bool, 1), result: make(chan error, 1)}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-g.stopped:
		return nil, sql.ErrConnDone
	case g.requests <- m:
	}
	if err := <-m.turn; err != nil {
		return nil, err
	}
	return m, nil
}

func (m *member) end(commit bool) {
	m.ended = true
	m.over <- commit
}

// Commit returns once the changes are on disk, together with those of the group.
func (m *member) Commit() error {
	if m.ended {
		return sql.ErrTxDone
	}
	if err := m.group.execute("RELEASE member"); err != nil { // SQLite has undone the group by itself
		m.end(false)
		return err
	}
	m.end(true)
	return <-m.result
}

// Rollback undoes the member's changes, and nobody else's.
func (m *member) Rollback() error {
	if m.ended {
		return sql.ErrTxDone
	}
	err := m.group.execute("ROLLBACK TO member")
	if err == nil {
		err = m.group.execute("RELEASE member")
	}
	m.end(false)
	return err
}

// during returns an error if no statement may run any more. Statements are not canceled once they run: see execute.
func (m *member) during(ctx context.Context) (context.Context, error) {
	if m.ended {
		return nil, sql.ErrTxDone
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (m *member) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	ctx, err := m.during(ctx)
	if err != nil {
		return nil, err
	}
	return m.group.conn.PrepareContext(ctx, query)
}

func (m *member) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := m.during(ctx)
	if err != nil {
		return nil, err
	}
	if changesTables(query) {
		defer m.group.forgetStatements()
	}
	result, err := m.group.writing.exec(ctx, query, args...)
	m.group.disk.note(err)
	return result, err
}

func (m *member) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := m.during(ctx)
	if err != nil {
		return nil, err
	}
	return m.group.writing.query(ctx, query, args...)
}

func (m *member) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return m.group.conn.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

// GetDBConn implements gorm.GetDBConnector.
func (g *groupCommit) GetDBConn() (*sql.DB, error) { return g.pool, nil }

func (g *groupCommit) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return g.pool.PrepareContext(ctx, query)
}

// ExecContext runs one statement in a transaction of its own. It needs no savepoint: SQLite undoes a statement that fails.
func (g *groupCommit) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	m, err := g.join(ctx)
	if err != nil {
		return nil, err
	}
	result, err := m.ExecContext(ctx, query, args...)
	m.end(err == nil)
	if err != nil {
		return nil, err
	}
	return result, <-m.result
}

func (g *groupCommit) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return g.reading.query(ctx, query, args...)
}

func (g *groupCommit) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return g.pool.QueryRowContext(ctx, query, args...)
}

// executor is a *sql.DB or a *sql.Conn.
type executor interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// keptStatements is how many prepared statements are kept; those that come later are parsed each time.
const keptStatements = 300

// statements keeps prepared statements: SQLite takes longer to parse a short one than to run it.
type statements struct {
	on executor

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func newStatements(on executor) *statements {
	return &statements{on: on, prepared: map[string]*sql.Stmt{}}
}

func (s *statements) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := s.prepare(ctx, query); statement != nil {
		return statement.ExecContext(ctx, args...)
	}
	return s.on.ExecContext(ctx, query, args...)
}

func (s *statements) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := s.prepare(ctx, query); statement != nil {
		return statement.QueryContext(ctx, args...)
	}
	return s.on.QueryContext(ctx, query, args...)
}

// prepare returns the prepared statement, or nil for one that is not worth it or cannot be prepared.
func (s *statements) prepare(ctx context.Context, query string) *sql.Stmt {
	if !worthPreparing(query) {
		return nil
	}
	s.mu.Lock()
	statement, ok := s.prepared[query]
	full := len(s.prepared) >= keptStatements
	s.mu.Unlock()
	if ok || full {
		return statement
	}
	statement, err := s.on.PrepareContext(context.WithoutCancel(ctx), query) // may wait for a connection
	if err != nil {
		return nil // running it will tell why
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.prepared[query]; ok { // prepared meanwhile
		statement.Close()
		return other
	}
	s.prepared[query] = statement
	return statement
}

// worthPreparing leaves out what changes tables, and lists of rows, whose lengths differ.
func worthPreparing(query string) bool {
	verb, _, _ := strings.Cut(query, " ")
	switch verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT":
		return len(query) < 2000
	}
	return false
}

func changesTables(query string) bool {
	verb, _, _ := strings.Cut(query, " ")
	return verb == "ALTER" || verb == "CREATE" || verb == "DROP"
}

// close closes all statements; s.mu must be held.
func (s *statements) close() {
	for query, statement := range s.prepared {
		statement.Close()
		delete(s.prepared, query)
	}
}
