package observe

import "testing"

func TestStatementsAreNamedByOperationAndTable(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT `a`.`id` FROM `ledger_entries` WHERE key = 'FROM x'":                        "select ledger_entries",
		`SELECT * FROM "email_subscribers" LIMIT 1`:                                         "select email_subscribers",
		"INSERT INTO ledger_entries (key, city) VALUES (?,?) ON CONFLICT (key) DO NOTHING":  "insert ledger_entries",
		"INSERT OR IGNORE INTO `sessions` (`a`) VALUES (?)":                                 "insert sessions",
		"UPDATE ledger_deliveries SET status = ?":                                           "update ledger_deliveries",
		"UPDATE `cities` SET `title`=?":                                                     "update cities",
		"DELETE FROM `tokens` WHERE id = ?":                                                 "delete tokens",
		"WITH due AS (SELECT id FROM mail_messages) UPDATE mail_messages SET leased = true": "with mail_messages",
		"SELECT a FROM (SELECT b FROM c)":                                                   "select ",
		"SELECT 1":                                                                          "select ",
		"PRAGMA user_version = 2":                                                           "other ",
		"":                                                                                  "other ",
	} {
		if operation, table := statementName(sql); operation+" "+table != want {
			t.Errorf("%q is %q %q, want %q", sql, operation, table, want)
		}
	}
}
