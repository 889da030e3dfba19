package commands

import (
	"context"
	"fmt"
	"time"
)

// Run carries out a command and returns its result, which has the type of Command.Result. The error is a *Refusal or Refusals if it was not carried out and nothing has changed; after
// any other it may have been: the caller tries again with the same Key.
func (c *Commands) Run(ctx context.Context, call Call) (result any, err error) {
	command, ok := c.byName[call.Name]
	if !ok {
		return nil, refuse(NotFound, "refused-command", "Name", call.Name)
	}
	ctx, end := c.Observer.Command(ctx, command.Name)
	defer func() { end(err) }()
	if err := c.allowed(ctx, *command, call); err != nil {
		return nil, err
	}
	call, mistakes := c.complete(*command, call)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	if command.Reads || call.Key == "" {
		return c.carryOut(ctx, *command, call)
	}
	return c.once(ctx, *command, call, func() (any, error) { return c.carryOut(ctx, *command, call) })
}

// allowed refuses what the actor may not do.
func (c *Commands) allowed(ctx context.Context, command Command, call Call) error {
	below := call.Actor.Level < command.Level
	switch {
	case below && call.Actor.Level == Moderator && command.Level == Owner:
		return refuse(Forbidden, "refused-owner")
	case below && command.Level != Subscriber:
		return refuse(Forbidden, "refused-level", "Level", command.Level.String())
	case command.InChats && call.Actor.Network == "":
		return refuse(Forbidden, "refused-chats")
	case call.Actor.Network != "" && command.Name != "unsubscribe" && c.SenderBlocked(call.Actor.Network, call.Actor.Person):
		return refuse(Forbidden, "refused-blocked-sender")
	case command.NoCity:
		return nil
	}
	if _, ok, err := c.Settings.Get(ctx, call.City); err != nil {
		return err
	} else if !ok {
		return refuse(NotFound, "refused-city", "City", call.City)
	}
	if below {
		return c.subscribes(ctx, call)
	}
	return nil
}

// complete checks the values, and adds those that are known in a chat.
func (c *Commands) complete(command Command, call Call) (Call, Refusals) {
	args := map[string]any{}
	for name, value := range call.Args {
		args[name] = value
	}
	if call.Actor.Network != "" {
		for _, p := range command.Params {
			if p.Person {
				delete(args, p.Name)
			}
		}
		if p, ok := command.Param("network"); ok && p.Person {
			args["network"], args["person"] = call.Actor.Network, call.Actor.Person
		}
	}
	values, mistakes := command.values(args)
	call.Args = values
	return call, mistakes
}

func (c *Commands) carryOut(ctx context.Context, command Command, call Call) (any, error) {
	begun := time.Now()
	result, err := command.run(ctx, c, call)
	switch {
	case err == nil && !command.Reads:
		c.Log.Info("command", "name", command.Name, "city", call.City, "by", call.Actor.ID, "took", time.Since(begun))
	case err != nil && AsRefusals(err) == nil:
		return nil, fmt.Errorf("%s: %w", command.Name, err)
	case err != nil:
		return nil, err
	}
	c.note(ctx, command, call)
	if unchanged, ok := result.(quiet); command.Tells && !(ok && unchanged.nothing()) {
		c.tell(ctx, command, call, result)
	}
	return result, nil
}

// quiet is a result that may say that nothing has changed: then nobody is told.
type quiet interface{ nothing() bool }
