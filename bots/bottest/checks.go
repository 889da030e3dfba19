package bottest

import (
	"testing"

	"linienfunk/bots"
)

// WantError checks which error a bot returned: its kind, and the ID of the text for the city's admins.
func WantError(t testing.TB, err error, kind bots.Kind, say string) {
	t.Helper()
	if got := bots.AsError(err); err == nil || got.Kind != kind || got.Say != say {
		t.Errorf("got %v (kind %d, %q), want kind %d, %q", err, got.Kind, got.Say, kind, say)
	}
}

// SwitchOff sets the option "enabled" of a city to false, and checks that the bot has no account then.
func (w *World) SwitchOff(t testing.TB, city string) {
	t.Helper()
	w.SetOption(t, city, "enabled", false)
	if accounts, err := w.Bot.Accounts(t.Context()); len(accounts) != 0 || err != nil {
		t.Errorf("switched off, but has accounts: %v, %v", accounts, err)
	}
}
