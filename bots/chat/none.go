package chat

import "context"

// None are the commands of a bot until UseCommands: there are none.
type None struct{}

// Run implements Commands.
func (None) Run(context.Context, Message) (Answer, bool, error) { return Answer{}, false, nil }

// Moved implements Commands.
func (None) Moved(context.Context, string, string, string) error { return nil }

// Cities implements Commands.
func (None) Cities(context.Context) (map[string]bool, error) { return nil, nil }

// Menu implements Commands.
func (None) Menu(string, Role) []MenuItem { return nil }
