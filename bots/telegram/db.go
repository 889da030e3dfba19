package telegram

import (
	"fmt"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// store reads and writes the tables of chats: telegram_subscribers, _answers (Reply), _deliveries, _queued_reports, _sent_messages and _told_keys.
type store struct {
	db  *gorm.DB
	box *secret.Box
	now func() time.Time
}

func wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}

func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "1-tables", Migrate: createTables},
		{ID: "2-all-reports", Migrate: addAllReports},
		{ID: "3-paused-at", Migrate: addPausedAt},
		{ID: "4-topics", Migrate: addTopics},
		{ID: "5-group-queue", Migrate: addGroupQueue},
		{ID: "6-interests", Migrate: addInterests},
		{ID: "7-buttons", Migrate: addButtons},
		{ID: "8-sent-messages", Migrate: addSentMessages},
		{ID: "9-told-keys", Migrate: addToldKeys},
	}
}

// createTables creates the tables as the first version had them. Its types must not change with those of the program.
func createTables(tx *gorm.DB) error {
	type Account struct {
		City        string `gorm:"primaryKey;size:32"`
		BotID       int64  `gorm:"not null;uniqueIndex:idx_telegram_accounts_bot"`
		Username    string `gorm:"size:64;not null"`
		Name        string `gorm:"not null"`
		ReadsAll    bool   `gorm:"not null"`
		Token       []byte `gorm:"not null"`
		Hook        string `gorm:"size:64;not null;uniqueIndex:idx_telegram_accounts_hook"`
		Revision    string `gorm:"size:64;not null"`
		Position    int64  `gorm:"not null"`
		PositionAt  int64  `gorm:"not null"`
		PausedUntil int64  `gorm:"not null"`
	}
	type Subscriber struct {
		ID      uint64 `gorm:"primaryKey"`
		City    string `gorm:"size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:1;index:idx_telegram_subscribers_page,priority:1"`
		Person  string `gorm:"size:32;not null;uniqueIndex:idx_telegram_subscribers_person,priority:2"`
		Chat    []byte `gorm:"not null"`
		Kind    string `gorm:"size:16;not null"`
		Title   []byte
		Active  bool   `gorm:"not null;index:idx_telegram_subscribers_page,priority:2"`
		Trouble string `gorm:"size:32;not null"`
		Recent  string `gorm:"not null"`
	}
	type Answer struct {
		ID     uint64 `gorm:"primaryKey"`
		City   string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_once,priority:1"`
		Person string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_once,priority:2"`
		Kind   string `gorm:"size:16;not null;uniqueIndex:idx_telegram_answers_once,priority:3"`
		Chat   []byte `gorm:"not null"`
		Public bool   `gorm:"not null"`
		At     int64  `gorm:"not null"`
	}
	type Delivery struct {
		Report     string `gorm:"primaryKey;size:32"`
		Subscriber uint64 `gorm:"primaryKey;autoIncrement:false"`
		City       string `gorm:"size:32;not null;index:idx_telegram_deliveries_old,priority:1"`
		At         int64  `gorm:"not null;index:idx_telegram_deliveries_old,priority:2"`
	}
	return tx.AutoMigrate(&Account{}, &Subscriber{}, &Answer{}, &Delivery{})
}

// addAllReports adds a switch to groups, off by default.
func addAllReports(tx *gorm.DB) error {
	type Subscriber struct {
		AllReports bool `gorm:"not null;default:false"`
	}
	return tx.Migrator().AddColumn(&Subscriber{}, "AllReports")
}

// addPausedAt adds the time when Telegram last asked for a pause.
func addPausedAt(tx *gorm.DB) error {
	type Account struct {
		PausedAt int64 `gorm:"not null;default:0"`
	}
	return tx.Migrator().AddColumn(&Account{}, "PausedAt")
}

// addTopics adds the topic of a reply in a forum, and lets one reply of each kind wait for each topic.
func addTopics(tx *gorm.DB) error {
	type Answer struct {
		City   string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_topic,priority:1"`
		Person string `gorm:"size:32;not null;uniqueIndex:idx_telegram_answers_topic,priority:2"`
		Kind   string `gorm:"size:16;not null;uniqueIndex:idx_telegram_answers_topic,priority:3"`
		Topic  int    `gorm:"not null;default:0;uniqueIndex:idx_telegram_answers_topic,priority:4"`
	}
	m := tx.Migrator()
	if err := m.AddColumn(&Answer{}, "Topic"); err != nil {
		return err
	}
	if err := m.DropIndex(&Answer{}, "idx_telegram_answers_once"); err != nil {
		return err
	}
	return m.CreateIndex(&Answer{}, "idx_telegram_answers_topic")
}

// addGroupQueue adds the pause that Telegram asked for in a group, and the reports that wait for their groups.
func addGroupQueue(tx *gorm.DB) error {
	type Subscriber struct {
		HeldAt    int64 `gorm:"not null;default:0"`
		HeldUntil int64 `gorm:"not null;default:0"`
	}
	type QueuedReport struct {
		ID         uint64 `gorm:"primaryKey"`
		City       string `gorm:"size:32;not null;uniqueIndex:idx_telegram_queued_reports_once,priority:1"`
		Subscriber uint64 `gorm:"not null;uniqueIndex:idx_telegram_queued_reports_once,priority:2"`
		Report     string `gorm:"size:32;not null;uniqueIndex:idx_telegram_queued_reports_once,priority:3"`
		Text       []byte `gorm:"not null"`
		At         int64  `gorm:"not null"`
		Expires    int64  `gorm:"not null"`
	}
	for _, column := range []string{"HeldAt", "HeldUntil"} {
		if err := tx.Migrator().AddColumn(&Subscriber{}, column); err != nil {
			return err
		}
	}
	return tx.AutoMigrate(&QueuedReport{})
}

// addInterests adds what a chat wants, and the text of a reply that is about what somebody has typed.
func addInterests(tx *gorm.DB) error {
	type Subscriber struct {
		Interest []byte
	}
	type Answer struct {
		Text []byte
	}
	if err := tx.Migrator().AddColumn(&Subscriber{}, "Interest"); err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&Answer{}, "Text")
}

// addButtons adds the press on a button that a reply answers, and the message with that button.
func addButtons(tx *gorm.DB) error {
	type Answer struct {
		Press   string `gorm:"size:64;not null;default:''"`
		Message int    `gorm:"not null;default:0"`
	}
	if err := tx.Migrator().AddColumn(&Answer{}, "Press"); err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&Answer{}, "Message")
}

// addSentMessages adds the table of the messages that can be edited.
func addSentMessages(tx *gorm.DB) error {
	type SentMessage struct {
		Report     string `gorm:"primaryKey;size:32"`
		Subscriber uint64 `gorm:"primaryKey;autoIncrement:false"`
		City       string `gorm:"size:32;not null;index:idx_telegram_sent_messages_old,priority:1"`
		At         int64  `gorm:"not null;index:idx_telegram_sent_messages_old,priority:2"`
		Message    int    `gorm:"not null"`
		Shown      string `gorm:"size:32;not null"`
	}
	return tx.AutoMigrate(&SentMessage{})
}

// addToldKeys adds the table of answers that were queued.
func addToldKeys(tx *gorm.DB) error {
	type ToldKey struct {
		City string `gorm:"primaryKey;size:32"`
		Key  string `gorm:"primaryKey;size:32"`
		At   int64  `gorm:"not null"`
	}
	return tx.AutoMigrate(&ToldKey{})
}
